"""Inputs of the control loop that a session measures: the clock's offset and the tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.session.core.effects import SetClock, SetTolerance
from protocol.sync.tolerance import effective_tolerance

if TYPE_CHECKING:
    from player.session.core.effects import Outbox
    from protocol.client.protocol import ClientProtocol


class SyncInputs:
    """The only writer of the follower's clock and of its tolerance.

    Both follow from one estimate, so they are told together whenever either may have changed.
    """

    def __init__(self, protocol: ClientProtocol, outbox: Outbox) -> None:
        self._protocol = protocol
        self._outbox = outbox
        self._jitter = 0.0

    def update(self, now: float) -> None:
        """The clock, the stream or the link may have changed.

        While the clock is measured anew the offset that was known is kept, and the jitter: the
        link has not become better by being asked.
        """
        estimate, state = self._protocol.clock(now), self._protocol.state
        if estimate is not None:
            self._jitter = estimate.jitter
            self._outbox.add(SetClock(estimate.offset))
        if state is not None:
            tolerance = effective_tolerance(state.settings.sync_tolerance, self._jitter)
            self._outbox.add(SetTolerance(tolerance))

    def clock_lost(self) -> None:
        """The server's clock is another one: its instants mean nothing until it has moved."""
        self._outbox.add(SetClock(None))
