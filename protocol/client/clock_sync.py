"""Clock synchronisation: what a seat knows of the server's clock, and when it asks for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.client.events import ClientEvent, ClockLost, ClockUpdated
from protocol.client.ping_schedule import PingSchedule
from protocol.sync.clock import ClockEstimate, ClockEstimator, ClockSample

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.wire.messages import Ping, Pong

ODD_DELAY: Final = 0.1
"""Seconds by which an answer must be later than usual for the link to be watched more closely."""


class ClockSync:
    """Probes one server's clock over as many connections as it takes; instants are local."""

    def __init__(self, tell: Callable[[ClientEvent], None]) -> None:
        self._tell = tell
        self._estimator = ClockEstimator()
        self._clock_id = ""
        self._pings = PingSchedule()

    def start(self, clock_id: str, now: float) -> None:
        """A connection to the server with this clock is open: begin with a burst."""
        if clock_id != self._clock_id:
            self._clock_id = clock_id
            self._forget()
        self._pings.start(now)

    def stop(self) -> None:
        """The connection is gone: nothing is due."""
        self._pings.stop()

    def measure(self, now: float, *, forget: bool) -> None:
        """Sample in a burst; with ``forget`` from nothing."""
        if forget:
            self._forget()
            self._pings.start(now)
        else:
            self._pings.burst(now)

    def next_deadline(self) -> float:
        """When a ping is due next."""
        return self._pings.next_at

    def due(self, now: float) -> Ping | None:
        """The ping to send at ``now``, if one is due."""
        return self._pings.send(now) if self._pings.due(now) else None

    def answered(self, pong: Pong, received_at: float) -> None:
        """The server has answered a ping."""
        if not self._pings.answered(pong.t0):
            return
        sample = ClockSample(pong.t0, pong.t1, pong.t2, received_at)
        self._estimator.add(sample)
        estimate = self._estimator.estimate(received_at)
        if estimate is not None:
            self._tell(ClockUpdated(estimate))
            if sample.delay > estimate.delay + ODD_DELAY:
                self._pings.watch(received_at)

    def estimate(self, now: float) -> ClockEstimate | None:
        """The server's clock at local instant ``now``."""
        return self._estimator.estimate(now)

    def lost(self, now: float) -> int:
        """Unanswered ones of the last ten pings."""
        return self._pings.lost(now)

    def is_blocked(self, now: float) -> bool:
        """Whether nothing seems to get through at ``now``."""
        return self._pings.is_blocked(now)

    def _forget(self) -> None:
        if self._estimator.is_known:
            self._tell(ClockLost())
        self._estimator.clear()
