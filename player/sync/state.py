"""What is known of a player and of where it should be; decides nothing.

Pure. Instants are seconds on the local monotonic clock unless said; positions are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.sync.latency import LatencyModel
from player.sync.messages import FollowerView
from player.sync.phase import HERE, MOVING, Phase, correction_word, seat_state
from player.sync.position import PositionEstimate
from player.sync.schedule import TimelineSchedule
from player.sync.seeks import SeekTracker
from player.sync.stall import StallDetector
from protocol.sync.controller import DriftController

if TYPE_CHECKING:
    from protocol.timeline import Timeline

PICTURE: Final = 0.1
"""Seconds; in no film worth watching a picture stays for longer."""


class FollowerState:
    """The phase of one player, its place, and the course it is to keep."""

    def __init__(self) -> None:
        self.phase: Phase = "idle"
        self.is_live = False
        """There is nothing to seek in, and no place to be at."""
        self.is_seekable = True
        """Any place can be gone to; else only what happens to be loaded."""
        self.armed: float | None = None
        """When the player is to be started, while a start is planned."""
        self.base_rate = 1.0
        """The timeline's rate that was last written, without what corrects a drift."""
        self.course = TimelineSchedule()
        self.where = PositionEstimate()
        self.controller = DriftController()
        self.learned = LatencyModel()
        self.seeks = SeekTracker()
        self.stall = StallDetector()

    def to(self, phase: Phase, now: float) -> None:
        """The player is at something else from ``now`` on."""
        self.stand_at(self.expected(now), now)
        self.phase = phase
        if phase != "running":
            self.controller.forget()
            self.learned.spoil()
            self.where.forget_drift()
            self.armed = None

    def stand_at(self, position: float, now: float) -> None:
        """Count from ``position`` on."""
        if self.position(now) is None:
            return
        if self.phase in MOVING:
            self.where.rest(position, now)
        else:
            self.where.seen(position, now)

    @property
    def timeline(self) -> Timeline:
        """What was agreed last."""
        return self.course.timeline

    @property
    def is_here(self) -> bool:
        """A film is open, or about to be at another place."""
        return self.phase in HERE or self.phase == "seeking"

    # Where it is ------------------------------------------------------------------------

    def position(self, now: float) -> float | None:
        """Where the player is; None while nothing is known of it."""
        moves = self.phase == "running" and not self.stall.waits
        position = self.where.position(now, self.controller.rate if moves else 0.0)
        return None if position is None else self.course.within(position)

    def expected(self, now: float) -> float:
        """Where the player should be by what is known of it."""
        return self.position(now) or 0.0

    def agreed(self, now: float) -> float:
        """Where the timeline is, as well as that can be told."""
        target = self.course.target(now)
        return self.course.resting_place if target is None else target

    def drift(self, now: float) -> float | None:
        """Player minus timeline, + ahead; None while it is not known."""
        if self.is_live:
            return None
        if self.phase == "running":
            return self.where.measured(self.controller.drift, now)
        target = self.course.target(now)
        if self.phase == "stalled" and target is not None:
            return self.expected(now) - target
        if self.phase == "resting" and not self.timeline.playing and not self.course.held:
            place = self.course.resting_place
            gap = self.where.landed - place
            # The first picture from an agreed place on is where every seat rests.
            return 0.0 if self.seeks.rests_at(place) and abs(gap) < PICTURE else gap
        return None

    # Where to go ------------------------------------------------------------------------

    def may_seek(self, now: float) -> bool:
        """Whether there is a place to go to that is surely better than this one."""
        if self.is_live or self.course.held:
            return False
        if not self.course.wants_play:
            return True
        return self.course.known and not (self.phase == "ended" and self.course.is_past_end(now))

    def aim(self, now: float) -> float:
        """Where a seek at ``now`` must go so that the timeline arrives when the player is ready."""
        cost = self.learned.seek_cost
        if self.seeks.has_missed:
            cost = max(cost, self.learned.last_seek_cost)
        cost += self.seeks.margin
        return self.course.aim(now + cost + self.learned.latency(self.timeline.rate))

    # As it is shown ---------------------------------------------------------------------

    def view(self, now: float) -> FollowerView:
        """How things stand at ``now``."""
        return FollowerView(
            at=now,
            state=seat_state(
                self.phase,
                wants_play=self.timeline.playing,
                is_armed=self.armed is not None,
                waits=self.stall.shown(now),
            ),
            position=self.position(now),
            target=self.agreed(now),
            drift=self.drift(now),
            correction=correction_word(self.phase, self.controller.rate / self.base_rate - 1),
            starts_in=max(0.0, self.armed - now) if self.armed is not None else None,
            seek_cost=self.learned.seek_cost,
            start_cost=self.learned.start_cost(self.timeline.rate),
            timeline=self.timeline,
        )
