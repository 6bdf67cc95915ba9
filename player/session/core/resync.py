"""Resync that a person asks for: the clock is measured anew, then the player jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.session.core.effects import JumpToTimeline, RetryNow

if TYPE_CHECKING:
    from player.session.core.effects import Outbox
    from player.session.core.membership import Membership
    from player.session.core.telemetry import SeatTelemetry

BURST_TAKES: Final = 0.8
"""Seconds from the first ping of a burst until its last answer counts."""


class ResyncProcedure:
    """From the request to the note in the log of what it mended."""

    def __init__(self, outbox: Outbox, membership: Membership, telemetry: SeatTelemetry) -> None:
        self._outbox = outbox
        self._membership = membership
        self._telemetry = telemetry
        self._jumps: list[float] = []
        """Local instants at which the player is to jump."""
        self._before: float | None = None
        self.is_asked = False
        """The next jump is what a person asked for."""

    def ask(self, now: float) -> None:
        """A person wants it."""
        self.is_asked = True
        self._before = self._telemetry.view.drift
        self._membership.measure_clock(now)
        self._outbox.add(RetryNow())
        self._jumps.append(now + BURST_TAKES)

    def next_deadline(self) -> float:
        """When the player is to jump; infinite while it is not."""
        return min(self._jumps, default=float("inf"))

    def tick(self, now: float) -> None:
        """Time has passed."""
        while self.next_deadline() <= now:
            self._jumps.remove(self.next_deadline())
            self._outbox.add(JumpToTimeline())

    def ended(self, drift: float) -> None:
        """After a jump ``drift`` is left; logged if it was asked for."""
        if self.is_asked:
            self.is_asked = False
            position = self._telemetry.view.position or 0.0
            self._membership.note("sync_request", position, before=self._before, after=drift)
