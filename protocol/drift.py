"""From drift to what is done about it: hold, nudge the rate, or jump.

A proportional glide with a slow integral for the clocks' skew. It holds inside a
small band and reacts outside a wider one, so that nobody rests at a threshold.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final, Literal, NamedTuple

GAIN: Final = 0.4
"""Rate change per second of drift."""
INTEGRAL_GAIN: Final = 0.01
INTEGRAL_LIMIT: Final = 300e-6
INTEGRAL_BAND: Final = 0.040
LOCK_IN: Final = 0.004
LOCK_OUT: Final = 0.009
"""Seconds; starting values 8 and 15 ms rested up to 15 ms apart."""
WINDOW: Final = 0.5
"""Seconds of samples behind one decision."""
WRITE_INTERVAL: Final = 0.450
SMALLEST_WRITE: Final = 0.0005
STUCK_AFTER: Final = 10.0
"""Seconds without getting closer before a glide is given up for a jump."""
STUCK_OVER: Final = 0.040


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

    Drift is player minus timeline, + ahead.
    """

    def __init__(self, rate: float = 1.0) -> None:
        self._samples: deque[tuple[float, float]] = deque()
        self._integral = 0.0
        self.restart(rate)

    def restart(self, rate: float) -> None:
        """Playing anew at ``rate``; the learned skew stays."""
        self._samples.clear()
        self._base = rate
        self._written = rate
        self._written_at = float("-inf")
        self._decided_at: float | None = None
        self._locked = False
        self._best: tuple[float, float] | None = None

    @property
    def rate(self) -> float:
        """Rate that was last asked for."""
        return self._written

    @property
    def locked(self) -> bool:
        """In step: only the skew is being made up for."""
        return self._locked

    def observe(self, instant: float, drift: float) -> None:
        """Take one sample."""
        self._samples.append((instant, drift))
        while self._samples[0][0] < instant - WINDOW:
            self._samples.popleft()

    def forget(self) -> None:
        """What was measured no longer holds, such as after a write of the rate."""
        self._samples.clear()

    @property
    def drift(self) -> float | None:
        """Median of the samples that hold; None while there are none."""
        return median(d for _, d in self._samples) if self._samples else None

    def correct(self, now: float, tolerance: float) -> Correction:
        """What to do at ``now``; a drift beyond ``tolerance`` seconds is not glided."""
        drift = self.drift
        if drift is None or len(self._samples) < 3:
            return Hold()
        if abs(drift) > tolerance:
            return Jump("beyond tolerance")
        if self._is_stuck(now, abs(drift)):
            return Jump("not getting closer")
        return self._glide(now, -drift)

    def _is_stuck(self, now: float, size: float) -> bool:
        if size < STUCK_OVER:
            self._best = None
            return False
        if self._best is None or size < self._best[1] * 0.9:
            self._best = (now, size)
        return now - self._best[0] > STUCK_AFTER

    def _glide(self, now: float, behind: float) -> Correction:
        elapsed = 0.0 if self._decided_at is None else min(now - self._decided_at, 1.0)
        self._decided_at = now
        if abs(behind) < INTEGRAL_BAND:
            integral = self._integral + INTEGRAL_GAIN * behind * elapsed
            self._integral = min(max(integral, -INTEGRAL_LIMIT), INTEGRAL_LIMIT)
        self._locked = abs(behind) < (LOCK_OUT if self._locked else LOCK_IN)
        change = self._integral
        if not self._locked:
            change += GAIN * behind
        cap = _cap(abs(behind))
        rate = self._base * (1 + min(max(change, -cap), cap))
        if now - self._written_at < WRITE_INTERVAL:
            return Hold()
        if abs(rate - self._written) < SMALLEST_WRITE:
            return Hold()
        self._written, self._written_at = rate, now
        self.forget()
        return Nudge(rate)


def _cap(size: float) -> float:
    """Largest rate change that is not heard, by what there is to mend."""
    if size < 0.030:
        return 0.01
    return 0.02 if size < 0.150 else 0.04
