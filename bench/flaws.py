"""Gaps and clicks in a recorded pure tone."""

from __future__ import annotations

import math
from itertools import repeat
from operator import add, mul, sub
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

QUIET: Final = 8
"""Of 32768: what counts as silence."""
SHORTEST_GAP: Final = 0.001
"""Seconds."""
STEP: Final = 24
"""Of 32768: by how much a sample may be off what the two before it promise.

A tone that is rounded to 16 bits is off by 2, and one whose rate changes by 1 % by 1 more.
"""
APART: Final = 0.020
"""Seconds; what is closer together is one flaw."""
CHUNK: Final = 1 << 16


class Flaws(NamedTuple):
    """When each was, in seconds from the beginning."""

    gaps: list[float]
    silent: float
    """Seconds of silence in all gaps together."""
    clicks: list[float]


def flaws(samples: Sequence[int], rate: int, tone: float) -> Flaws:
    """What is wrong in a recording of a tone of ``tone`` Hz."""
    gaps = _silences(samples, rate)
    ends = [instant for start, length in gaps for instant in (start, start + length)]
    clicks: list[float] = []
    for instant in _steps(samples, rate, tone):
        near_gap = any(abs(instant - end) < APART for end in ends)
        if not near_gap and (not clicks or instant - clicks[-1] > APART):
            clicks.append(instant)
    return Flaws([start for start, _ in gaps], sum(length for _, length in gaps), clicks)


def _silences(samples: Sequence[int], rate: int) -> list[tuple[float, float]]:
    """Start and length of each, in seconds."""
    shortest = round(SHORTEST_GAP * rate)
    found: list[tuple[float, float]] = []
    index = 0
    # A silence that is long enough has a sample at one of these places.
    while index < len(samples):
        if abs(samples[index]) > QUIET:
            index += shortest
            continue
        start = end = index
        while start > 0 and abs(samples[start - 1]) <= QUIET:
            start -= 1
        while end < len(samples) and abs(samples[end]) <= QUIET:
            end += 1
        if end - start >= shortest:
            found.append((start / rate, (end - start) / rate))
        index = end + shortest
    return found


def _steps(samples: Sequence[int], rate: int, tone: float) -> list[float]:
    """Each instant at which a sample is not what a tone's next one would be."""
    turn = 2 * math.cos(2 * math.pi * tone / rate)
    found: list[float] = []
    for start in range(0, len(samples) - 2, CHUNK):
        part = samples[start : start + CHUNK + 2]
        promised = map(mul, part[1:], repeat(turn))
        off = list(map(sub, map(add, part, part[2:]), promised))
        if max(off) > STEP or min(off) < -STEP:
            found += [(start + i + 2) / rate for i, value in enumerate(off) if abs(value) > STEP]
    return found
