"""A real player for a test, its events on a queue."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from player.backend.base import KeyBinding, MediaOpened, PlayerEvent, Restarted, Sample, Source
from player.backend.mpv import MpvPlayer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from player.backend.base import Video
    from player.video.frame_buffer import FrameBuffer

_Event = TypeVar("_Event", bound=PlayerEvent)
PATIENCE = 15.0
"""Seconds in which even a busy machine does what is waited for."""


class Watched:
    """A player and what it has told so far."""

    def __init__(self, player: MpvPlayer, events: SimpleQueue[PlayerEvent]) -> None:
        self.player = player
        self.told: list[PlayerEvent] = []
        self._events = events
        self._generation = 0

    def wait(self, kind: type[_Event], *, where: Callable[[_Event], bool] | None = None) -> _Event:
        """The next event of this kind."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                event = self._events.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                raise AssertionError(f"no {kind.__name__} after {self.told}") from None
            self.told.append(event)
            if isinstance(event, kind) and (where is None or where(event)):
                return event

    def drain(self) -> list[PlayerEvent]:
        """What has been told and not been waited for."""
        drained: list[PlayerEvent] = []
        with contextlib.suppress(Empty):
            while True:
                drained.append(self._events.get_nowait())
        self.told += drained
        return drained

    def load(self, source: Source | Path | str, position: float = 0.0) -> MediaOpened:
        """Load and wait until the picture is up."""
        self.ask_to_load(source, position)
        opened = self.wait(MediaOpened, where=lambda event: event.generation == self._generation)
        self.wait(Restarted)
        return opened

    def ask_to_load(self, source: Source | Path | str, position: float = 0.0) -> int:
        """Load; answers the generation."""
        if not isinstance(source, Source):
            is_network = str(source).startswith("http")
            source = Source(url=str(source), is_network=is_network)
        self._generation += 1
        self.player.load(source, position, self._generation)
        return self._generation

    def seek(self, position: float) -> Restarted:
        """Seek and wait until the picture is up."""
        self.player.seek(position)
        return self.wait(Restarted)

    def samples(self, seconds: float, interval: float = 0.02) -> list[Sample]:
        """Samples taken over this time; those that are None are left out."""
        taken: list[Sample] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            sample = self.player.sample()
            if sample is not None:
                taken.append(sample)
            time.sleep(interval)
        return taken

    def play_past(self, position: float) -> None:
        """Play until the position is past this one."""
        self.player.set_paused(False)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            sample = self.player.sample()
            if sample is not None and sample.position > position:
                return
            time.sleep(0.01)
        raise AssertionError(f"never past {position}: {self.player.sample()}")


def near(value: float | None, expected: float, tolerance: float) -> bool:
    """Whether a number is known and within ``tolerance`` of what it should be."""
    return value is not None and abs(value - expected) <= tolerance


@contextlib.contextmanager
def watched_player(
    *options: tuple[str, str],
    video: Video = "none",
    ao: str = "null",
    keys: Iterable[KeyBinding] = (),
    stage: FrameBuffer | None = None,
) -> Generator[Watched]:
    """A player that is closed at the end of the test, whatever happens."""
    events: SimpleQueue[PlayerEvent] = SimpleQueue()
    player = MpvPlayer.create(
        events.put, video=video, options=(("ao", ao), *options), keys=keys, frame_buffer=stage
    )
    try:
        yield Watched(player, events)
    finally:
        player.close()


@contextlib.contextmanager
def display() -> Generator[str]:
    """An X server of the test's own."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait(PATIENCE)


@contextlib.contextmanager
def holding_server(film: Path, hold_at: int) -> Generator[tuple[str, threading.Event]]:
    """Serves a film, but from byte ``hold_at`` on only after the event is set."""
    content = film.read_bytes()
    release = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            start = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
            self.send_response(206)
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Type", "video/mp4")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content[start:hold_at])
                release.wait(PATIENCE)
                self.wfile.write(content[max(start, hold_at) :])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/film.mp4", release
        finally:
            release.set()
            server.shutdown()
            thread.join()
