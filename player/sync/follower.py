"""Follower of a timeline: what a player is told, and when.

Pure: it is told the time, what the player says and what was sampled, and answers with
commands. One thread owns it (see ``player.sync.thread``). What comes in here changes the
state (``state.py``) within its phases (``phase.py``, with a picture); the planner
(``planner.py``) then decides what is to be done. Instants are seconds on the local monotonic
clock unless said; positions are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from player.backend.base import (
    DurationChanged,
    EndReached,
    Failed,
    KeyPressed,
    MediaGrown,
    MediaOpened,
    PauseChanged,
    PlayerEvent,
    Restarted,
    Sample,
    StallChanged,
    SubtitlesFailed,
    TimestampsRestarted,
    TracksChanged,
)
from player.sync.messages import (
    Acted,
    CorrectionMode,
    FollowerEvent,
    FollowerView,
    LineSlow,
    OutOfReach,
    PlayAtRate,
    PlayerCommand,
    Stalled,
    Widened,
)
from player.sync.phase import HERE, MOVING, Phase
from player.sync.planner import (
    Decision,
    FinishFilm,
    KeepSeek,
    LeaveTimeline,
    PauseHere,
    ScheduleStart,
    SeekPosition,
    SeekTimeline,
    plan,
    plan_moving,
)
from player.sync.state import DEAD_AFTER_START, DEAD_AFTER_WRITE, FollowerState
from protocol.sync.controller import Hold, Jump, Nudge

if TYPE_CHECKING:
    from protocol.timeline import Timeline

TICK: Final = 0.050
CONTROL_INTERVAL: Final = 0.250
MAX_BRACKET: Final = 0.004
"""A read that took longer is too vague to be used."""
CLOCK_STEP: Final = 0.005
"""Seconds; a clock that is slewed moves less from one look to the next."""


class Follower:
    """Decides for one player; owned by one thread."""

    def __init__(self, correction: CorrectionMode = "full") -> None:
        self._state = FollowerState(correction)
        self._generation = 0
        self._controlled_at = float("-inf")

    @property
    def generation(self) -> int:
        """Number of the load that the player's events must belong to."""
        return self._generation

    @property
    def phase(self) -> Phase:
        """What the player is at."""
        return self._state.phase

    @property
    def rate(self) -> float:
        """Media seconds per second that the player was told to play at."""
        return self._state.controller.rate

    @property
    def armed(self) -> float | None:
        """Local instant at which the player is to be started, while there is one."""
        return self._state.armed

    # What is agreed ---------------------------------------------------------------------

    def set_clock(self, offset: float | None) -> None:
        """Server's clock minus the local one, in seconds; without it nothing is corrected."""
        schedule = self._state.schedule
        before, schedule.offset = schedule.offset, offset
        if before is None or offset is None or abs(offset - before) > CLOCK_STEP:
            # What is measured next is the clock's step, not how late the player is.
            self._state.latency.spoil()

    def set_tolerance(self, tolerance: float) -> None:
        """Drift in seconds that a glide may mend."""
        self._state.tolerance = tolerance

    def set_sync_enabled(self, enabled: bool) -> None:
        """Whether the stream wants drifts to be mended; its events are followed in any case."""
        self._state.sync_enabled = enabled

    def follow(self, timeline: Timeline, now: float) -> list[PlayerCommand]:
        """Take the timeline to keep to; the same one again changes nothing."""
        if timeline == self._state.timeline:
            return []
        self._state.take_timeline(timeline, now)
        return self._next_commands(now)

    def load(
        self,
        now: float,
        *,
        is_network: bool,
        is_live: bool = False,
        has_shared_timestamps: bool = False,
    ) -> float:
        """A load is on its way; returns the position to open at."""
        state = self._state
        state.stall.reload()
        self._close(now)
        state.live.load(is_live=is_live, is_shared=has_shared_timestamps)
        state.latency.new_media(is_network=is_network)
        state.to("loading", now)
        position = 0.0 if state.live.is_free_running else state.aim(now)
        state.seeks.loading(position, now)
        return position

    def unload(self, now: float) -> None:
        """There is no media any more."""
        self._state.stall.clear()
        self._close(now)

    def _close(self, now: float) -> None:
        self._generation += 1
        state = self._state
        state.schedule.end = None
        state.to("idle", now)
        state.fill.clear()
        state.estimate.clear()
        state.echo_filter.clear()

    def hold(self, now: float) -> list[PlayerCommand]:
        """Stop at once, until the timeline says something new; `Acted` tells where."""
        self._state.schedule.hold(now)
        self._state.expect_act()
        commands = self._next_commands(now)
        if not commands:
            self._state.tell_act(now)
        return commands

    def release(self, now: float) -> list[PlayerCommand]:
        """Back to the timeline as it stands."""
        self._state.schedule.release()
        return self._next_commands(now)

    def jump(self, now: float, reason: str = "asked") -> list[PlayerCommand]:
        """Go where the timeline is, however small the drift; `InStep` tells what came of it."""
        state = self._state
        state.expect_in_step()
        state.live.try_again()
        if state.phase not in HERE or not state.can_seek(now):
            return []
        state.jump_limiter.jumped(now)
        return state.jump(state.drift(now), reason, now)

    # What the player says ---------------------------------------------------------------

    def player_event(self, event: PlayerEvent, now: float) -> list[PlayerCommand]:
        """Take what the player tells; what belongs to an earlier load is ignored."""
        if isinstance(event, KeyPressed) or event.generation != self._generation:
            return []
        state = self._state
        match event:
            case MediaOpened():
                # Of a live stream, what can be gone to is told besides.
                state.is_seekable = event.is_seekable or event.is_live
                state.latency.new_device(event.audio_device)
                state.latency.new_picture(event.pixels)
            case Restarted():
                return self._restarted(event, now)
            case PauseChanged():
                state.echo_filter.hear(event.paused)
                return self._watch_pause(now)
            case StallChanged():
                state.count_from(state.expected(event.instant), event.instant)
                state.stall.changed(stalled=event.stalled, instant=event.instant)
                state.latency.spoil()
                return self._watch_stall(now)
            case EndReached():
                self._end_reached(event, now)
            case Failed():
                self._failed(event, now)
            case TimestampsRestarted():
                # A jump could lead anywhere: what is left is the rate.
                state.is_seekable = state.live.is_live
            case TracksChanged() | SubtitlesFailed() | DurationChanged() | MediaGrown():
                pass  # the session's
            case _:
                assert_never(event)
        return []

    def rested(self, position: float | None, now: float) -> list[PlayerCommand]:
        """`PauseNow` is carried out: the player goes on from ``position``, None if unknown."""
        if self._state.phase == "resting" and position is not None:
            self._state.estimate.rest(position, now)
        self._state.tell_act(now)
        return self._next_commands(now)

    def started(self, instant: float) -> None:
        """The player was started at ``instant``, as planned for `armed`."""
        self._state.start(instant)

    def filled(self, until: float | None, now: float) -> None:
        """The film is there up to ``until``; None while the player asks for no more of it."""
        state = self._state
        state.fill.observe(now, until, state.position(now))

    def wants_sample(self, now: float) -> bool:
        """Whether a position read now would mean anything."""
        return self._state.hears_samples(now)

    def sampled(self, sample: Sample) -> None:
        """Take a position that was read."""
        state = self._state
        if sample.bracket > MAX_BRACKET or not state.hears_samples(sample.before):
            return
        state.estimate.seen(sample.position, sample.instant)
        target = state.schedule.target(sample.instant)
        if target is not None and not state.stall.waits:
            state.controller.observe(sample.instant, sample.position - target)

    # Time passes ------------------------------------------------------------------------

    def tick(self, now: float) -> list[PlayerCommand]:
        """What is to be done at ``now``."""
        if commands := self._watch_stall(now) or self._watch_pause(now):
            return commands
        self._state.schedule.hand_over(now)
        if self._state.phase != "running":
            return self._next_commands(now)
        if commands := self._state.keep_rate(now):
            return commands
        if now - self._controlled_at < CONTROL_INTERVAL:
            return []
        self._controlled_at = now
        return self._control(now)

    def set_loaded(self, start: float, end: float) -> None:
        """Of a live stream, all between these positions is loaded."""
        self._state.live.set_loaded(start, end)

    def shift(self, by: float, now: float) -> list[PlayerCommand]:
        """Positions of a live stream are reckoned from elsewhere, and so grow."""
        if by == 0.0:
            return []
        self._state.shift(by, now)
        return self._next_commands(now)

    def take_events(self) -> list[FollowerEvent]:
        """What happened since the last call."""
        return self._state.take_events()

    def view(self, now: float) -> FollowerView:
        """How things stand at ``now``."""
        return self._state.view(now)

    # What is done about it --------------------------------------------------------------

    def _next_commands(self, now: float) -> list[PlayerCommand]:
        """Bring the player from where it is towards what the timeline asks."""
        return self._perform(plan(self._state.situation(now)), now)

    def _perform(self, decision: Decision | None, now: float) -> list[PlayerCommand]:
        state = self._state
        match decision:
            case None:
                return []
            case SeekPosition(position):
                return state.seek(position, now)
            case SeekTimeline(is_retry):
                if is_retry:
                    state.seeks.retry()
                return state.seek(state.aim(now), now)
            case KeepSeek():
                state.settle_timeline()
            case PauseHere():
                return state.pause(now)
            case ScheduleStart(instant, due):
                return state.arm(instant, due, now)
            case FinishFilm():
                state.finish(now)
            case LeaveTimeline():
                return self._leave_timeline(now)
            case _:
                assert_never(decision)
        return []

    def _control(self, now: float) -> list[PlayerCommand]:
        """Mend what has been measured of the drift of a player that runs."""
        state = self._state
        situation = state.situation(now)
        if not situation.clock_known or situation.is_free_running or situation.is_waiting:
            return []
        if situation.is_live:
            is_off = abs(situation.position - situation.target) > situation.tolerance
            is_lost = is_off and not state.live.holds(situation.target)
            if state.live.misses(is_off=is_lost, now=now):
                return self._leave_timeline(now)
            if is_lost:
                return []
        decision = plan_moving(situation)
        if decision is not None or situation.is_past_end:
            return self._perform(decision, now)
        drift = state.controller.drift
        if drift is None:
            return []
        state.settle_timeline()
        state.latency.first_drift(now, drift)
        state.tell_in_step(drift)
        return self._correct(drift, now) if state.may_correct else []

    def _leave_timeline(self, now: float) -> list[PlayerCommand]:
        """Play on in a live stream where the timeline cannot be followed to."""
        state = self._state
        state.live.give_up()
        state.emit(OutOfReach(state.expected(now)))
        return self._next_commands(now)

    def _correct(self, drift: float, now: float) -> list[PlayerCommand]:
        state, limiter = self._state, self._state.jump_limiter
        may_jump = state.may_jump and limiter.may_jump(now) and state.live.holds(state.aim(now))
        most = state.media_tolerance * limiter.widening(now) if may_jump else float("inf")
        match state.controller.correct(now, most):
            case Nudge(rate):
                state.quieten(now + DEAD_AFTER_WRITE)
                return [PlayAtRate(rate)]
            case Jump(reason):
                if not may_jump:
                    return []
                if limiter.corrected(now):
                    state.emit(Widened(state.tolerance * limiter.widening(now)))
                return state.jump(drift, reason, now)
            case Hold():
                return []

    def _rejoin(self, now: float) -> list[PlayerCommand]:
        """After a stall it is known at once how far the timeline has gone on."""
        state = self._state
        if not state.schedule.known or not state.may_jump or not state.can_seek(now):
            return []
        drift = state.expected(now) - state.target(now)
        if abs(drift) <= state.media_tolerance or not state.jump_limiter.may_jump(now):
            return []
        state.jump_limiter.jumped(now)
        return state.jump(drift, "after a stall", now)

    def _restarted(self, event: Restarted, now: float) -> list[PlayerCommand]:
        state = self._state
        # One that is older than the seek belongs to a seek that this one has replaced.
        if state.phase not in ("loading", "seeking") or event.instant < state.seeks.sent_at:
            return []
        took = state.seeks.done(event.instant)
        if took is not None:
            state.latency.seek_took(took)
        if state.live.is_live and state.phase == "loading":
            # It is opened at its edge, wherever it was to be.
            state.seeks.leave()
            state.live.opened(now)
        state.to("resting", now)
        state.schedule.landed(event.position)
        state.estimate.rest(event.position, event.instant)
        state.stall.restart(event.instant)
        if not state.timeline.playing:
            state.tell_in_step(event.position - state.schedule.resting_place)
        return self._next_commands(now)

    def _watch_pause(self, now: float) -> list[PlayerCommand]:
        """Look whether somebody has paused or started the player by hand."""
        state = self._state
        paused = state.echo_filter.take_act(now)
        if paused is None or not state.is_here or state.phase == "ended":
            return []
        if state.phase == "seeking":
            return state.keep_paused(now)
        if paused:
            state.schedule.hold(now)
            state.expect_act()
        elif not state.schedule.wants_play:
            state.emit(Acted(False, state.estimate.landed))
        return state.pause(now)

    def _end_reached(self, event: EndReached, now: float) -> None:
        state = self._state
        if not state.is_here or event.instant < state.seeks.sent_at:
            return  # said before the seek away from there
        if not state.live.is_live:
            state.schedule.end = event.position
        if state.phase != "ended":
            state.finish(now)

    def _failed(self, event: Failed, now: float) -> None:
        """A film that breaks off in the middle stalls the player as missing data does."""
        state = self._state
        is_due = state.schedule.wants_play and state.phase not in ("idle", "ended", "failed")
        position = state.position(now)
        state.to("failed", now)
        if not event.lost and state.stall.lose(counts=is_due):
            state.emit(Stalled(True, state.target(now) if position is None else position))

    def _watch_stall(self, now: float) -> list[PlayerCommand]:
        state = self._state
        if state.hangs(now) and state.stall.lose(counts=True):
            state.emit(Stalled(True, state.expected(now)))
            return []
        stalled = state.stall.news(now, counts=state.phase == "running")
        if stalled is None:
            return []
        state.emit(Stalled(stalled, state.expected(now)))
        if state.fill.is_slow and state.fill.rate is not None:
            state.emit(LineSlow(state.fill.rate))
        state.controller.forget()
        if state.phase not in MOVING:
            return []
        state.to("stalled" if stalled else "running", now)
        state.quieten(now + DEAD_AFTER_START)
        return [] if stalled else self._rejoin(now)
