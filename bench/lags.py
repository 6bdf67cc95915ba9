"""By how much one recorded sound is behind another, by cross-correlation."""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

REACH: Final = 0.4
"""Seconds within which a lag is looked for at first, and after it was lost."""
NEAR: Final = 0.010
"""Seconds that a lag may change from piece to piece before it is looked for anew."""
COARSE: Final = 4
"""Where a lag is looked for from afar, one sample of so many will do."""
PIECE: Final = 0.1
"""Seconds; short, since pieces played at different rates are soon no longer alike."""
PIECES: Final = 5
"""In each window, evenly; the window's lag is their median."""
ALIKE: Final = 0.6
"""Correlation below which two pieces are not the same sound."""


class Lag(NamedTuple):
    """What one window says; seconds."""

    at: float
    lag: float | None
    """The second behind the first; None when they are not alike."""
    likeness: float
    """Correlation, 1 for the same."""


def lags(
    first: Sequence[float],
    second: Sequence[float],
    rate: int,
    window: float = 1.0,
    since: float = 0.0,
) -> list[Lag]:
    """Window by window, in whole windows from ``since`` on."""
    found: list[Lag] = []
    size, piece, edge = (round(seconds * rate) for seconds in (window, PIECE, REACH))
    start, guess = max(edge, round(since * rate)), None
    while start + size + edge <= min(len(first), len(second)):
        alike: list[tuple[float, float]] = []
        for number in range(PIECES):
            at = start + number * (size - piece) // PIECES
            lag, likeness = _found(first, second, at, piece, guess, rate)
            guess = round(lag) if likeness >= ALIKE else None
            if likeness >= ALIKE:
                alike.append((lag / rate, likeness))
        middle = sorted(alike)[len(alike) // 2] if alike else (None, 0.0)
        found.append(Lag(start / rate, *middle))
        start += size
    return found


def _found(
    first: Sequence[float],
    second: Sequence[float],
    start: int,
    size: int,
    guess: int | None,
    rate: int,
) -> tuple[float, float]:
    """Near the guess, or else anywhere."""
    if guess is not None:
        near = _best(first, second, start, size, guess, round(NEAR * rate))
        if near[1] >= ALIKE:
            return near
    reach = round(REACH * rate) // COARSE
    around = slice(start - reach * COARSE, start + size + reach * COARSE, COARSE)
    lag, _ = _best(first[around], second[around], reach, size // COARSE, 0, reach)
    return _best(first, second, start, size, round(lag * COARSE), 2 * COARSE)


def _best(
    first: Sequence[float],
    second: Sequence[float],
    start: int,
    size: int,
    guess: int,
    reach: int,
) -> tuple[float, float]:
    """The lag in samples around ``guess`` at which the two are most alike, and how much."""
    window = first[start : start + size]
    low = max(0, start + guess - reach)
    around = second[low : start + guess + reach + size]
    products = [
        sum(map(mul, window, around[shift : shift + size]))
        for shift in range(len(around) - size + 1)
    ]
    if not products:
        return float(guess), 0.0
    peak = max(range(len(products)), key=products.__getitem__)
    there = around[peak : peak + size]
    energy = math.sqrt(sum(map(mul, window, window)) * sum(map(mul, there, there)))
    likeness = products[peak] / energy if energy else 0.0
    return low - start + peak + _vertex(products, peak), likeness


def _vertex(values: Sequence[float], peak: int) -> float:
    """Where the parabola through the peak and its neighbours is highest, from the peak on."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    before, here, after = values[peak - 1 : peak + 2]
    bend = before - 2 * here + after
    return (before - after) / (2 * bend) if bend else 0.0
