"""Probe schedule: when the clock is sampled: a burst at first, then ever more rarely."""

from __future__ import annotations

from collections import deque
from typing import Final

from protocol.wire.messages import Ping

BURST: Final = 8
BURST_INTERVAL: Final = 0.080
EARLY_INTERVAL: Final = 2.0
EARLY_FOR: Final = 30.0
LATE_INTERVAL: Final = 5.0
PING_TIMEOUT: Final = 2.0
"""After which a ping counts as lost."""


class PingSchedule:
    """When to ping, and what became of the last ten; seconds, local clock."""

    def __init__(self) -> None:
        self.next_at = float("inf")
        self._left = 0
        self._started_at = 0.0
        self._sent_at = float("-inf")
        self._open: dict[float, None] = {}
        self._answered_to = float("-inf")
        self._last: deque[float] = deque(maxlen=10)

    def start(self, now: float) -> None:
        """Begin anew with a burst; pongs that are under way are not awaited any more."""
        self._open.clear()
        self._last.clear()
        self.burst(now)

    def burst(self, now: float) -> None:
        """Ping often for a moment; asked again and again, no more often than that."""
        self._left = BURST
        self._started_at = now
        self.next_at = max(now, self._sent_at + BURST_INTERVAL)

    def watch(self, now: float) -> None:
        """Something odd was seen: go on pinging as often as at first."""
        self._started_at = now

    def stop(self) -> None:
        """No connection: nothing is due."""
        self.next_at = float("inf")
        self._open.clear()
        self._last.clear()

    def due(self, now: float) -> bool:
        """Whether a ping is due at ``now``."""
        return now >= self.next_at

    def send(self, now: float) -> Ping:
        """The ping to send at ``now``; a frame that waits before it is sent spoils it."""
        self._left -= 1
        if self._left > 0:
            interval = BURST_INTERVAL
        else:
            early = now - self._started_at < EARLY_FOR
            interval = EARLY_INTERVAL if early else LATE_INTERVAL
        self._sent_at = now
        self.next_at = now + interval
        if len(self._last) == self._last.maxlen:
            self._open.pop(self._last[0], None)
        self._last.append(now)
        self._open[now] = None
        return Ping(now)

    def answered(self, t0: float) -> bool:
        """Whether the pong for ``t0`` was awaited."""
        if t0 not in self._open:
            return False
        del self._open[t0]
        self._answered_to = max(self._answered_to, t0)
        return True

    def is_blocked(self, now: float) -> bool:
        """Whether nothing seems to get through at ``now``: a ping has no answer for too long.

        What was sent before an answered one does not count: the order is kept, so it is lost.
        """
        last = self._answered_to
        return any(sent > last and now - sent > PING_TIMEOUT for sent in self._open)

    def lost(self, now: float) -> int:
        """Unanswered ones of the last ten at ``now``."""
        return sum(1 for sent in self._open if now - sent > PING_TIMEOUT)
