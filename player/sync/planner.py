"""From where a player is and where it should be to what it is told.

Pure. Instants are seconds on the local monotonic clock; positions are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from player.sync.echo import PauseEchoFilter
from player.sync.messages import (
    Finished,
    FollowerEvent,
    InStep,
    Jumped,
    PauseNow,
    PlayAtRate,
    PlayerCommand,
    SeekTo,
    Widened,
)
from player.sync.phase import MOVING
from player.sync.seeks import ELSEWHERE, JumpLimiter
from protocol.sync.controller import Jump, Nudge

if TYPE_CHECKING:
    from player.sync.state import FollowerState

CorrectionMode = Literal["off", "soft", "full"]

DEAD_AFTER_START: Final = 0.600
DEAD_AFTER_WRITE: Final = 0.450
PAUSED_TOLERANCE: Final = 0.010
LATE: Final = 0.080
"""A start that is later than this goes to a new place instead."""
EARLY: Final = 3.0
"""A start that is further off than this wants another seek."""
SAME_START: Final = 0.001


class SyncPlanner:
    """Decides what the player is told; tells of what it did in ``told``."""

    def __init__(self, bearings: FollowerState, correction: CorrectionMode) -> None:
        self.correction: CorrectionMode = correction
        self.enabled = True
        """The stream wants drifts to be mended at all."""
        self.tolerance = 0.5
        self.ledger = PauseEchoFilter()
        self.guard = JumpLimiter()
        self.quiet_until = float("-inf")
        """Until then a position says nothing: the player is still taking a change in."""
        self.settling = False
        """A jump was made, and it is not told yet what came of it."""
        self.told: list[FollowerEvent] = []
        self._bearings = bearings
        self._is_new = False
        """The timeline has come while the player was on its way with an earlier one."""
        self._due = 0.0
        """When the player is to move, in a start that is planned."""

    def new_goal(self) -> None:
        """There is another timeline."""
        self._is_new = True
        self.guard.new_goal()
        self._bearings.seeks.new_goal()
        self._bearings.where.forget_drift()
        self._bearings.controller.forget()

    def steer(self, now: float) -> list[PlayerCommand]:
        """Bring the player from where it is towards what the timeline asks."""
        bearings = self._bearings
        if bearings.phase in ("idle", "loading", "failed"):
            return []
        if bearings.phase == "seeking":
            return self._seeking(now)
        if not bearings.course.wants_play:
            return self._to_rest(now)
        if not bearings.course.known:
            return []
        if bearings.course.is_past_end(now):
            return self._to_end(now)
        if bearings.phase in MOVING:
            return self._moving(now)
        return self._to_start(now)

    # By phase ---------------------------------------------------------------------------

    def _seeking(self, now: float) -> list[PlayerCommand]:
        """Give up a seek that goes to the wrong place by far; else wait for it."""
        bearings, seeks = self._bearings, self._bearings.seeks
        if not bearings.may_seek(now):
            return []
        if seeks.is_overdue(now):
            return self.seek(bearings.aim(now), now)
        if not self._is_new:
            return []
        self._is_new = False
        # Where it would have gone, had this been the timeline when it was sent.
        if abs(bearings.aim(seeks.sent_at) - seeks.target) <= ELSEWHERE:
            return []
        return self.seek(bearings.aim(now), now)

    def _to_rest(self, now: float) -> list[PlayerCommand]:
        bearings = self._bearings
        if bearings.phase in MOVING or bearings.armed is not None:
            return self.pause(now)
        due = bearings.course.resting_place
        # A player that was stopped shows the picture before this place, one that was sent
        # there the picture after it: each is sent there, so that all show the same.
        is_near = abs(bearings.where.landed - due) <= PAUSED_TOLERANCE
        # At the end there is no other picture, and without data a seek would take longer.
        is_good = is_near and (bearings.phase == "ended" or bearings.stall.waits)
        if is_good or bearings.seeks.rests_at(due) or not bearings.may_seek(now):
            return []
        return self.seek(due, now)

    def _to_end(self, now: float) -> list[PlayerCommand]:
        """The timeline has reached the end: a player that runs gets there by itself."""
        bearings = self._bearings
        end = bearings.aim(now)
        if bearings.phase in MOVING:
            is_far = end - bearings.expected(now) > self._most
            return self.seek(end, now) if is_far and self._may_intercept else []
        if bearings.phase != "resting":
            return []
        if abs(bearings.where.landed - end) <= LATE or bearings.seeks.rests_at(end):
            self.finish(now)
            return []
        return self.seek(end, now)

    def _moving(self, now: float) -> list[PlayerCommand]:
        """A timeline that has just come may be somewhere else altogether."""
        bearings, course = self._bearings, self._bearings.course
        if not self._is_new or bearings.is_live or course.is_handing_over:
            return []
        tolerance = self._most if course.starts_in(now) == 0 else PAUSED_TOLERANCE
        if abs(bearings.expected(now) - bearings.agreed(now)) <= tolerance:
            return []
        return self.seek(bearings.aim(now), now)

    def _to_start(self, now: float) -> list[PlayerCommand]:
        bearings, course = self._bearings, self._bearings.course
        landed = course.start if bearings.is_live else bearings.where.landed
        self._due = course.due(landed)
        due = self._due - bearings.learned.latency(bearings.timeline.rate)
        is_misplaced = (
            now - due > LATE
            or due - now > EARLY + course.starts_in(now)
            or landed < course.start - PAUSED_TOLERANCE
            or bearings.phase == "ended"
        )
        retries = is_misplaced and bearings.may_seek(now)
        if retries and bearings.seeks.may_retry(is_seekable=bearings.is_seekable):
            return self.seek(bearings.aim(now), now)
        # One that cannot be mended is made at once, however late.
        return self._arm(now if now - due > LATE else due, now)

    def _arm(self, instant: float, now: float) -> list[PlayerCommand]:
        """Plan the start; a plan that changes is no new one."""
        bearings, before = self._bearings, self._bearings.armed
        if before is not None and abs(before - instant) < SAME_START:
            return []
        bearings.armed = instant
        rate, _ = bearings.course.rate_at(max(instant, now))
        if before is not None and rate == bearings.base_rate:
            return []
        bearings.base_rate = rate
        bearings.controller.restart(rate)
        return [PlayAtRate(rate)]

    def started(self, instant: float) -> None:
        """The planned start was carried out at ``instant``."""
        bearings = self._bearings
        if bearings.armed is None:
            return
        bearings.to("stalled" if bearings.stall.acted else "running", instant)
        bearings.armed = None
        bearings.where.seen(bearings.where.landed, instant)
        bearings.seeks.leave()
        bearings.controller.restart(bearings.base_rate)
        self._is_new = False
        self.ledger.write(False, instant)
        self.quiet_until = instant + DEAD_AFTER_START
        bearings.learned.started(instant, self._due - instant, bearings.base_rate)

    # While it runs ----------------------------------------------------------------------

    def keep_rate(self, now: float) -> list[PlayerCommand]:
        """Write a new rate as long before it holds as the player takes to follow."""
        bearings, course = self._bearings, self._bearings.course
        if not course.known or not course.wants_play:
            return []
        early = bearings.learned.rate_latency
        rate, begins = course.rate_at(now + early)
        if rate == bearings.base_rate:
            return []
        bearings.learned.rate_written(begins - now, rate - bearings.base_rate)
        bearings.base_rate = rate
        bearings.controller.restart(rate)
        self.quiet_until = now + early + DEAD_AFTER_WRITE
        return [PlayAtRate(rate)]

    def control(self, now: float) -> list[PlayerCommand]:
        """Mend what has been measured of the drift."""
        bearings = self._bearings
        if not bearings.course.known or bearings.is_live or bearings.stall.waits:
            return []
        if bearings.course.is_past_end(now):
            return self._to_end(now)
        if commands := self._moving(now):
            return commands
        drift = bearings.controller.drift
        if drift is None:
            return []
        self._is_new = False
        bearings.learned.first_drift(now, drift)
        self.settle(drift)
        return self._correct(drift, now) if self._mends else []

    @property
    def _mends(self) -> bool:
        return self.enabled and self.correction != "off"

    @property
    def _most(self) -> float:
        """Seconds of media that are glided; a slow film takes as much longer to mend them."""
        return self.tolerance * min(1.0, self._bearings.timeline.rate)

    @property
    def _may_intercept(self) -> bool:
        return self.enabled and self.correction == "full" and self._bearings.is_seekable

    def _correct(self, drift: float, now: float) -> list[PlayerCommand]:
        may_jump = self._may_intercept and self.guard.may_jump(now)
        tolerance = self._most * self.guard.widening(now) if may_jump else float("inf")
        match self._bearings.controller.correct(now, tolerance):
            case Nudge(rate):
                self.quiet_until = now + DEAD_AFTER_WRITE
                return [PlayAtRate(rate)]
            case Jump(reason) if may_jump:
                if self.guard.corrected(now):
                    self.told.append(Widened(self.tolerance * self.guard.widening(now)))
                return self._intercept(drift, reason, now)
            case _:
                return []

    def rejoin(self, now: float) -> list[PlayerCommand]:
        """After a stall it is known at once how far the timeline has gone on."""
        bearings = self._bearings
        if not bearings.course.known or not self._may_intercept or not bearings.may_seek(now):
            return []
        drift = bearings.expected(now) - bearings.agreed(now)
        if abs(drift) <= self._most or not self.guard.may_jump(now):
            return []
        self.guard.jumped(now)
        return self._intercept(drift, "after a stall", now)

    def _intercept(self, drift: float, reason: str, now: float) -> list[PlayerCommand]:
        """Pause, go to where the timeline will be, start when it is there."""
        self.settling = True
        self.told.append(Jumped(drift, reason))
        return self.seek(self._bearings.aim(now), now)

    # Steps ------------------------------------------------------------------------------

    def seek(self, position: float, now: float) -> list[PlayerCommand]:
        """Go to ``position`` and rest there."""
        bearings = self._bearings
        bearings.to("seeking", now)
        bearings.seeks.send(position, now)
        bearings.where.seen(position, now)
        self._is_new = False
        self.ledger.write(True, now)
        return [SeekTo(position)]

    def pause(self, now: float) -> list[PlayerCommand]:
        """Stop here; where exactly is answered by the driver."""
        self._bearings.to("resting", now)
        return self.keep_paused(now)

    def keep_paused(self, now: float) -> list[PlayerCommand]:
        """Whatever it is at, it does not run."""
        self.ledger.write(True, now)
        return [PauseNow()]

    def finish(self, now: float) -> None:
        """The end of the film is reached."""
        bearings = self._bearings
        end = bearings.course.duration
        bearings.to("ended", now)
        bearings.where.rest(bearings.expected(now) if end is None else end, now)
        self.told.append(Finished(bearings.where.landed))

    def settle(self, drift: float) -> None:
        """Tell what is left of the drift after a jump."""
        if self.settling:
            self.settling = False
            self.told.append(InStep(drift))
