"""The server's clock, as far as a seat can know it.

Both one-way minima are kept apart (as NTP's clock filter does for round trips): a
queue in one direction then spoils neither. What nobody can see is a constant
difference between the two directions; the stated error covers it.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

WINDOW: Final = 120.0
"""Seconds a sample counts."""
STEP: Final = 0.020
"""Seconds; a larger move is taken at once, a smaller one is slewed."""
SLEW: Final = 0.005
"""Seconds per second."""
MAX_SKEW: Final = 200e-6
SKEW_GAIN: Final = 0.1
SKEW_MIN_SPAN: Final = 60.0
SKEW_MIN_SAMPLES: Final = 16
RECENT: Final = 10
"""Samples that tell delay and jitter as they are now."""
TRUSTED: Final = 4
"""Samples before which every better estimate is taken at once."""


class ClockSample(NamedTuple):
    """Four timestamps in seconds: sent, received by the server, answered, received."""

    t0: float
    t1: float
    t2: float
    t3: float

    @property
    def delay(self) -> float:
        """Round trip without the time the server took."""
        return (self.t3 - self.t0) - (self.t2 - self.t1)


class ClockEstimate(NamedTuple):
    """What is known of the server's clock; seconds."""

    offset: float
    """Server's clock minus the local one."""
    delay: float
    """Round trip as it is now (median of the last ten)."""
    error: float
    """Bound of what ``offset`` may be off by."""
    jitter: float
    """Mean change of the round trip from one sample to the next."""


class ClockFilter:
    """Turns samples into an estimate; holds no clock itself."""

    def __init__(self) -> None:
        self._samples: deque[ClockSample] = deque()
        self._skew = 0.0
        self._offset: float | None = None
        self._as_of = 0.0

    @property
    def skew(self) -> float:
        """Seconds per second that the server's clock gains on the local one."""
        return self._skew

    def add(self, sample: ClockSample) -> None:
        """Take a sample; one that runs backwards in time is ignored."""
        if sample.t3 < sample.t0 or sample.t2 < sample.t1:
            return
        now = sample.t3
        self._samples.append(sample)
        while self._samples[0].t3 < now - WINDOW:
            self._samples.popleft()
        self._learn_skew(now)
        self._move(now)

    def estimate(self, now: float) -> ClockEstimate | None:
        """The estimate at local instant ``now``; None before the first sample."""
        if self._offset is None:
            return None
        recent = list(self._samples)[-RECENT:]
        delays = [sample.delay for sample in recent]
        changes = [abs(b - a) for a, b in pairwise(delays)]
        forward, backward = self._minima(self._samples, self._as_of)
        return ClockEstimate(
            offset=self._offset + self._skew * (now - self._as_of),
            delay=median(delays),
            error=max(0.0, (forward + backward) / 2),
            jitter=sum(changes) / len(changes) if changes else 0.0,
        )

    def clear(self) -> None:
        """Forget everything: another server, or the machine slept."""
        self.__init__()

    def _minima(
        self, samples: deque[ClockSample] | list[ClockSample], now: float
    ) -> tuple[float, float]:
        """One-way minima, every sample aged to ``now`` by the skew."""
        forward = min(s.t1 - s.t0 + self._skew * (now - s.t3) for s in samples)
        backward = min(s.t3 - s.t2 - self._skew * (now - s.t3) for s in samples)
        return forward, backward

    def _learn_skew(self, now: float) -> None:
        samples = list(self._samples)
        span = now - samples[0].t3
        if span < SKEW_MIN_SPAN or len(samples) < SKEW_MIN_SAMPLES:
            return
        middle = now - span / 2
        older = [s for s in samples if s.t3 < middle]
        newer = [s for s in samples if s.t3 >= middle]
        if not older or not newer:
            return
        f_old, b_old = self._minima(older, now)
        f_new, b_new = self._minima(newer, now)
        residual = ((f_new - b_new) - (f_old - b_old)) / 2 / (span / 2)
        skew = self._skew + SKEW_GAIN * residual
        self._skew = min(max(skew, -MAX_SKEW), MAX_SKEW)

    def _move(self, now: float) -> None:
        forward, backward = self._minima(self._samples, now)
        best = (forward - backward) / 2
        if self._offset is None or len(self._samples) < TRUSTED:
            self._offset, self._as_of = best, now
            return
        elapsed = max(0.0, now - self._as_of)
        here = self._offset + self._skew * elapsed
        gap = best - here
        if abs(gap) <= STEP:
            gap = min(max(gap, -SLEW * elapsed), SLEW * elapsed)
        self._offset, self._as_of = here + gap, now
