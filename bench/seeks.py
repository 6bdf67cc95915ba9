"""Ten seeks in three seconds: where the players end up, how soon, and with how many jumps."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Final

from bench import trials
from bench.evening import SETTLE
from bench.mpv_socket import observed
from bench.parties import MatineeParty, Place
from bench.traces import apart, figures, position_at
from bench.trials import Column, Found, Setting
from tests.cast import NULL_OUTPUTS
from tests.films import Films

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from bench.mpv_socket import Change
    from bench.parties import Party
    from bench.traces import Point

SEEKS: Final = 10
BETWEEN: Final = 0.3
WITHIN: Final = 0.050
LAST: Final = 150.0
"""Where the last seek goes; further than any of the others."""


class Seeks:
    """The trial."""

    title = (
        "ten seeks in 3 s: share that ended in the right place, s from the last key until in step,"
        " ms apart from then on, s the film lost; corrections and seeks in mpv of both seats"
    )
    columns = (
        Column("right", ".2f"),
        Column("in step", ".2f"),
        Column("median"),
        Column("p95"),
        Column("lost", ".2f"),
        Column("intercepts", ".0f"),
        Column("host's seeks", ".0f"),
        Column("viewer's", ".0f"),
    )

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film."""
        return Films(folder).counter_film(240, 60)

    async def hold(self, setting: Setting) -> Found:
        """Play, seek, look."""
        place = Place(setting.folder, setting.film, setting.way, (NULL_OUTPUTS,) * 2)
        async with MatineeParty(place) as party:
            await party.ready()
            await asyncio.sleep(SETTLE)
            party.play()
            await asyncio.sleep(6.0)
            paths = [trace.path for trace in party.traces]
            marks = [seat.process.mark for seat in party.seats]
            async with observed(paths[0]) as host, observed(paths[1]) as viewer:
                key = await _seek(party)
                await asyncio.sleep(setting.seconds)
                until = time.monotonic()
            lines = [s.process.lines[m:] for s, m in zip(party.seats, marks, strict=True)]
            found = apart(party.traces, key, until, lambda _, position: position >= LAST - 0.5)
            setting.keep({"key": key, "apart": found, "seeks": (host, viewer), "lines": lines})
            ended = [_place(trace.sound, until) for trace in party.traces]
        got = figures(found, key, WITHIN)
        lost = [until - key - (position - LAST) for position in ended]
        # A film that has lost more than a start may take is in a wrong place, or has not started.
        right = all(-0.05 < seconds < 3.0 for seconds in lost) and got.settled < until - key
        corrections = sum(line["event"] == "correction" for said in lines for line in said)
        return {
            "seeks": (
                float(right),
                got.settled,
                got.median,
                got.p95,
                max(lost),
                corrections,
                _count(host),
                _count(viewer),
            )
        }


async def _seek(party: Party) -> float:
    """Press the keys; returns when the last was pressed."""
    places = random.Random(5)
    key = time.monotonic()
    for number in range(SEEKS):
        await asyncio.sleep(BETWEEN if number else 0.0)
        key = time.monotonic()
        party.seek(LAST if number == SEEKS - 1 else float(places.randrange(10, 140)))
    return key


def _place(points: list[Point], until: float) -> float:
    """Where the player was last, told for ``until``; 0 when it is not known."""
    for point in reversed(points):
        if point.instant < until - 0.2:
            position = position_at(points, point.instant)
            return 0.0 if position is None else position + until - point.instant
    return 0.0


def _count(changes: list[Change]) -> int:
    return sum(change.name == "seek" for change in changes)


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    links = ("lan", "wan", "bad")
    trials.arguments(parser, seconds=12, of="looked at after the last", quick=8, links=links)


def run(options: Namespace) -> None:
    """Measure and print one table."""
    trials.run(Seeks(), options)
