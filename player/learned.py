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
        self._latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._rate_latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._first_cost = FIRST_SEEK_COST

    def new_media(self, *, is_network: bool) -> None:
        """Seeks cost something else from now on; the device stays as late as it was."""
        self._costs.clear()
        self._first_cost = FIRST_NETWORK_SEEK_COST if is_network else FIRST_SEEK_COST

    def seek_took(self, seconds: float) -> None:
        """A seek was done after ``seconds``."""
        self._costs.append(seconds)

    def start_was_late(self, seconds: float) -> None:
        """A start that allowed for `latency` was still late by ``seconds``."""
        latency = self.latency + seconds
        self._latencies.append(min(max(latency, -MAX_LATENCY), MAX_LATENCY))

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

    @property
    def latency(self) -> float:
        """From the order to play until sound is heard; median."""
        return median(self._latencies) if self._latencies else 0.0
