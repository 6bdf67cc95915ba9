"""Latency model: how long this player takes to seek, and how late it starts.

Pure. Everything is seconds. What a player does late shows only in the first drift that is
measured after it, so a lesson waits for that, and is given up when something came between.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final, NamedTuple

FIRST_SEEK_COST: Final = 0.08
"""Of a local film, beside its pictures."""
FIRST_PICTURE_COST: Final = 0.12e-6
"""A pixel's share: a precise seek decodes all from the last whole picture on. Measured with mpv
on H.264 with 10 s between those: 0.04, 0.08, 0.17 and 0.29 s at 90, 360, 720 and 1080 lines."""
FIRST_NETWORK_SEEK_COST: Final = 1.5
MAX_SEEK_COST: Final = 6.0
"""Aiming further ahead than this keeps people waiting; a seek that takes longer comes late."""
REMEMBERED: Final = 8
MAX_LATENCY: Final = 0.5
MIN_LATENCY: Final = -0.05
"""No device is heard before it is told; that much may be missing at the sound's beginning."""
TAUGHT_BY_START: Final = 0.3
"""Seconds; a larger drift says something else than how late the device is."""
TAUGHT_WITHIN: Final = 1.5
FIRST_RATE_LATENCY: Final = 0.42
"""Measured on mpv 0.35: sound that is already filtered goes on at the old rate."""
MAX_RATE_LATENCY: Final = 1.0
TELLING_CHANGE: Final = 0.1
"""A smaller change of the rate does not stand out from the drift there was before."""


class _Start(NamedTuple):
    instant: float
    advance: float
    """How long before the player was to move it was started."""
    rate: float


class _RateWrite(NamedTuple):
    advance: float
    """How long before it was to hold the rate was written."""
    change: float


class LatencyModel:
    """Model of the last eight seeks and starts of one player."""

    def __init__(self) -> None:
        self._costs: deque[float] = deque(maxlen=REMEMBERED)
        self._latencies: dict[float, deque[float]] = {}
        self._rate_latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._first_cost = FIRST_SEEK_COST
        self._is_network = False
        self._device = ""
        self._lesson: _Start | _RateWrite | None = None

    def new_media(self, *, is_network: bool) -> None:
        """Seeks cost something else from now on; the device stays as late as it was."""
        self._costs.clear()
        self._is_network = is_network
        self.new_picture(0)

    def new_picture(self, pixels: int) -> None:
        """Each picture has so many ``pixels``, 0 if unknown or none."""
        local = min(FIRST_SEEK_COST + FIRST_PICTURE_COST * pixels, FIRST_NETWORK_SEEK_COST)
        self._first_cost = FIRST_NETWORK_SEEK_COST if self._is_network else local

    def new_device(self, device: str) -> None:
        """Sound is heard through ``device``; how late another one was says nothing of it."""
        if device != self._device:
            self._device = device
            self._latencies.clear()
            self._rate_latencies.clear()

    # What happened ----------------------------------------------------------------------

    def seek_took(self, seconds: float) -> None:
        """A seek was done after ``seconds``."""
        self._costs.append(min(max(seconds, 0.0), MAX_SEEK_COST))

    def started(self, instant: float, advance: float, rate: float) -> None:
        """The player was started at ``instant``, ``advance`` before it was to move at ``rate``."""
        self._lesson = _Start(instant, advance, rate)

    def rate_written(self, advance: float, change: float) -> None:
        """A rate that differs by ``change`` was written ``advance`` seconds before it holds."""
        self._lesson = _RateWrite(advance, change) if abs(change) >= TELLING_CHANGE else None

    def spoil(self) -> None:
        """Something came between: the next drift says nothing about a start or a rate."""
        self._lesson = None

    def first_drift(self, now: float, drift: float) -> None:
        """The first drift that was measured since; + is ahead."""
        lesson, self._lesson = self._lesson, None
        match lesson:
            case _Start(instant, advance, rate):
                if now - instant >= TAUGHT_WITHIN:
                    return
                if abs(drift) < TAUGHT_BY_START * rate:
                    self.start_took(advance - drift / rate, rate)
                elif known := self._latencies.get(rate):
                    # Perhaps it is off by what was learned last.
                    known.pop()
            case _RateWrite(advance, change):
                if abs(drift) < abs(change) * MAX_RATE_LATENCY:
                    self.rate_took(advance - drift / change)
            case None:
                pass

    def start_took(self, seconds: float, rate: float) -> None:
        """Sound was heard so long after the order to play at ``rate``."""
        known = self._latencies.setdefault(rate, deque(maxlen=REMEMBERED))
        known.append(min(max(seconds, MIN_LATENCY), MAX_LATENCY))

    def rate_took(self, seconds: float) -> None:
        """A rate was heard ``seconds`` after it was written."""
        self._rate_latencies.append(min(max(seconds, 0.0), MAX_RATE_LATENCY))

    # What is known ----------------------------------------------------------------------

    @property
    def rate_latency(self) -> float:
        """From writing a rate until it is heard; median."""
        return median(self._rate_latencies) if self._rate_latencies else FIRST_RATE_LATENCY

    @property
    def seek_cost(self) -> float:
        """p80 of what seeks took; one odd seek among three or more does not count."""
        if not self._costs:
            return self._first_cost
        count = len(self._costs)
        most = count - 2 if count > 2 else count - 1
        return sorted(self._costs)[min(int(count * 0.8), most)]

    def start_cost(self, rate: float) -> float | None:
        """What a start at ``rate`` takes at worst, as far as that is known: p90."""
        known = self._latencies.get(rate) or self._latencies.get(1.0)
        return sorted(known)[min(int(len(known) * 0.9), len(known) - 1)] if known else None

    @property
    def last_seek_cost(self) -> float:
        """What the newest seek took; 0 while there is none."""
        return self._costs[-1] if self._costs else 0.0

    def latency(self, rate: float) -> float:
        """From the order to play at ``rate`` until sound is heard; median.

        By rate, since a filter that keeps the pitch takes its own time to fill.
        """
        known = self._latencies.get(rate) or self._latencies.get(1.0)
        return median(known) if known else 0.0
