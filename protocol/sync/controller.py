"""Drift controller: from drift to what is done about it: hold, nudge the rate, or jump.

A proportional glide, and a learned skew of the clocks that is made up for all the time.
It holds inside a small band and reacts outside a wider one, so that nobody rests at a
threshold. The skew is read off the way the drift goes while nothing is written: an
integral of the drift winds up during the glide and then swings between the thresholds.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final, Literal, NamedTuple

GAIN: Final = 0.4
"""Rate change per second of drift."""
MAX_SKEW: Final = 300e-6
"""Seconds per second that a sound device may differ from the server's clock by."""
SKEW_GAIN: Final = 0.5
SKEW_MIN_SPAN: Final = 10.0
"""Seconds in step that tell the skew; fewer would mistake noise for it."""
LOCK_IN: Final = 0.003
LOCK_OUT: Final = 0.009
"""Seconds; starting values 8 and 15 ms rested up to 15 ms apart."""
WINDOW: Final = 0.5
"""Seconds of samples behind one decision."""
MIN_SAMPLES: Final = 3
WRITE_INTERVAL: Final = 0.450
SMALLEST_WRITE: Final = 0.0005
SMALLEST_TRIM: Final = 0.00003
TRIM_INTERVAL: Final = 15.0
TRIM_TIME: Final = 30.0
"""In step, the rate is trimmed now and then, so that what is left is gone in so many seconds."""
STUCK_AFTER: Final = 10.0
"""Seconds without getting closer before a glide is given up for a jump."""
STUCK_OVER: Final = 0.040
PROGRESS: Final = 0.020
"""Seconds, or a tenth of the drift, that count as getting closer."""


class Hold(NamedTuple):
    """Nothing to do."""


class Nudge(NamedTuple):
    """Play at ``rate`` until told otherwise."""

    rate: float


class Jump(NamedTuple):
    """A glide cannot mend it: go where the timeline will be."""

    reason: Literal["beyond tolerance", "not getting closer"]


Correction = Hold | Nudge | Jump


class DriftController:
    """Decides what to do about a player's drift; seconds, local clock.

    Drift is player minus timeline, + ahead, in seconds of media.
    """

    def __init__(self, rate: float = 1.0) -> None:
        self._samples: deque[tuple[float, float]] = deque()
        self._skew = 0.0
        self.restart(rate)

    def restart(self, rate: float) -> None:
        """Playing anew at ``rate``; the learned skew stays."""
        self._samples.clear()
        self._base = rate
        self._written = rate
        self._written_at = float("-inf")
        self._locked = False
        self._steady: tuple[float, float] | None = None
        self._best: tuple[float, float] | None = None

    @property
    def rate(self) -> float:
        """Rate that was last asked for."""
        return self._written

    @property
    def locked(self) -> bool:
        """In step: only the skew is being made up for."""
        return self._locked

    @property
    def skew(self) -> float:
        """Seconds per second that the player gains at its nominal rate."""
        return self._skew

    def observe(self, instant: float, drift: float) -> None:
        """Take one sample."""
        self._samples.append((instant, drift))
        while self._samples[0][0] < instant - WINDOW:
            self._samples.popleft()

    def forget(self) -> None:
        """What was measured no longer holds, such as after a write of the rate."""
        self._samples.clear()
        self._steady = None

    @property
    def drift(self) -> float | None:
        """Median of the samples that hold; None while there are none."""
        return median(d for _, d in self._samples) if self._samples else None

    def correct(self, now: float, tolerance: float) -> Correction:
        """What to do at ``now``; a drift beyond ``tolerance`` seconds is not glided."""
        drift = self.drift
        if drift is None or len(self._samples) < MIN_SAMPLES:
            return Hold()
        if abs(drift) > tolerance:
            return Jump("beyond tolerance")
        if self._is_stuck(now, abs(drift)):
            return Jump("not getting closer")
        # A rate works on the media; what is early or late is felt in time.
        return self._glide(now, drift / self._base)

    def _is_stuck(self, now: float, size: float) -> bool:
        if size < STUCK_OVER:
            self._best = None
            return False
        if self._best is None or size < self._best[1] - min(PROGRESS, self._best[1] / 10):
            self._best = (now, size)
        if now - self._best[0] <= STUCK_AFTER:
            return False
        # Said once; a player that may not jump goes on gliding.
        self._best = (now, size)
        return True

    def _glide(self, now: float, ahead: float) -> Correction:
        if now - self._written_at < WRITE_INTERVAL:
            return Hold()
        if abs(ahead) >= (LOCK_OUT if self._locked else LOCK_IN):
            self._learn_skew(now, ahead)
            self._locked = False
            cap = _cap(abs(ahead))
            change = -GAIN * ahead - self._skew
            return self._write(now, min(max(change, -cap), cap), SMALLEST_WRITE)
        if not self._locked:
            self._locked = True
            return self._write(now, -self._skew, SMALLEST_TRIM)
        if self._steady is None:
            self._steady = (now, ahead)
        if now - self._steady[0] < TRIM_INTERVAL:
            return Hold()
        self._learn_skew(now, ahead)
        self._steady = (now, ahead)
        return self._write(now, -self._skew - ahead / TRIM_TIME, SMALLEST_TRIM)

    def _write(self, now: float, change: float, smallest: float) -> Correction:
        rate = self._base * (1 + change)
        if abs(rate - self._written) < smallest * self._base:
            return Hold()
        self._written, self._written_at = rate, now
        self.forget()
        return Nudge(rate)

    def _learn_skew(self, now: float, ahead: float) -> None:
        """Read the skew off a stretch in which nothing was written."""
        if self._steady is None or now - self._steady[0] < SKEW_MIN_SPAN:
            return
        slope = (ahead - self._steady[1]) / (now - self._steady[0])
        # Steeper than two skews can explain: the clock's estimate or the player has jumped.
        if abs(slope) <= 2 * MAX_SKEW:
            seen = slope - (self._written / self._base - 1)
            skew = self._skew + SKEW_GAIN * (seen - self._skew)
            self._skew = min(max(skew, -MAX_SKEW), MAX_SKEW)


def _cap(size: float) -> float:
    """Largest rate change that is not heard, by what there is to mend."""
    if size < 0.030:
        return 0.01
    return 0.02 if size < 0.150 else 0.04
