"""Timeline schedule: schedule: the agreed timelines by the local clock, each until the next
takes over.

Pure. Instants are seconds on the local monotonic clock unless said; positions are seconds.
"""

from __future__ import annotations

from typing import Final

from protocol.timeline import Timeline

NEAR_END: Final = 0.100
CONTINUES: Final = 0.050
"""Seconds two timelines may differ by where one takes over from the other."""
HOLD_OUTLASTS: Final = 3.0
"""Seconds in which a timeline that still plays may be one from before the hold."""
MOST_PLANNED: Final = 8


class TimelineSchedule:
    """Schedule of timelines on the server's clock, seen from here."""

    def __init__(self) -> None:
        self.offset: float | None = None
        """Server's clock minus the local one; None while unknown."""
        self.end: float | None = None
        """Where the player has come to the end of the film; None while it has not."""
        self._planned = [Timeline()]
        """Each holds until the next one begins; the last is what is agreed."""
        self._held_at: float | None = None

    def take(self, timeline: Timeline, now: float) -> None:
        """Keep to ``timeline``; where it carries on the one before, that holds until then."""
        if self._held_at is not None and not (
            timeline.playing and now - self._held_at < HOLD_OUTLASTS
        ):
            self._held_at = None
        # A start that is brought forward has nothing before it to carry on.
        if timeline.at <= self._planned[0].at or not self._carries_on(timeline):
            self._planned = [timeline]
            return
        while len(self._planned) > 1 and self._planned[-1].at >= timeline.at:
            self._planned.pop()
        self._planned = [*self._planned[1 - MOST_PLANNED :], timeline]

    def _carries_on(self, timeline: Timeline) -> bool:
        before = self._at(timeline.at)
        gap = abs(before.position_at(timeline.at) - timeline.position)
        return before.playing and timeline.playing and gap < CONTINUES

    # The host's own pause ---------------------------------------------------------------

    def hold(self, now: float) -> None:
        """The host has stopped here, and the timeline does not say so yet."""
        self._held_at = now

    def release(self) -> None:
        """The hold is over."""
        self._held_at = None

    @property
    def held(self) -> bool:
        """Whether the host has stopped here ahead of the timeline."""
        return self._held_at is not None

    # What holds now ---------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """What was agreed last."""
        return self._planned[-1]

    @property
    def known(self) -> bool:
        """Whether the server's clock is known at all."""
        return self.offset is not None

    @property
    def wants_play(self) -> bool:
        """Whether the player should run, now or at a planned start."""
        return self.timeline.playing and not self.held

    @property
    def is_handing_over(self) -> bool:
        """A timeline before the last one still holds."""
        return len(self._planned) > 1

    def hand_over(self, now: float) -> None:
        """Forget timelines that have been taken over from."""
        while len(self._planned) > 1 and self.local(self._planned[1].at) <= now:
            del self._planned[0]

    def _at(self, instant: float) -> Timeline:
        """The timeline that holds at ``instant`` (server's clock)."""
        for timeline in reversed(self._planned[1:]):
            if timeline.at <= instant:
                return timeline
        return self._planned[0]

    # On the local clock -----------------------------------------------------------------

    def local(self, instant: float) -> float:
        """A server's instant on the local clock."""
        return instant - (self.offset or 0.0)

    def rate_at(self, instant: float) -> tuple[float, float]:
        """The rate that holds at ``instant``, and since when."""
        timeline = self._at(instant + (self.offset or 0.0))
        return timeline.rate, self.local(timeline.at)

    @property
    def start(self) -> float:
        """Position from which the player sets out."""
        return self._planned[0].position

    def starts_in(self, now: float) -> float:
        """Seconds until the position begins to move; 0 when it has."""
        return max(0.0, self.local(self._planned[0].at) - now)

    def due(self, position: float) -> float:
        """When the timeline is at ``position``, on the local clock."""
        for timeline, after in zip(self._planned, self._planned[1:], strict=False):
            instant = timeline.instant_of(position)
            if instant < after.at:
                return self.local(instant)
        return self.local(self.timeline.instant_of(position))

    def target(self, now: float) -> float | None:
        """Where the player should be; None while the server's clock is unknown."""
        return None if self.offset is None else self._position_at(now + self.offset)

    def aim(self, ready: float) -> float:
        """Where to go when the player will be ready there at ``ready``."""
        if self.offset is None or not self.wants_play:
            return self.resting_place
        return self._position_at(ready + self.offset)

    def _position_at(self, instant: float) -> float:
        return self.within(self._at(instant).position_at(instant))

    @property
    def resting_place(self) -> float:
        """Where the timeline stands while it does not move."""
        return self.within(self.timeline.position)

    def within(self, position: float) -> float:
        """``position``, but not past an end that the player has come to."""
        return position if self.end is None else min(position, self.end)

    def landed(self, position: float) -> None:
        """The player is at ``position``; a film that goes on there has not ended before."""
        if self.end is not None and position > self.end + NEAR_END:
            self.end = None

    def is_past_end(self, now: float) -> bool:
        """Whether the timeline has gone beyond an end that the player has come to."""
        if self.end is None or self.offset is None:
            return False
        instant = now + self.offset
        return self._at(instant).position_at(instant) >= self.end - NEAR_END
