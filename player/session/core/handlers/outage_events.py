"""Outage events: what a seat does while the network keeps its film away: waits, says why, and
tries again by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.media.messages import StopOpening
from player.session.core.current_media import RETRY_STATUS
from player.session.core.outage import MediaOutage

if TYPE_CHECKING:
    from player.backend.base import Failed
    from player.session.core.current_media import CurrentMedia
    from player.session.core.effects import Outbox
    from player.session.core.schedule import Schedule
    from player.session.core.telemetry import SeatTelemetry
    from protocol.exceptions import MatineeError


class OutageHandler:
    """Takes what is about the way to the film; the film itself is others' business."""

    def __init__(
        self,
        outbox: Outbox,
        current: CurrentMedia,
        telemetry: SeatTelemetry,
        schedule: Schedule,
    ) -> None:
        self._outbox = outbox
        self._current = current
        self._telemetry = telemetry
        self._schedule = schedule
        self._outage = MediaOutage()
        self._is_told = False

    @property
    def is_on(self) -> bool:
        """Whether the film is away."""
        return self._outage.cause is not None

    def next_deadline(self) -> float:
        """When the film is to be looked for; infinite while it is not."""
        return self._outage.due

    def look(self, now: float) -> None:
        """It is looked for."""
        self._outage.look(now)

    def hurry(self, now: float) -> None:
        """A person does not want to wait for the next try."""
        if self.is_on:
            self._outage.hurry(now)

    def takes_failure(self, event: Failed, now: float) -> bool:
        """Whether the player's failure is one of the way to the film, which is tried anew."""
        is_expired = event.http_status in RETRY_STATUS and self._current.has_been_open
        if event.lost or not (event.is_transient or is_expired or self.is_on):
            return False
        self._outage.lose(event.reason, now)
        if is_expired:
            self._outage.hurry(now)
        self._tell(now)
        return True

    def takes_error(self, error: MatineeError, now: float) -> bool:
        """Whether that the film cannot be found is part of an outage.

        A portal's page or a name that leads elsewhere stand in for a film that was there.
        """
        if not (self.is_on or error.is_transient):
            return False
        never_opened = not self._current.has_been_open
        self._outage.no_answer(error.message, now, is_lost=never_opened)
        self._tell(now)
        return True

    def wants_source(self, now: float) -> bool:
        """The film is found: whether the player is to open it."""
        return self._outage.answered(now)

    def watch(self, now: float) -> None:
        """Look whether the player waits for data in vain."""
        if not self._current.is_network or self._telemetry.failure is not None:
            return
        telemetry = self._telemetry
        before = self._outage.cause
        if self._outage.watch(telemetry.view, telemetry.buffered_until, now):
            self._outbox.add(StopOpening())
            self._over(now)
        if self._outage.cause != before:
            self._tell(now)

    def opened(self, now: float) -> None:
        """The player has a film."""
        self._over(now)
        self._outage.opened(now)

    def end(self) -> None:
        """Another film, none, or a person sees to it."""
        self._outage.end()
        self._is_told = False
        self._telemetry.film_came()

    def _tell(self, now: float) -> None:
        """Say why; in the feed only once a try has failed."""
        cause = self._outage.cause
        if cause is None:
            return
        self._telemetry.film_away(cause, is_lost=self._outage.is_lost)
        self._schedule.soon()
        if self._outage.is_confirmed and not self._is_told:
            self._is_told = True
            self._outbox.notice(f"the film does not come: {cause}; it is tried again until it does")

    def _over(self, now: float) -> None:
        if self._is_told:
            self._is_told = False
            self._outbox.notice(f"the film is back after {self._outage.lasted(now):.0f} s")
        self._telemetry.film_came()
        self._schedule.soon()
