"""Clocks that are 100 ppm apart: does a seat follow, and how evenly?

The wrong clock is that of the server (both players must then play 100 ppm faster than this
machine's time) or that of the viewer's machine (whose player must not). See `bench.skewed`.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from bench import trials
from bench.evening import SETTLE
from bench.locked import jumps, rates
from bench.mpv_socket import observed
from bench.parties import MatineeParty, Place
from bench.traces import apart, steady
from bench.trials import Column, Found, Setting
from tests.cast import NULL_OUTPUTS, Process, SeatProcess, ServerProcess
from tests.films import Films

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from bench.traces import Point

PPM: Final = 100.0
LEAD_IN: Final = 10.0


class _Skewed(Process):
    """A process whose clock is wrong."""

    async def launch(self, *arguments: str, **settings: Any) -> _Skewed:
        python, *module = arguments
        assert module.pop(0) == "-m"
        return await super().launch(python, "-m", "bench.skewed", str(PPM), *module, **settings)


class _SkewedServer(_Skewed, ServerProcess):
    pass


class _SkewedSeat(_Skewed, SeatProcess):
    pass


class SkewedParty(MatineeParty):
    """A party in which the clock of the ``server`` or of the ``viewer`` is wrong."""

    def __init__(self, place: Place, who: str) -> None:
        super().__init__(place)
        self._who = who

    def new_server(self) -> ServerProcess:
        """Not started yet."""
        return _SkewedServer() if self._who == "server" else ServerProcess()

    def new_seat(self, index: int) -> SeatProcess:
        """The host's (0) or a viewer's (1), not started yet."""
        return _SkewedSeat() if self._who == "viewer" and index == 1 else SeatProcess()


class Skew:
    """The trial."""

    title = (
        "clocks 100 ppm apart: ms between the players; jumps of"
        " both; largest rate in % off the film's; the players' mean pace in ppm off this machine's"
    )
    columns = (
        Column("seen", ".3f"),
        Column("median", ".2f"),
        Column("p95", ".2f"),
        Column("max", ".2f"),
        Column("jumps", ".0f"),
        Column("rate %", ".3f"),
        Column("host ppm"),
        Column("viewer ppm"),
    )

    def __init__(self, who: Sequence[str]) -> None:
        self._who = who

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film."""
        return Films(folder).counter_film(round(seconds + LEAD_IN) + 40, 25)

    async def hold(self, setting: Setting) -> Found:
        """One party for each wrong clock."""
        found: Found = {}
        for who in self._who:
            folder = setting.folder / who
            folder.mkdir()
            place = Place(folder, setting.film, setting.way, (NULL_OUTPUTS,) * 2)
            async with SkewedParty(place, who) as party:
                found[who] = await _hold(party, setting._replace(folder=folder))
        return found


async def _hold(party: SkewedParty, setting: Setting) -> tuple[float, ...]:
    await party.ready()
    await asyncio.sleep(SETTLE)
    party.play()
    await asyncio.sleep(LEAD_IN)
    marks = [seat.process.mark for seat in party.seats]
    paths = [trace.path for trace in party.traces]
    async with observed(paths[0], "speed") as host, observed(paths[1], "speed") as viewer:
        since = time.monotonic()
        await asyncio.sleep(setting.seconds)
        until = time.monotonic()
    lines = [s.process.lines[m:] for s, m in zip(party.seats, marks, strict=True)]
    found = apart(party.traces, since, until)
    setting.keep({"apart": found, "changes": (host, viewer), "lines": lines})
    off = max(abs(rate - 1) * 100 for rate in (*rates(host), *rates(viewer)))
    jumped = jumps(host, lines[0]) + jumps(viewer, lines[1])
    paces = (_pace(trace.sound, since, until) for trace in party.traces)
    return (*steady(found), jumped, off, *paces)


def _pace(points: Sequence[Point], since: float, until: float) -> float:
    """By how much a player is faster than this machine's clock, in ppm."""
    seen = [(t, p) for t, p in points if p is not None and since <= t <= until]
    slope = statistics.linear_regression([t for t, _ in seen], [p for _, p in seen]).slope
    return (slope - 1) * 1e6


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    trials.arguments(parser, seconds=600, of="of steady play", quick=20, links=("wan",))
    whose = ("server", "viewer")
    parser.add_argument("--clock", choices=whose, help="whose clock is wrong; one after the other")


def run(options: Namespace) -> None:
    """Measure and print one table."""
    trials.run(Skew([options.clock] if options.clock else ("server", "viewer")), options)
