"""What a session does by the clock: status lines, reports, and the watch for a sleep."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from player.session.context import SessionContext

REPORT_INTERVAL: Final = 1.0
LONGEST_BEAT: Final = 0.25
MISSED: Final = 2.0
"""Seconds that went by unnoticed: the machine slept, or the process was stopped."""
NEWS_INTERVAL: Final = 0.25
"""Seconds between two reports; the server bears 4 a second."""
EARLY: Final = 0.02
"""Seconds a beat may come early and still count, so that lateness does not add up."""


class PeriodicTasks:
    """Beats until cancelled."""

    def __init__(self, seat: SessionContext) -> None:
        self._seat = seat
        self._status_at = 0.0
        self._report_at = 0.0
        self._reported_at = 0.0
        self._woken = asyncio.Event()
        self._beat_at = time.monotonic()
        self._asleep = _seconds_asleep()

    def soon(self) -> None:
        """Something changed that a person would want to see at once."""
        self._status_at = self._report_at = 0.0
        self._woken.set()

    async def run(self) -> None:
        """Do what is due, several times a second."""
        seat = self._seat
        while True:
            await self._rest()
            now = time.monotonic()
            self._watch_sleep(now)
            seat.sync_inputs.update(now)
            if now >= self._status_at and seat.is_ready:
                self._status_at = now + seat.config.status_interval - EARLY
                seat.emit(seat.gauges.status(seat.protocol, seat.role, now))
            if now >= self._report_at:
                self._report_at, self._reported_at = now + REPORT_INTERVAL, now
                seat.protocol.report(seat.gauges.report(seat.protocol, now))
                seat.link.flush()

    async def _rest(self) -> None:
        """Until the next beat; less when there is news, unless the last one has just gone."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(self._seat.config.status_interval, LONGEST_BEAT)):
                await self._woken.wait()
                await asyncio.sleep(self._reported_at + NEWS_INTERVAL - time.monotonic())
        self._woken.clear()

    def _watch_sleep(self, now: float) -> None:
        """After a sleep or a stop the film is elsewhere and the clock is not to be trusted."""
        asleep = _seconds_asleep()
        missed = max(asleep - self._asleep, now - self._beat_at)
        self._asleep, self._beat_at = asleep, now
        if missed > MISSED:
            self._seat.slept(missed)


def _seconds_asleep() -> float:
    """Seconds the machine has slept since it started, or a figure that grows by them.

    The wall clock stands in where there is no other; setting it looks like a sleep then.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.time() - time.monotonic()
