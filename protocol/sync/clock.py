"""Clock estimator: the server's clock, as far as a seat can know it.

Both one-way minima are kept apart (as NTP's clock filter does for round trips): a
queue in one direction then spoils neither. What nobody can see is a constant
difference between the two directions; the stated error covers it.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

WINDOW: Final = 120.0
"""Seconds a sample counts."""
STEP: Final = 0.020
"""Seconds; a larger move is taken at once, a smaller one is slewed."""
SLEW: Final = 0.005
"""Seconds per second."""
MAX_SKEW: Final = 200e-6
"""Seconds per second that two sound clocks may differ by."""
SKEW_GAIN: Final = 0.1
FIRST_SKEW_GAIN: Final = 0.5
"""The first lessons count for more: 200 ppm would cost 5 ms while they are slowly learned."""
SKEW_MIN_SPAN: Final = 60.0
SKEW_MIN_SAMPLES: Final = 16
FINEST: Final = 0.0002
"""Seconds; no direction is trusted as if its delays were more even than this."""
RECENT: Final = 10
"""Samples that tell delay and jitter as they are now."""
HELD_BACK: Final = 2.0
"""Seconds; a longer round trip tells of an outage and not of the way."""
EXCUSED: Final = 2
"""Changes that do not count as jitter: one late answer makes two of them."""
RARE: Final = 2
"""Late answers in the window that make a habit; fewer were chance."""
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
    """Mean change of the round trip from one sample to the next, but for a single late one."""
    late: float = 0.0
    """How much longer than usual answers took that came late at least twice in the window."""


class ClockEstimator:
    """Turns samples into an estimate; holds no clock itself."""

    def __init__(self) -> None:
        self._samples: deque[ClockSample] = deque()
        self._skew = 0.0
        self._lessons = 0
        self._offset: float | None = None
        self._as_of = 0.0
        self._least = self._most = 0.0
        self._trips = _RoundTrips()

    @property
    def skew(self) -> float:
        """Seconds per second that the server's clock gains on the local one."""
        return self._skew

    @property
    def is_known(self) -> bool:
        """Whether there is an estimate."""
        return self._offset is not None

    def add(self, sample: ClockSample) -> None:
        """Take a sample; one that no pair of running clocks can give is ignored."""
        if sample.t3 < sample.t0 or sample.t2 < sample.t1 or sample.delay < 0.0:
            return
        now = sample.t3
        while self._samples and self._samples[0].t3 < now - WINDOW:
            self._samples.popleft()
        if self._contradicts(sample):
            # One of the clocks has stood still or jumped: what was measured before says
            # nothing about now, and a minimum of both would be wrong for the whole window.
            self.clear()
        self._samples.append(sample)
        self._learn_skew(now)
        self._move(now)
        self._least, self._most = self._limits(now)
        self._trips = _RoundTrips.of([sample.delay for sample in self._samples])

    def estimate(self, now: float) -> ClockEstimate | None:
        """The estimate at local instant ``now``; None before the first sample."""
        if self._offset is None:
            return None
        offset = self._offset + self._skew * (now - self._as_of)
        least, most = self._limits_at(now)
        return ClockEstimate(
            offset=offset,
            delay=self._trips.usual,
            error=max(most - offset, offset - least, 0.0),
            jitter=self._trips.jitter,
            late=self._trips.late,
        )

    def clear(self) -> None:
        """Forget everything: another server, or the machine slept."""
        self._samples.clear()
        self._skew = 0.0
        self._lessons = 0
        self._offset = None

    def _contradicts(self, sample: ClockSample) -> bool:
        """Whether no offset fits both ``sample`` and the earlier ones."""
        if self._offset is None:
            return False
        least, most = self._limits_at(sample.t3)
        room = MAX_SKEW * (sample.t3 - sample.t0)
        return sample.t1 - sample.t0 + room < least or sample.t2 - sample.t3 - room > most

    def _limits(self, now: float) -> tuple[float, float]:
        """The least and the greatest offset at ``now`` that all samples allow.

        No message travels back in time, and no clock gains more than `MAX_SKEW`; so this
        holds whatever the delays were.
        """
        doubt = MAX_SKEW + abs(self._skew)
        least, most = float("-inf"), float("inf")
        for t0, t1, t2, t3 in self._samples:
            gained, unsure = self._skew * (now - t3), doubt * (now - t0)
            least = max(least, t2 - t3 + gained - unsure)
            most = min(most, t1 - t0 + gained + unsure)
        return least, most

    def _limits_at(self, now: float) -> tuple[float, float]:
        """`_limits` as they have widened since the last sample."""
        doubt = MAX_SKEW + abs(self._skew)
        elapsed = now - self._as_of
        gained = self._skew * elapsed
        unsure = doubt * abs(elapsed)
        return self._least + gained - unsure, self._most + gained + unsure

    def _one_way(
        self, samples: Collection[ClockSample], now: float
    ) -> tuple[list[float], list[float]]:
        """Delays there and back, each with the unknown offset in it, aged by the skew."""
        forward = [s.t1 - s.t0 + self._skew * (now - s.t3) for s in samples]
        backward = [s.t3 - s.t2 - self._skew * (now - s.t3) for s in samples]
        return forward, backward

    def _learn_skew(self, now: float) -> None:
        """Compare the minima of the older and the newer half of the window."""
        samples = self._samples
        span = now - samples[0].t3
        if span < SKEW_MIN_SPAN or len(samples) < SKEW_MIN_SAMPLES:
            return
        middle = now - span / 2
        older = [s.t3 < middle for s in samples]
        there, back = (_Trend.of(delays, older) for delays in self._one_way(samples, now))
        total = there.weight + back.weight
        gained = (there.weight * there.rise - back.weight * back.rise) / total
        self._lessons += 1
        gain = max(SKEW_GAIN, FIRST_SKEW_GAIN / self._lessons)
        skew = self._skew + gain * gained / (span / 2)
        self._skew = min(max(skew, -MAX_SKEW), MAX_SKEW)

    def _move(self, now: float) -> None:
        forward, backward = self._one_way(self._samples, now)
        best = (min(forward) - min(backward)) / 2
        if self._offset is None or len(self._samples) < TRUSTED:
            self._offset, self._as_of = best, now
            return
        elapsed = max(0.0, now - self._as_of)
        here = self._offset + self._skew * elapsed
        gap = best - here
        if abs(gap) <= STEP:
            gap = min(max(gap, -SLEW * elapsed), SLEW * elapsed)
        self._offset, self._as_of = here + gap, now


