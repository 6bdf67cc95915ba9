"""Keeps a player on a timeline: what to tell the player, and when.

Pure: it is told the time, what the player says and what was sampled, and answers with
commands. One thread owns it (see ``player.sync.thread``). Instants are seconds on the local
monotonic clock unless said; positions are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.backend.base import (
    EndReached,
    Failed,
    MediaOpened,
    PauseChanged,
    PlayerEvent,
    Restarted,
    Sample,
    StallChanged,
)
from player.sync.messages import Acted, FollowerEvent, FollowerView, Jumped, PlayerCommand, Stalled
from player.sync.phase import HERE, MOVING, Phase
from player.sync.planner import DEAD_AFTER_START, CorrectionMode, SyncPlanner
from player.sync.state import FollowerState

if TYPE_CHECKING:
    from protocol.timeline import Timeline

TICK: Final = 0.050
CONTROL_INTERVAL: Final = 0.250
MAX_BRACKET: Final = 0.004
"""A read that took longer is too vague to be used."""
CLOCK_STEP: Final = 0.005
"""Seconds; a clock that is slewed moves less from one look to the next."""
END_ZONE: Final = 1.0
"""Seconds before the end from which a seek may run into it."""


class Follower:
    """Decides for one player; owned by one thread."""

    def __init__(self, correction: CorrectionMode = "full") -> None:
        self.generation = 0
        """Number of the load that the player's events must belong to."""
        self._bearings = FollowerState()
        self._steering = SyncPlanner(self._bearings, correction)
        self._controlled_at = float("-inf")
        self._acted = False

    # What is agreed ---------------------------------------------------------------------

    def set_clock(self, offset: float | None) -> None:
        """Server's clock minus the local one, in seconds; without it nothing is corrected."""
        before, self._bearings.course.offset = self._bearings.course.offset, offset
        if before is None or offset is None or abs(offset - before) > CLOCK_STEP:
            # What is measured next is the clock's step, not how late the player is.
            self._bearings.learned.spoil()

    def set_tolerance(self, tolerance: float) -> None:
        """Drift in seconds that a glide may mend."""
        self._steering.tolerance = tolerance

    def set_sync_enabled(self, enabled: bool) -> None:
        """Whether the stream wants drifts to be mended; its events are followed in any case."""
        self._steering.enabled = enabled

    def follow(self, timeline: Timeline, now: float) -> list[PlayerCommand]:
        """Take the timeline to keep to; the same one again changes nothing."""
        if timeline == self._bearings.timeline:
            return []
        self._bearings.course.take(timeline, now)
        self._steering.new_goal()
        return self._steering.steer(now)

    def load(self, now: float, *, is_network: bool, is_live: bool = False) -> float:
        """A load is on its way; returns the position to open at."""
        self.unload(now)
        bearings = self._bearings
        bearings.is_live = is_live
        bearings.learned.new_media(is_network=is_network)
        bearings.to("loading", now)
        position = 0.0 if is_live else bearings.aim(now)
        bearings.seeks.loading(position, now)
        return position

    def unload(self, now: float) -> None:
        """There is no media any more."""
        self.generation += 1
        bearings = self._bearings
        bearings.course.duration = None
        bearings.stall.clear()
        bearings.to("idle", now)
        bearings.where.clear()
        self._steering.ledger.clear()

    def hold(self, now: float) -> list[PlayerCommand]:
        """Stop at once, until the timeline says something new; `Acted` tells where."""
        self._bearings.course.hold(now)
        self._acted = True
        commands = self._steering.steer(now)
        if not commands:
            self._tell_act(now)
        return commands

    def release(self, now: float) -> list[PlayerCommand]:
        """Back to the timeline as it stands."""
        self._bearings.course.release()
        return self._steering.steer(now)

    def jump(self, now: float, reason: str = "asked") -> list[PlayerCommand]:
        """Go where the timeline is, however small the drift; `InStep` tells what came of it."""
        bearings, steering = self._bearings, self._steering
        steering.settling = True
        if bearings.phase not in HERE or not bearings.may_seek(now):
            return []
        steering.told.append(Jumped(bearings.drift(now), reason))
        steering.guard.jumped(now)
        return steering.seek(bearings.aim(now), now)

    @property
    def phase(self) -> Phase:
        """What the player is at."""
        return self._bearings.phase

    @property
    def armed(self) -> float | None:
        """Local instant at which the player is to be started, while there is one."""
        return self._bearings.armed

    # What the player says ---------------------------------------------------------------

    def player_event(self, event: PlayerEvent, now: float) -> list[PlayerCommand]:
        """Take what the player tells; what belongs to an earlier load is ignored."""
        if getattr(event, "generation", self.generation) != self.generation:
            return []
        bearings = self._bearings
        match event:
            case MediaOpened():
                bearings.course.duration = event.duration
                bearings.is_seekable = event.is_seekable
                bearings.learned.new_device(event.audio_device)
                bearings.learned.new_picture(event.pixels)
            case Restarted():
                return self._restarted(event, now)
            case PauseChanged():
                self._steering.ledger.told(event.paused)
                return self._watch_pause(now)
            case StallChanged():
                bearings.stand_at(bearings.expected(event.instant), event.instant)
                bearings.stall.changed(stalled=event.stalled, instant=event.instant)
                bearings.learned.spoil()
                return self._watch_stall(now)
            case EndReached():
                self._end_reached(now)
            case Failed():
                bearings.to("failed", now)
            case _:
                pass
        return []

    def rested(self, position: float | None, now: float) -> list[PlayerCommand]:
        """`PauseNow` is carried out: the player goes on from ``position``, None if unknown."""
        if self._bearings.phase == "resting" and position is not None:
            self._bearings.where.rest(position, now)
        self._tell_act(now)
        return self._steering.steer(now)

    def started(self, instant: float) -> None:
        """The player was started at ``instant``, as planned for `armed`."""
        self._steering.started(instant)

    def wants_sample(self, now: float) -> bool:
        """Whether a position read now would mean anything."""
        phase = self._bearings.phase
        return phase == "stalled" or (phase == "running" and now >= self._steering.quiet_until)

    def sampled(self, sample: Sample) -> None:
        """Take a position that was read."""
        if sample.bracket > MAX_BRACKET or not self.wants_sample(sample.before):
            return
        bearings = self._bearings
        bearings.where.seen(sample.position, sample.instant)
        target = bearings.course.target(sample.instant)
        if target is not None and not bearings.stall.waits:
            bearings.controller.observe(sample.instant, sample.position - target)

    # Time passes ------------------------------------------------------------------------

    def tick(self, now: float) -> list[PlayerCommand]:
        """What is to be done at ``now``."""
        if commands := self._watch_stall(now) or self._watch_pause(now):
            return commands
        self._bearings.course.hand_over(now)
        if self._bearings.phase != "running":
            return self._steering.steer(now)
        if commands := self._steering.keep_rate(now):
            return commands
        if now - self._controlled_at < CONTROL_INTERVAL:
            return []
        self._controlled_at = now
        return self._steering.control(now)

    def take_told(self) -> list[FollowerEvent]:
        """What happened since the last call."""
        told, self._steering.told = self._steering.told, []
        return told

    def view(self, now: float) -> FollowerView:
        """How things stand at ``now``."""
        return self._bearings.view(now)

    # What came of it --------------------------------------------------------------------

    def _restarted(self, event: Restarted, now: float) -> list[PlayerCommand]:
        bearings = self._bearings
        # One that is older than the seek belongs to a seek that this one has replaced.
        if bearings.phase not in ("loading", "seeking") or event.instant < bearings.seeks.sent_at:
            return []
        took = bearings.seeks.done(event.instant)
        if took is not None:
            bearings.learned.seek_took(took)
        bearings.to("resting", now)
        bearings.where.rest(event.position, event.instant)
        bearings.stall.restart(event.instant)
        if not bearings.timeline.playing:
            self._steering.settle(event.position - bearings.course.resting_place)
        return self._steering.steer(now)

    def _watch_pause(self, now: float) -> list[PlayerCommand]:
        """Look whether somebody has paused or started the player by hand."""
        bearings = self._bearings
        paused = self._steering.ledger.take_act(now)
        if paused is None or not bearings.is_here or bearings.phase == "ended":
            return []
        if bearings.phase == "seeking":
            return self._steering.keep_paused(now)
        if paused:
            bearings.course.hold(now)
            self._acted = True
        elif not bearings.course.wants_play:
            self._tell(Acted(False, bearings.where.landed))
        return self._steering.pause(now)

    def _tell_act(self, now: float) -> None:
        if not self._acted:
            return
        self._acted = False
        position = self._bearings.position(now)
        if position is None or not self._bearings.is_here:
            # A player that is not there says nothing about where the party is.
            position = self._bearings.agreed(now)
        self._tell(Acted(True, position))

    def _end_reached(self, now: float) -> None:
        bearings, duration = self._bearings, self._bearings.course.duration
        if not bearings.is_here or bearings.phase == "ended":
            return
        target = bearings.seeks.target
        if bearings.phase == "seeking" and duration is not None and target < duration - END_ZONE:
            return  # said before the seek away from there
        self._steering.finish(now)

    def _watch_stall(self, now: float) -> list[PlayerCommand]:
        bearings = self._bearings
        stalled = bearings.stall.news(now, counts=bearings.phase == "running")
        if stalled is None:
            return []
        self._tell(Stalled(stalled, bearings.expected(now)))
        bearings.controller.forget()
        if bearings.phase not in MOVING:
            return []
        bearings.to("stalled" if stalled else "running", now)
        self._steering.quiet_until = now + DEAD_AFTER_START
        return [] if stalled else self._steering.rejoin(now)

    def _tell(self, told: FollowerEvent) -> None:
        self._steering.told.append(told)
