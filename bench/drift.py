"""How far apart two real players are over a slow link, read from outside at one instant.

Both seats run as processes of their own with null outputs; their positions are read
through mpv's IPC sockets, not through anything that matinee measures.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.links import Link, Way
from bench.mpv_socket import MpvSocket
from bench.table import percentile, table
from tests.cast import NULL_OUTPUTS, SeatProcess, ServerProcess

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

MAX_BRACKET = 0.005


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--delay", type=float, default=120.0, help="round trip in ms")
    parser.add_argument("--jitter", type=float, default=10.0, help="of the round trip, +- ms")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each phase")
    parser.add_argument("--film", help="a local film; a built-in one is made when left out")


def run(options: Namespace) -> None:
    """Measure and print one table."""
    print(asyncio.run(_measure(options)))


async def _measure(options: Namespace) -> str:
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        folder = Path(name)
        film = Path(options.film) if options.film else await _film(folder)
        server = await ServerProcess().start(folder / "bench.sqlite")
        link = Link(server.port, Way("link", options.delay / 1000, options.jitter / 1000))
        try:
            async with link.running():
                return await _two_seats(folder, film, f"http://127.0.0.1:{link.port}", options)
        finally:
            await server.end()


async def _two_seats(folder: Path, film: Path, server: str, options: Namespace) -> str:
    sockets = [folder / "host.sock", folder / "viewer.sock"]
    host = await SeatProcess().host(server, str(film), mpv=_ipc(sockets[0]))
    seats = [host]
    try:
        ready = await host.wait_for("ready")
        viewer = await SeatProcess().join(str(ready["invite"]), str(film), mpv=_ipc(sockets[1]))
        seats.append(viewer)
        for seat in seats:
            await seat.wait_for("media")
        players = [await MpvSocket.open(path) for path in sockets]
        await asyncio.sleep(1.0)
        rows: list[list[str]] = []
        for phase, command in (
            ("start", "play"),
            ("seek", "seek 300"),
            ("resume", "play"),
        ):
            if phase == "resume":
                host.ask("pause")
                await asyncio.sleep(2.0)
                rows.append(await _paused(players))
            host.ask(command)
            rows.append(await _watch(phase, players, seats, options.seconds))
        for player in players:
            player.close()
    finally:
        for seat in reversed(seats):
            await seat.end()
    return table(
        f"drift between two players, {options.delay:.0f} +- {options.jitter:.0f} ms, in ms",
        ["phase", "n", "in step after", "median", "p95", "max", "seat says p95"],
        rows,
    )


async def _paused(players: list[MpvSocket]) -> list[str]:
    a, b = [await player.read("time-pos") for player in players]
    assert a is not None
    assert b is not None
    apart = abs(a.position - b.position) * 1000
    return ["paused", "1", "", f"{apart:.1f}", "", "", ""]


async def _watch(
    phase: str, players: list[MpvSocket], seats: list[SeatProcess], seconds: float
) -> list[str]:
    """Read both players for ``seconds``; both run for the whole time once in step."""
    began = time.monotonic()
    marks = [seat.mark for seat in seats]
    apart: list[tuple[float, float]] = []
    while time.monotonic() - began < seconds:
        difference = await _apart(players)
        if difference is not None:
            apart.append((time.monotonic() - began, difference * 1000))
        await asyncio.sleep(0.05)
    in_step = _in_step_after(apart)
    steady = sorted(abs(d) for t, d in apart if in_step is not None and t >= in_step)
    said = sorted(
        abs(line["drift_ms"])
        for seat, mark in zip(seats, marks, strict=True)
        for line in seat.lines[mark:]
        if line["event"] == "status" and line["drift_ms"] is not None
    )
    if not steady:
        return [phase, str(len(apart)), "never", "", "", "", ""]
    return [
        phase,
        str(len(steady)),
        f"{in_step:.2f} s",
        f"{statistics.median(steady):.2f}",
        f"{percentile(steady, 95):.2f}",
        f"{steady[-1]:.2f}",
        f"{percentile(said, 95):.2f}" if said else "",
    ]


async def _apart(players: list[MpvSocket]) -> float | None:
    """Seconds the second player is ahead of the first, both playing; None if not known."""
    first = await players[0].read()
    second = await players[1].read()
    again = await players[0].read()
    if first is None or second is None or again is None:
        return None
    if max(first.bracket, second.bracket, again.bracket) > MAX_BRACKET:
        return None
    elapsed = again.instant - first.instant
    moved = again.position - first.position
    if not 0.2 * elapsed < moved < 5 * elapsed:
        return None
    share = (second.instant - first.instant) / elapsed
    return second.position - (first.position + share * moved)


def _in_step_after(apart: list[tuple[float, float]]) -> float | None:
    """When the players came within 40 ms and stayed there for the rest."""
    since = None
    for instant, difference in apart:
        if abs(difference) > 40:
            since = None
        elif since is None:
            since = instant
    return since


def _ipc(path: Path) -> tuple[tuple[str, str], ...]:
    return (*NULL_OUTPUTS, ("input-ipc-server", str(path)))


async def _film(folder: Path) -> Path:
    from tests.films import Films

    return await asyncio.to_thread(Films(folder).counter_film)