class _Trend(NamedTuple):
    """How one direction's shortest delay has changed, and how far that can be trusted."""

    rise: float
    weight: float

    @classmethod
    def of(cls, delays: list[float], older: list[bool]) -> _Trend:
        before = min(d for d, is_older in zip(delays, older, strict=True) if is_older)
        after = min(d for d, is_older in zip(delays, older, strict=True) if not is_older)
        # A busy direction has few samples near its minimum, so its minima are vague.
        spread = median(delays) - min(before, after) + FINEST
        return cls(after - before, 1 / spread**2)


class _RoundTrips(NamedTuple):
    """What the round trips of a window say of the link; seconds, as in `ClockEstimate`."""

    usual: float = 0.0
    jitter: float = 0.0
    late: float = 0.0

    @classmethod
    def of(cls, delays: list[float]) -> _RoundTrips:
        recent = delays[-RECENT:]
        recent = [delay for delay in recent if delay <= HELD_BACK] or recent
        changes = sorted(abs(b - a) for a, b in pairwise(recent))
        changes = changes[:-EXCUSED] or changes
        usual = median(recent)
        # The longest that is no single case and no outage.
        longest = sorted(delay for delay in delays if delay <= HELD_BACK)[-RARE:]
        late = longest[0] if len(longest) == RARE else 0.0
        jitter = sum(changes) / len(changes) if changes else 0.0
        return cls(usual, jitter, max(0.0, late - usual))
