"""Schedule of what a session does by the clock: beats, status lines, reports."""

from __future__ import annotations

from typing import Final

REPORT_INTERVAL: Final = 1.0
LONGEST_BEAT: Final = 0.25
NEWS_INTERVAL: Final = 0.25
"""Seconds between two reports; the server bears 4 a second."""
EARLY: Final = 0.02
"""Seconds a beat may come early and still count, so that lateness does not add up."""
NEVER: Final = float("-inf")


class Schedule:
    """When a beat, a status line and a report are due; instants are local."""

    def __init__(self, status_interval: float) -> None:
        self._status_interval = status_interval
        self._beat = min(status_interval, LONGEST_BEAT)
        self._last: float | None = None
        """When the last beat was."""
        self._status_at = self._report_at = self._reported_at = NEVER
        self._is_hurried = False

    def soon(self) -> None:
        """Something changed that a person would want to see at once."""
        self._status_at = self._report_at = NEVER
        self._is_hurried = True

    def next_deadline(self) -> float:
        """When the next beat is due; sooner when there is news, unless some has just gone."""
        if self._last is None:
            return NEVER
        regular = self._last + self._beat
        return min(regular, self._reported_at + NEWS_INTERVAL) if self._is_hurried else regular

    def beat(self, now: float) -> None:
        """A beat."""
        self._last = now
        self._is_hurried = False

    def is_status_due(self, now: float) -> bool:
        """Whether a status line is due; if so the next one is due an interval later."""
        is_due = now >= self._status_at
        if is_due:
            self._status_at = now + self._status_interval - EARLY
        return is_due

    def is_report_due(self, now: float) -> bool:
        """Whether a report is due; if so the next one is due an interval later."""
        is_due = now >= self._report_at
        if is_due:
            self._report_at, self._reported_at = now + REPORT_INTERVAL, now
        return is_due
