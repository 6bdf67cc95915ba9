"""Sleep detector: notices by the clocks that the machine slept or the process was stopped."""

from __future__ import annotations

from typing import Final, NamedTuple

MISSED: Final = 2.0
"""Seconds that went by unnoticed: the machine slept, or the process was stopped."""


class LocalClocks(NamedTuple):
    """This machine's clocks, read at one instant; in seconds."""

    now: float
    """On the monotonic clock, which stands still while the machine sleeps."""
    asleep: float
    """For how long the machine has slept since it started, or a figure that grows by it."""


class TimeGap(NamedTuple):
    """Time that went by unnoticed."""

    seconds: float
    """0 when none did."""
    is_sleep: bool
    """The machine slept: its monotonic clock has stood still, and others' have not."""


_NONE: Final = TimeGap(0.0, is_sleep=False)


class SleepDetector:
    """Compares each reading with the one before; there must be one every now and then."""

    def __init__(self) -> None:
        self._last: LocalClocks | None = None

    def missed(self, reading: LocalClocks) -> TimeGap:
        """What went by unnoticed since the last reading."""
        last, self._last = self._last, reading
        if last is None:
            return _NONE
        asleep = reading.asleep - last.asleep
        missed = max(asleep, reading.now - last.now)
        return TimeGap(missed, is_sleep=asleep > MISSED) if missed > MISSED else _NONE
