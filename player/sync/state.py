"""Follower state: state of a follower: what is known of a player, where it should be, and the
steps it takes.

Private to its follower, which calls the verbs here; the planner reads a `Situation`. Pure.
Instants are seconds on the local monotonic clock unless said; positions are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.sync.echo import PauseEchoFilter
from player.sync.latency import LatencyModel
from player.sync.live.live_range import LiveRange
from player.sync.messages import (
    Acted,
    Finished,
    FollowerEvent,
    FollowerView,
    InStep,
    Jumped,
    PauseNow,
    PlayAtRate,
    PlayerCommand,
    SeekTo,
)
from player.sync.phase import HERE, MOVING, Phase, check_transition, correction_of, seat_state
from player.sync.planner import Situation
from player.sync.position import PositionEstimate
from player.sync.schedule import TimelineSchedule
from player.sync.seeks import SEEK_STALLS, JumpLimiter, SeekTracker
from player.sync.stall import StallDetector
from protocol.sync.controller import DriftController
from protocol.sync.fill import FillMeter

if TYPE_CHECKING:
    from player.sync.messages import CorrectionMode
    from protocol.timeline import Timeline

DEAD_AFTER_START: Final = 0.600
DEAD_AFTER_WRITE: Final = 0.450
SAME_START: Final = 0.001
SAME_END: Final = 0.25
"""Seconds by which two seats may tell the end of one film apart."""
PICTURE: Final = 0.25
"""Seconds; a picture that stays for longer is repeated."""


class FollowerState:
    """Everything that changes in a follower."""

    def __init__(self, correction: CorrectionMode) -> None:
        self.sync_enabled = True
        """The stream wants drifts to be mended at all."""
        self.tolerance = 0.5
        self.is_seekable = True
        """Any place can be gone to; else only what happens to be loaded."""
        self.live: Final = LiveRange()
        self.schedule: Final = TimelineSchedule()
        self.estimate: Final = PositionEstimate()
        self.controller: Final = DriftController()
        self.latency: Final = LatencyModel()
        self.seeks: Final = SeekTracker()
        self.stall: Final = StallDetector()
        self.echo_filter: Final = PauseEchoFilter()
        self.jump_limiter: Final = JumpLimiter()
        self._correction: Final = correction
        self._phase: Phase = "idle"
        self.fill: Final = FillMeter()
        self._fill_lead = 0.0
        """How far ahead of the timeline the last jump went, to have enough when it comes."""
        self._armed: float | None = None
        self._due = 0.0
        """When the player is to move, in a start that is planned."""
        self._base_rate = 1.0
        """The timeline's rate that was last written, without what corrects a drift."""
        self._is_new = False
        """The timeline has come since the player was last sent anywhere, or started."""
        self._quiet_until = float("-inf")
        """Until then a position says nothing: the player is still taking a change in."""
        self._owes_act = False
        """Somebody has paused the player, and it is not told yet where."""
        self._owes_in_step = False
        """A jump was made, and it is not told yet what came of it."""
        self._events: list[FollowerEvent] = []

    # Phase ------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """What the player is at."""
        return self._phase

    def to(self, phase: Phase, now: float) -> None:
        """Enter a phase.

        Raises:
            ValueError: it may not follow the one before.
        """
        check_transition(self._phase, phase)
        self.count_from(self.expected(now), now)
        self._phase = phase
        if phase != "running":
            self.controller.forget()
            self.latency.spoil()
            self.estimate.forget_drift()
            self._armed = None

    @property
    def is_here(self) -> bool:
        """A film is open, or about to be at another place."""
        return self._phase in HERE or self._phase == "seeking"

    @property
    def armed(self) -> float | None:
        """When the player is to be started, while a start is planned."""
        return self._armed

    # Position and drift -----------------------------------------------------------------

    def count_from(self, position: float, now: float) -> None:
        """Count from ``position`` on."""
        if self.position(now) is None:
            return
        if self._phase in MOVING:
            self.estimate.rest(position, now)
        else:
            self.estimate.seen(position, now)

    def shift(self, by: float, now: float) -> None:
        """Positions are reckoned from elsewhere, and so grow ``by``."""
        landed = self.estimate.landed + by
        here = self.position(now)
        self.estimate.rest(landed, now)
        if here is not None:
            self.estimate.seen(here + by, now)
        self.live.shift(by)
        self.controller.forget()
        self.estimate.forget_drift()
        self.seeks.leave()
        self._is_new = True

    def position(self, now: float) -> float | None:
        """Where the player is; None while nothing is known of it."""
        if self._phase == "ended" and self.rests_at_end:
            return self.schedule.resting_place
        moves = self._phase == "running" and not self.stall.waits
        position = self.estimate.position(now, self.controller.rate if moves else 0.0)
        return None if position is None else self.schedule.within(position)

    @property
    def rests_at_end(self) -> bool:
        """The party has stopped where the film ends, as near as one seat can tell another."""
        place = self.schedule.timeline.position
        return (
            self.schedule.end is not None
            and not self.schedule.wants_play
            and abs(place - self.estimate.landed) <= SAME_END
        )

    def expected(self, now: float) -> float:
        """Where the player should be by what is known of it."""
        return self.position(now) or 0.0

    def target(self, now: float) -> float:
        """Where the timeline is, as well as that can be told."""
        target = self.schedule.target(now)
        return self.schedule.resting_place if target is None else target

    def drift(self, now: float) -> float | None:
        """Player minus timeline, + ahead; None while it is not known."""
        if self.live.is_free_running:
            return None
        if self._phase == "running":
            return self.estimate.measured(self.controller.drift, now)
        target = self.schedule.target(now)
        if self._phase == "stalled" and target is not None:
            return self.expected(now) - target
        if self._phase == "resting" and not self.timeline.playing and not self.schedule.held:
            place = self.schedule.resting_place
            gap = self.estimate.landed - place
            # The first picture from an agreed place on is where every seat rests.
            return 0.0 if self.seeks.rests_at(place) and abs(gap) < PICTURE else gap
        return None

    def hears_samples(self, now: float) -> bool:
        """Whether a position read now would mean anything."""
        return self._phase == "stalled" or (self._phase == "running" and now >= self._quiet_until)

    def quieten(self, until: float) -> None:
        """Positions that are read before ``until`` say nothing."""
        self._quiet_until = until

    # Timeline ---------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """What was agreed last."""
        return self.schedule.timeline

    def take_timeline(self, timeline: Timeline, now: float) -> None:
        """Another timeline holds."""
        self.schedule.take(timeline, now)
        self._is_new = True
        self._fill_lead = 0.0
        self.live.try_again()
        self.jump_limiter.new_goal()
        self.seeks.new_goal()
        self.estimate.forget_drift()
        self.controller.forget()

    def settle_timeline(self) -> None:
        """The player is on its way with the timeline that has come last."""
        self._is_new = False

    # Seeks ------------------------------------------------------------------------------

    def can_seek(self, now: float) -> bool:
        """Whether there is a place to go to that is surely better than this one."""
        if self.live.is_free_running or self.schedule.held or not self.live.holds(self.aim(now)):
            return False
        if not self.schedule.wants_play:
            return True
        return self.schedule.known and not (
            self._phase == "ended" and self.schedule.is_past_end(now)
        )

    def hangs(self, now: float) -> bool:
        """Whether the timeline moves on while a seek waits for data that does not come."""
        return (
            self._phase == "seeking"
            and self.schedule.known
            and self.schedule.wants_play
            and self.schedule.starts_in(now) == 0.0
            and now - self.seeks.sent_at > SEEK_STALLS
        )

    def aim(self, now: float) -> float:
        """Where a seek at ``now`` must go so that the timeline arrives when the player is ready."""
        cost = self.latency.seek_cost
        if self.seeks.has_missed:
            cost = max(cost, self.latency.last_seek_cost)
        cost = max(cost + self.seeks.margin, self._fill_lead)
        return self.schedule.aim(now + cost + self.latency.latency(self.timeline.rate))

    @property
    def may_correct(self) -> bool:
        """Whether drifts are mended at all."""
        return self.sync_enabled and self._correction != "off"

    @property
    def may_jump(self) -> bool:
        """Whether they may be mended by jumps, were there none before."""
        return (
            self.sync_enabled
            and self._correction == "full"
            and self.is_seekable
            and not self.fill.is_hopeless
        )

    @property
    def media_tolerance(self) -> float:
        """Seconds of media that are glided; a slow film takes as much longer to mend them."""
        return self.tolerance * min(1.0, self.timeline.rate)

    # Steps ------------------------------------------------------------------------------

    def seek(self, position: float, now: float) -> list[PlayerCommand]:
        """Go to ``position`` and rest there."""
        self.to("seeking", now)
        self.seeks.send(position, now)
        self.estimate.seen(position, now)
        self.fill.moved()
        self._is_new = False
        self.echo_filter.write(True, now)
        return [SeekTo(position)]

    def jump(self, drift: float | None, reason: str, now: float) -> list[PlayerCommand]:
        """Pause, go to where the timeline will be, start when it is there."""
        self._owes_in_step = True
        self._events.append(Jumped(drift, reason))
        self._fill_lead = self.fill.lead
        return self.seek(self.aim(now), now)

    def pause(self, now: float) -> list[PlayerCommand]:
        """Stop here; where exactly is answered by the thread."""
        self.to("resting", now)
        return self.keep_paused(now)

    def keep_paused(self, now: float) -> list[PlayerCommand]:
        """Whatever it is at, it does not run."""
        self.echo_filter.write(True, now)
        return [PauseNow()]

    def arm(self, instant: float, due: float, now: float) -> list[PlayerCommand]:
        """Plan the start; a plan that changes is no new one."""
        self._due, before = due, self._armed
        if before is not None and abs(before - instant) < SAME_START:
            return []
        self._armed = instant
        rate, _ = self.schedule.rate_at(max(instant, now))
        if before is not None and rate == self._base_rate:
            return []
        return self._write_base_rate(rate)

    def start(self, instant: float) -> None:
        """The planned start was carried out at ``instant``."""
        if self._armed is None:
            return
        self.to("stalled" if self.stall.acted else "running", instant)
        self._armed = None
        self._fill_lead = 0.0
        self.estimate.seen(self.estimate.landed, instant)
        self.seeks.leave()
        self.controller.restart(self._base_rate)
        self._is_new = False
        self.echo_filter.write(False, instant)
        self._quiet_until = instant + DEAD_AFTER_START
        self.latency.started(instant, self._due - instant, self._base_rate)

    def keep_rate(self, now: float) -> list[PlayerCommand]:
        """Write a new rate as long before it holds as the player takes to follow."""
        if not self.schedule.known or not self.schedule.wants_play:
            return []
        early = self.latency.rate_latency
        rate, begins = self.schedule.rate_at(now + early)
        if rate == self._base_rate:
            return []
        self.latency.rate_written(begins - now, rate - self._base_rate)
        self._quiet_until = now + early + DEAD_AFTER_WRITE
        return self._write_base_rate(rate)

    def _write_base_rate(self, rate: float) -> list[PlayerCommand]:
        self._base_rate = rate
        self.controller.restart(rate)
        return [PlayAtRate(rate)]

    def finish(self, now: float) -> None:
        """The end of the film is reached."""
        end = self.schedule.end
        self.to("ended", now)
        self.estimate.rest(self.expected(now) if end is None else end, now)
        self._events.append(Finished(self.estimate.landed))

    # Events -----------------------------------------------------------------------------

    def emit(self, event: FollowerEvent) -> None:
        """Something happened that others are told."""
        self._events.append(event)

    def take_events(self) -> list[FollowerEvent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    def expect_act(self) -> None:
        """Somebody has paused the player: `Acted` is told once it is known where."""
        self._owes_act = True

    def tell_act(self, now: float) -> None:
        """Tell where somebody has paused the player, if that is not told yet."""
        if not self._owes_act:
            return
        self._owes_act = False
        position = self.position(now)
        if position is None or not self.is_here:
            # A player that is not there says nothing about where the party is.
            position = self.target(now)
        self._events.append(Acted(True, position))

    def expect_in_step(self) -> None:
        """Somebody has asked for a jump: `InStep` is told in any case."""
        self._owes_in_step = True

    def tell_in_step(self, drift: float) -> None:
        """Tell what is left of the drift after a jump, if that is not told yet."""
        if self._owes_in_step:
            self._owes_in_step = False
            self._events.append(InStep(drift))

    # Readings ---------------------------------------------------------------------------

    def situation(self, now: float) -> Situation:
        """The state as the planner reads it."""
        schedule, seeks, place = self.schedule, self.seeks, self.schedule.resting_place
        aim = self.aim(now)
        # Where the seek under way would have gone, had this been the timeline when it was sent.
        seek_error = abs(self.aim(seeks.sent_at) - seeks.target)
        return Situation(
            now=now,
            phase=self._phase,
            is_armed=self._armed is not None,
            is_free_running=self.live.is_free_running,
            is_live=self.live.is_live,
            is_new=self._is_new,
            can_seek=self.can_seek(now),
            may_jump=self.may_jump,
            tolerance=self.media_tolerance,
            clock_known=schedule.known,
            wants_play=schedule.wants_play,
            is_past_end=schedule.is_past_end(now),
            rests_at_end=self._phase == "ended" and self.rests_at_end,
            is_handing_over=schedule.is_handing_over,
            starts_in=schedule.starts_in(now),
            fill_lead=self._fill_lead,
            start=schedule.start,
            resting_place=place,
            target=self.target(now),
            due=schedule.due(schedule.start if self.live.is_free_running else self.estimate.landed),
            latency=self.latency.latency(self.timeline.rate),
            position=self.expected(now),
            landed=self.estimate.landed,
            is_waiting=self.stall.waits,
            aim=aim,
            is_overdue=seeks.is_overdue(now),
            seek_error=seek_error,
            rests_in_place=seeks.rests_at(place),
            rests_at_aim=seeks.rests_at(aim),
            awaits_data=self.live.awaits(aim, now),
            may_retry=seeks.may_retry(is_seekable=self.is_seekable),
        )

    def view(self, now: float) -> FollowerView:
        """The state as the session reads it."""
        rate_change = self.controller.rate / self._base_rate - 1
        starts_in = max(0.0, self._armed - now) if self._armed is not None else None
        return FollowerView(
            at=now,
            phase=self._phase,
            state=seat_state(
                self._phase,
                wants_play=self.timeline.playing,
                starts_in=starts_in,
                waits=self.stall.shown(now),
                is_stalled=self.stall.acted or self._fill_lead > 0.0,
            ),
            is_stalled=self.stall.acted,
            position=self.position(now),
            target=self.target(now),
            drift=self.drift(now),
            correction=correction_of(self._phase, rate_change),
            rate_change=rate_change,
            starts_in=starts_in,
            seek_cost=self.latency.seek_cost,
            start_cost=self.latency.start_cost(self.timeline.rate),
            timeline=self.timeline,
        )
