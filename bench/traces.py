"""Where a player was at every moment, read from outside, and how far apart two of them were."""

from __future__ import annotations

import asyncio
import contextlib
import math
import statistics
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.mpv_socket import MpvSocket, Reading
from bench.table import percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MAX_BRACKET: Final = 0.005
INTERVAL: Final = 0.02
MAX_GAP: Final = 0.4
"""A player that says nothing for longer stands still."""
STEP: Final = 0.02
AHEAD: Final = 0.1
"""Over how much of what follows a player is seen to play."""


class Point(NamedTuple):
    """A position at an instant; None while the player has none."""

    instant: float
    position: float | None


class Trace:
    """What one player said, from `start` until `stop`."""

    def __init__(self, path: Path, interval: float = INTERVAL) -> None:
        self.path = path
        """Of the player's socket."""
        self._interval = interval
        self._task: asyncio.Task[None] | None = None
        self.sound: list[Point] = []
        """Of what is heard (``audio-pts``): true while it plays."""
        self.picture: list[Point] = []
        """Of the picture (``time-pos``): true while it rests."""

    def start(self) -> None:
        """Look from now on."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def opened(self, within: float) -> None:
        """Wait until the player has a film open."""
        async with asyncio.timeout(within):
            socket = await MpvSocket.open(self.path, within)
            try:
                # Nobody tells; a look each 20 ms costs little.
                while await socket.read("duration") is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            finally:
                socket.close()

    async def _watch(self) -> None:
        socket = await MpvSocket.open(self.path)
        try:
            loop = asyncio.get_running_loop()
            while True:
                for name, points in (("audio-pts", self.sound), ("time-pos", self.picture)):
                    _note(points, loop.time(), await socket.read(name))
                await asyncio.sleep(self._interval)
        except ConnectionError:
            pass
        finally:
            socket.close()


def _note(points: list[Point], asked: float, reading: Reading | None) -> None:
    if reading is None:
        points.append(Point(asked, None))
    elif reading.bracket <= MAX_BRACKET:
        points.append(Point(reading.instant, reading.position))


class Apart(NamedTuple):
    """How far the second player is ahead of the first, in seconds; inf while one rests."""

    instant: float
    distance: float


def position_at(points: Sequence[Point], instant: float) -> float | None:
    """Between the two readings around ``instant``; None when that is not known."""
    after = bisect_right(points, instant, key=lambda point: point.instant)
    if not 0 < after < len(points):
        return None
    a, b = points[after - 1], points[after]
    if a.position is None or b.position is None or b.instant - a.instant > MAX_GAP:
        return None
    share = (instant - a.instant) / (b.instant - a.instant)
    return a.position + share * (b.position - a.position)


def apart(
    pair: Sequence[Trace],
    since: float,
    until: float,
    at_place: Callable[[float, float], bool] = lambda _instant, _position: True,
) -> list[Apart]:
    """The distance of two players that both play, ``at_place`` says where."""
    found: list[Apart] = []
    until = min(until, *(trace.sound[-1].instant for trace in pair if trace.sound))
    for i in range(int((until - AHEAD - since) / STEP)):
        instant = since + i * STEP
        positions: list[float] = []
        for trace in pair:
            now = position_at(trace.sound, instant)
            then = position_at(trace.sound, instant + AHEAD)
            if now is None or then is None or not at_place(instant, now):
                continue
            if 0.2 < (then - now) / AHEAD < 5:
                positions.append(now)
        distance = positions[1] - positions[0] if len(positions) == 2 else math.inf
        found.append(Apart(instant, distance))
    return found


class Figures(NamedTuple):
    """One phase of one run: seconds until in step, and milliseconds from then on."""

    settled: float
    """inf: never."""
    median: float
    p95: float
    most: float


def figures(found: Sequence[Apart], since: float, within: float) -> Figures:
    """When the players came within ``within`` seconds for good, and how it was afterwards.

    When they never did, how it was in the second half.
    """
    settled = math.inf
    for instant, distance in reversed(found):
        if abs(distance) > within:
            break
        settled = instant - since
    steady = [d for t, d in found if t - since >= settled]
    steady = steady or [d for _, d in found[len(found) // 2 :]]
    ordered = sorted(abs(d) * 1000 for d in steady)
    if not ordered:
        return Figures(math.inf, math.inf, math.inf, math.inf)
    return Figures(settled, statistics.median(ordered), percentile(ordered, 95), ordered[-1])


class Steady(NamedTuple):
    """Steady play; milliseconds."""

    seen: float
    """Share of the time in which both were seen to play; a busy machine hides some."""
    median: float
    p95: float
    most: float


def steady(found: Sequence[Apart]) -> Steady:
    """How far apart two players were while both were seen to play."""
    ordered = sorted(abs(d) * 1000 for _, d in found if d < math.inf)
    if not ordered:
        return Steady(0.0, math.inf, math.inf, math.inf)
    share = len(ordered) / len(found)
    return Steady(share, statistics.median(ordered), percentile(ordered, 95), ordered[-1])


def rest(pair: Sequence[Trace], since: float, until: float, within: float) -> Figures:
    """When both players came to rest for good, and how far apart their pictures are."""
    ends: list[float] = []
    settled = since
    for trace in pair:
        points = [
            p for p in trace.picture if since <= p.instant <= until and p.position is not None
        ]
        if not points or points[-1].position is None:
            return Figures(math.inf, math.inf, math.inf, math.inf)
        end = points[-1].position
        ends.append(end)
        moving = [
            p.instant for p in points if p.position is not None and abs(p.position - end) > 1e-4
        ]
        after = [p.instant for p in points if not moving or p.instant > moving[-1]]
        settled = max(settled, after[0])
    distance = abs(ends[1] - ends[0])
    took = settled - since if distance <= within and settled < until - 0.5 else math.inf
    return Figures(took, distance * 1000, distance * 1000, distance * 1000)


def median_of(runs: Sequence[Figures]) -> Figures:
    """Each figure's median over the runs."""
    return Figures(*(statistics.median(values) for values in zip(*runs, strict=True)))
