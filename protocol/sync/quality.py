"""Link quality: one word for how good the connection is, from what was measured in the last ten
seconds.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, Literal

from protocol.sync.tolerance import GOOD_JITTER

Quality = Literal["good", "fair", "poor", "lost"]

WINDOW: Final = 10.0
GOOD_DRIFT: Final = 0.040
FAIR_DRIFT: Final = 0.120
SLOW_DELAY: Final = 0.250


class QualityMeter:
    """Remembers drift and delay for ten seconds; seconds, local clock."""

    def __init__(self) -> None:
        self._drifts: deque[tuple[float, float]] = deque()
        self._delays: deque[tuple[float, float]] = deque()

    def drift(self, now: float, drift: float) -> None:
        """Take a measured drift."""
        self._drifts.append((now, abs(drift)))
        _prune(self._drifts, now)

    def delay(self, now: float, delay: float) -> None:
        """Take a measured round trip."""
        self._delays.append((now, delay))
        _prune(self._delays, now)

    def quality(
        self, now: float, *, connected: bool, stalled: bool, jitter: float, lost: int
    ) -> Quality:
        """The word; ``lost`` counts unanswered ones of the last ten pings."""
        if not connected:
            return "lost"
        _prune(self._drifts, now)
        _prune(self._delays, now)
        drift = _p95([d for _, d in self._drifts])
        if stalled or drift >= FAIR_DRIFT or lost > 1:
            return "poor"
        slow = _p95([d for _, d in self._delays]) > SLOW_DELAY
        if drift >= GOOD_DRIFT or jitter >= GOOD_JITTER or slow or lost:
            return "fair"
        return "good"


def _prune(values: deque[tuple[float, float]], now: float) -> None:
    while values and values[0][0] < now - WINDOW:
        values.popleft()


def _p95(values: list[float]) -> float:
    """The nearest-rank 95th percentile; 0 of nothing."""
    return sorted(values)[math.ceil(len(values) * 0.95) - 1] if values else 0.0
