"""Start and resume again and again: how far apart two players are from the first moment on.

A start goes from a place that was sought while paused, a resume from where it was paused.
The distance is that of what is heard, from the moment one of the two plays; while the other
does not yet, it is what that one misses. Read from outside through mpv's IPC sockets.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from bench import trials
from bench.evening import SETTLE
from bench.parties import MatineeParty, Place
from bench.table import percentile
from bench.traces import MAX_GAP, position_at
from bench.trials import Column, Found, Setting
from tests.cast import NULL_OUTPUTS
from tests.films import Films

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from bench.parties import Party
    from bench.traces import Point, Trace

INTERVAL: Final = 0.008
STEP: Final = 0.010
EARLY: Final = 1.0
"""Seconds after the first of the two plays in which the distance counts as that of the start."""
WATCHED: Final = 3.0
MOVED: Final = 0.002
"""Seconds of position: more than a rest wavers."""
REST: Final = 2.0
"""Seconds between a pause or a paused seek and the next key."""
PLACES: Final = (30.0, 75.0, 12.0, 110.0, 51.0)
STARTS: Final = 20


class Start(NamedTuple):
    """One of them."""

    picture: float
    """Seconds from the key until both pictures move."""
    apart: list[float]
    """ms, each 10 ms of the first second."""


class Starts:
    """The trial."""

    title = (
        "start and resume: s from the key to the picture, then ms apart in the first second;"
        " worst: the p95 of each start, and of those the p95"
    )
    columns = (
        Column("n", ".0f"),
        Column("picture", ".2f"),
        Column("latest", ".2f"),
        Column("median"),
        Column("p95"),
        Column("max"),
        Column("worst"),
    )

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film; it has 60 frames a second."""
        return Films(folder).counter_film(180, 60)

    async def hold(self, setting: Setting) -> Found:
        """Start and resume in turns."""
        place = Place(
            setting.folder, setting.film, setting.way, (NULL_OUTPUTS,) * 2, interval=INTERVAL
        )
        kinds: dict[str, list[Start]] = {"start": [], "resume": []}
        async with MatineeParty(place) as party:
            await party.ready()
            await asyncio.sleep(SETTLE)
            for number in range(round(setting.seconds)):
                if number:
                    party.seek(PLACES[number % len(PLACES)])
                    await asyncio.sleep(REST)
                for starts in kinds.values():
                    starts.append(await _start(party))
                    party.pause()
                    await asyncio.sleep(REST)
            setting.keep(
                {
                    "starts": kinds,
                    "sound": [trace.sound for trace in party.traces],
                    "picture": [trace.picture for trace in party.traces],
                    "lines": [process.lines for process in party.processes],
                }
            )
        return {name: _figures(starts) for name, starts in kinds.items()}


async def _start(party: Party) -> Start:
    key = time.monotonic()
    party.play()
    await asyncio.sleep(WATCHED)
    return start_seen(party.traces, key)


def start_seen(pair: Sequence[Trace], key: float) -> Start:
    """What the two players did after the key."""
    pictures = [moved_at(trace.picture, key) for trace in pair]
    sounds = [_heard(trace, key) for trace in pair]
    began = min(instant for instant, _ in sounds)
    if began == math.inf:
        return Start(math.inf, [math.inf])
    apart = [_apart(pair, sounds, began + i * STEP) for i in range(round(EARLY / STEP))]
    return Start(max(pictures) - key, apart)


def moved_at(points: Sequence[Point], key: float) -> float:
    """When a player that rests begins to move; inf for never."""
    rest = None
    for instant, position in points:
        if position is None:
            continue
        if instant < key or rest is None:
            rest = position
        elif abs(position - rest) > MOVED:
            return instant
    return math.inf


def _heard(trace: Trace, key: float) -> tuple[float, float]:
    """When the sound sets out, and from where."""
    instant = moved_at(trace.picture, key)
    # The picture tells the place: after a paused seek the position of the sound reads too low.
    rests = [p for p in trace.picture if p.instant < key and p.position is not None]
    rest = rests[-1].position if rests else None
    if rest is None:
        return math.inf, math.nan
    for heard, position in trace.sound:
        if heard > instant and position is not None:
            return heard - (position - rest), rest
    return math.inf, rest


def _apart(pair: Sequence[Trace], sounds: Sequence[tuple[float, float]], instant: float) -> float:
    """In ms; nan where a reading is missing."""
    positions: list[float] = []
    for trace, (began, rest) in zip(pair, sounds, strict=True):
        position = position_at(trace.sound, instant) if instant > began + 2 * INTERVAL else None
        if position is None and instant < began + MAX_GAP:
            position = rest + max(0.0, instant - began)
        if position is None:
            return math.nan
        positions.append(position)
    return abs(positions[1] - positions[0]) * 1000


def _figures(starts: Sequence[Start]) -> tuple[float, ...]:
    pictures = [start.picture for start in starts]
    each = [sorted(d for d in start.apart if not math.isnan(d)) for start in starts]
    every = sorted(distance for distances in each for distance in distances)
    worst = sorted(percentile(distances, 95) for distances in each if distances)
    return (
        len(starts),
        statistics.median(pictures),
        max(pictures),
        statistics.median(every),
        percentile(every, 95),
        every[-1],
        percentile(worst, 95),
    )


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    links = ("lan", "wan", "bad")
    trials.arguments(
        parser, seconds=STARTS, of="how many of each, not seconds", quick=4, links=links
    )


def run(options: Namespace) -> None:
    """Measure and print one table."""
    trials.run(Starts(), options)
