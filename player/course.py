"""What is agreed, told by the local clock: where the player should be, and from when on.

Pure. Instants are seconds on the local monotonic clock unless said; positions are seconds.
"""

from __future__ import annotations

from typing import Final

from protocol.timeline import Timeline

NEAR_END: Final = 0.100
CONTINUES: Final = 0.050
"""Seconds two timelines may differ by where one takes over from the other."""


class Course:
    """A timeline on the server's clock, seen from here."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.offset: float | None = None
        """Server's clock minus the local one; None while unknown."""
        self.duration: float | None = None
        self.held = False
        """The host has stopped here, and the timeline does not say so yet."""
        self._before: Timeline | None = None

    def take(self, timeline: Timeline) -> None:
        """Keep to ``timeline``; where it carries on the one before, that holds until then."""
        before, self.timeline = self.timeline, timeline
        self.held = False
        both = before.playing and timeline.playing
        gap = abs(before.position_at(timeline.at) - timeline.position)
        self._before = before if both and gap < CONTINUES else None

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
        """The timeline before this one holds until the new one begins."""
        return self._before is not None

    @property
    def rate_change(self) -> float:
        """By how much the rate changes when the new timeline begins."""
        return 0.0 if self._before is None else self.timeline.rate - self._before.rate

    def hand_over(self, now: float) -> bool:
        """True once, when the new timeline begins."""
        if self._before is None or now < self.local(self.timeline.at):
            return False
        self._before = None
        return True

    def local(self, instant: float) -> float:
        """A server's instant on the local clock."""
        return instant - (self.offset or 0.0)

    def starts_in(self, now: float) -> float:
        """Seconds until the timeline begins to move; 0 when it has."""
        return max(0.0, self.local(self.timeline.at) - now)

    def due(self, position: float) -> float:
        """When the timeline is at ``position``, on the local clock."""
        return self.local(self.timeline.instant_of(position))

    def target(self, now: float) -> float | None:
        """Where the player should be; None while the server's clock is unknown."""
        if self.offset is None:
            return None
        instant = now + self.offset
        before = self._before
        timeline = before if before and instant < self.timeline.at else self.timeline
        return self.within(timeline.position_at(instant))

    def aim(self, ready: float) -> float:
        """Where to go when the player will be ready there at ``ready``."""
        if self.offset is None or self.held:
            return self.resting_place
        return self.within(self.timeline.position_at(ready + self.offset))

    @property
    def resting_place(self) -> float:
        """Where the timeline stands while it does not move."""
        return self.within(self.timeline.position)

    def within(self, position: float) -> float:
        """``position``, but not past the end."""
        return position if self.duration is None else min(position, self.duration)

    def is_past_end(self, now: float) -> bool:
        """Whether the timeline has reached the end of the film."""
        if self.duration is None or self.offset is None:
            return False
        return self.timeline.position_at(now + self.offset) >= self.duration - NEAR_END
