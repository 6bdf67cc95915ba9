"""What a seat learns of its own player: how long a seek takes, how late a start is."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

FIRST_SEEK_COST: Final = 0.25
FIRST_NETWORK_SEEK_COST: Final = 1.5
REMEMBERED: Final = 8
MAX_LATENCY: Final = 0.5
FIRST_RATE_LATENCY: Final = 0.42
"""Measured on mpv 0.35: sound that is already filtered goes on at the old rate."""
MAX_RATE_LATENCY: Final = 1.0


class Learned:
    """Figures of the last eight seeks and starts, in seconds."""

    def __init__(self) -> None:
        self._costs: deque[float] = deque(maxlen=REMEMBERED)
        self._latencies: dict[float, deque[float]] = {}
        self._rate_latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._first_cost = FIRST_SEEK_COST

    def new_media(self, *, is_network: bool) -> None:
        """Seeks cost something else from now on; the device stays as late as it was."""
        self._costs.clear()
        self._first_cost = FIRST_NETWORK_SEEK_COST if is_network else FIRST_SEEK_COST

    def seek_took(self, seconds: float) -> None:
        """A seek was done after ``seconds``."""
        self._costs.append(seconds)

    def start_was_late(self, seconds: float, rate: float) -> None:
        """A start at ``rate`` that allowed for `latency` was still late by ``seconds``."""
        latency = self.latency(rate) + seconds
        known = self._latencies.setdefault(rate, deque(maxlen=REMEMBERED))
        known.append(min(max(latency, -MAX_LATENCY), MAX_LATENCY))

    def rate_was_late(self, seconds: float) -> None:
        """A rate that was written `rate_latency` ahead still took hold late by ``seconds``."""
        latency = self.rate_latency + seconds
        self._rate_latencies.append(min(max(latency, 0.0), MAX_RATE_LATENCY))

    @property
    def rate_latency(self) -> float:
        """From writing a rate until it is heard; median."""
        return median(self._rate_latencies) if self._rate_latencies else FIRST_RATE_LATENCY

    @property
    def seek_cost(self) -> float:
        """p80 of what seeks took."""
        if not self._costs:
            return self._first_cost
        return sorted(self._costs)[min(int(len(self._costs) * 0.8), len(self._costs) - 1)]

    def latency(self, rate: float) -> float:
        """From the order to play at ``rate`` until sound is heard; median.

        By rate, since a filter that keeps the pitch takes its own time to fill.
        """
        known = self._latencies.get(rate) or self._latencies.get(1.0)
        return median(known) if known else 0.0
