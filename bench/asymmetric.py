"""A way that is longer there than back: is the seat as close as it says that it is?

No seat can see the difference between the two directions; it says how far off it may be.
The host is near the server, so the distance of the players is the error of the viewer.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from typing import TYPE_CHECKING, Final

from bench import trials
from bench.evening import SETTLE
from bench.links import WAYS
from bench.parties import MatineeParty, Place
from bench.table import percentile
from bench.traces import apart, steady
from bench.trials import Column, Found, Setting
from tests.cast import NULL_OUTPUTS
from tests.films import Films

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from bench.parties import Seated

SHARES: Final = (0.7, 0.3)
"""Of the round trip, for the direction to the server."""
LEAD_IN: Final = 5.0


class Asymmetric:
    """The trial."""

    title = (
        "a way with 70 % of the delay in one direction: true ms between the players, and the bound"
        " that the two seats state together; held: share of the time in which it holds"
    )
    columns = (
        Column("ahead"),
        Column("seen", ".3f"),
        Column("median"),
        Column("p95"),
        Column("max"),
        Column("least bound"),
        Column("bound"),
        Column("held", ".3f"),
    )

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film."""
        return Films(folder).counter_film(round(seconds) + 40, 60)

    async def hold(self, setting: Setting) -> Found:
        """One party for each direction."""
        found: Found = {}
        for share in SHARES[: 1 if setting.quick else None]:
            there = round(share * 100)
            folder = setting.folder / str(there)
            folder.mkdir()
            found[f"{there}/{100 - there}"] = await _hold(
                setting._replace(folder=folder, way=setting.way._replace(there=share))
            )
        return found


async def _hold(setting: Setting) -> tuple[float, ...]:
    place = Place(
        setting.folder,
        setting.film,
        WAYS["lan"],
        (NULL_OUTPUTS,) * 2,
        viewer_way=setting.way,
    )
    async with MatineeParty(place) as party:
        await party.ready()
        await asyncio.sleep(SETTLE)
        party.play()
        await asyncio.sleep(LEAD_IN)
        marks = [seat.process.mark for seat in party.seats]
        since = time.monotonic()
        await asyncio.sleep(setting.seconds)
        until = time.monotonic()
        found = apart(party.traces, since, until)
        bounds = [_bounds(s, m) for s, m in zip(party.seats, marks, strict=True)]
        setting.keep({"apart": found, "bounds": bounds})
    together = sorted(map(sum, zip(*bounds, strict=False)))
    if not together:
        raise AssertionError("the seats state no bound")
    seen = [distance * 1000 for _, distance in found if distance < math.inf]
    if not seen:
        raise AssertionError("the two players were not seen to play")
    held = sum(abs(distance) <= together[0] for distance in seen) / len(seen)
    return (statistics.median(seen), *steady(found), together[0], percentile(together, 50), held)


def _bounds(seat: Seated, mark: int) -> list[float]:
    """What the seat says that its clock may be off by, in ms."""
    said = [line for line in seat.process.lines[mark:] if line["event"] == "status"]
    return [line["clock_error_ms"] for line in said if line["clock_error_ms"] is not None]


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    trials.arguments(parser, seconds=60, of="of steady play", quick=20, links=("wan", "bad"))


def run(options: Namespace) -> None:
    """Measure and print one table."""
    trials.run(Asymmetric(), options)
