"""What the way through the dialer costs: first pictures, seeks and CPU, beside straight there.

Both ways take turns in one run, with one player each time and a web server on this machine. The
CPU is the dialer's own, for what it passes on as fast as it can.
"""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

from bench.table import table
from player.backend.base import Source
from player.net.dialer import Dialer
from protocol.media.url_policy import UrlPolicy
from tests.films import Films, serve
from tests.integration.players import watched_player

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

OPEN: Final = UrlPolicy(allow_http=True, allow_lan=True)
SECONDS: Final = 120
PLACES: Final = (90.0, 10.0, 60.0, 30.0, 110.0)
"""Where each run seeks to, in seconds."""
GIGABIT: Final = 125_000_000
CHUNK: Final = bytes(256 * 1024)


class Took(NamedTuple):
    """One run of one way; seconds."""

    first: float
    seeks: list[float]


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--runs", type=int, default=10, help="of each way and film")


def run(options: Namespace) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        films = Films(Path(folder))
        film = films.counter_film(SECONDS, size="640x360")
        paths = {"file": film, "HLS": films.hls(film)}
        dialer = Dialer()
        dialer.start()
        try:
            rows: list[Sequence[str]] = []
            with serve(films.directory) as server:
                for name, path in paths.items():
                    rows += _compared(name, server.url(path), dialer, options.runs)
            head = ("film", "way", "n", "first ms", "more", "seek ms", "more")
            print(table("First pictures and seeks, medians", head, rows))
            print(f"\nCPU of the dialer: {_cpu_ms(dialer):.0f} ms a Gbit")
        finally:
            dialer.close()


def _compared(name: str, url: str, dialer: Dialer, runs: int) -> list[Sequence[str]]:
    straight: list[Took] = []
    through: list[Took] = []
    for number in range(runs + 1):
        route = dialer.route(OPEN, for_player=True)
        one = _opened(Source(url, is_network=True))
        other = _opened(Source(url, is_network=True, route=route))
        if number:  # the first warms caches up
            straight.append(one)
            through.append(other)
    first = [median(took.first for took in way) * 1000 for way in (straight, through)]
    seek = [median(s for took in way for s in took.seeks) * 1000 for way in (straight, through)]
    return [
        (name, "straight", str(runs), f"{first[0]:.1f}", "", f"{seek[0]:.1f}", ""),
        (
            *(name, "dialer", str(runs), f"{first[1]:.1f}", f"{first[1] - first[0]:+.1f}"),
            *(f"{seek[1]:.1f}", f"{seek[1] - seek[0]:+.1f}"),
        ),
    ]


def _opened(source: Source) -> Took:
    with watched_player(("cache", "no"), ("demuxer-max-bytes", "1MiB")) as it:
        began = time.monotonic()
        it.load(source)
        first = time.monotonic() - began
        seeks: list[float] = []
        for place in PLACES:
            began = time.monotonic()
            it.seek(place)
            seeks.append(time.monotonic() - began)
        return Took(first, seeks)


def _cpu_ms(dialer: Dialer) -> float:
    """Milliseconds of CPU that the dialer's process takes for a gigabit."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_pour, args=(server,))
        thread.start()
        route = dialer.route(OPEN, for_player=True)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        before = _cpu(dialer.pid)
        with (
            httpx.Client(proxy=route.proxy, trust_env=False, timeout=60.0) as client,
            client.stream("GET", url) as answer,
        ):
            received = sum(len(piece) for piece in answer.iter_raw(len(CHUNK)))
        taken = _cpu(dialer.pid) - before
        thread.join()
    return taken * 1000 * GIGABIT / received


def _pour(server: socket.socket) -> None:
    made, _ = server.accept()
    with made:
        made.recv(65536)
        size = 2 * GIGABIT // len(CHUNK) * len(CHUNK)
        made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(CHUNK)):
            made.sendall(CHUNK)


def _cpu(pid: int | None) -> float:
    """Seconds of CPU that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
