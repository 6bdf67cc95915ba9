"""Keeps a player on a timeline: what to tell the player, and when.

Pure: it is told the time, what the player says and what was sampled, and answers with
commands. One thread owns it (see ``player.driver``). Instants are seconds on the local
monotonic clock unless said; positions are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from player.course import Course
from player.learned import Learned
from player.orders import (
    Acted,
    Finished,
    FollowerView,
    InStep,
    Jumped,
    PauseNow,
    PlayAtRate,
    PlayerCommand,
    SeekTo,
    Stalled,
    StartAt,
    Told,
)
from player.port import (
    EndReached,
    Failed,
    Opened,
    PauseChanged,
    PlayerEvent,
    Restarted,
    Sample,
    StallChanged,
)
from player.stall import StallWatch
from protocol.drift import DriftController, Hold, Jump, Nudge

if TYPE_CHECKING:
    from protocol.messages import SeatState
    from protocol.timeline import Timeline

Phase = Literal["idle", "loading", "seeking", "resting", "running", "stalled", "ended", "failed"]
CorrectionMode = Literal["off", "soft", "full"]

TICK: Final = 0.050
CONTROL_INTERVAL: Final = 0.250
MAX_BRACKET: Final = 0.004
"""A read that took longer is too vague to be used."""
DEAD_AFTER_START: Final = 0.600
DEAD_AFTER_WRITE: Final = 0.450
PAUSED_TOLERANCE: Final = 0.020
LATE: Final = 0.080
"""A start that is later than this goes to a new place instead."""
EARLY: Final = 3.0
"""A start that is further off than this wants another seek."""
JUMP_INTERVAL: Final = 4.0
SEEK_TIMEOUT: Final = 12.0
ECHO_FOR: Final = 0.5
"""After our own pause or start, a pause that the player tells is its echo."""
SEEK_MARGIN: Final = 0.050
DRIFT_HOLDS: Final = 1.0
"""Seconds a measured drift is still told while a new rate takes hold."""
SHOWN_NUDGE: Final = 0.0004


class Follower:
    """Decides for one player; owned by one thread."""

    def __init__(self, correction: CorrectionMode = "full") -> None:
        self.correction: CorrectionMode = correction
        self.tolerance = 0.5
        self.generation = 0
        self._phase: Phase = "idle"
        self._course = Course()
        self._landed = 0.0
        self._controller = DriftController()
        self._learned = Learned()
        self._seek_sent: tuple[float, float] | None = None
        self._armed: float | None = None
        self._started_at = float("-inf")
        self._judge_start = False
        self._rate_changed = 0.0
        self._jumped_at = float("-inf")
        self._settle: float | None = None
        self._stall = StallWatch()
        self._controlled_at = 0.0
        self._position: tuple[float, float] | None = None
        self._quiet_until = 0.0
        self._last_drift = (float("-inf"), 0.0)
        self._is_new = False
        self._own_pause_at = float("-inf")
        self._told: list[Told] = []

    # What is agreed ---------------------------------------------------------------------

    def set_clock(self, offset: float | None) -> None:
        """Server's clock minus the local one, in seconds; without it nothing is corrected."""
        self._course.offset = offset

    def follow(self, timeline: Timeline, now: float) -> list[PlayerCommand]:
        """Take the timeline to keep to; the same one again changes nothing."""
        if timeline == self._course.timeline:
            return []
        self._course.take(timeline)
        self._is_new = True
        self._last_drift = (float("-inf"), 0.0)
        self._rate_changed = 0.0
        self._jumped_at = float("-inf")
        self._controller.forget()
        return self._steer(now)

    def load(self, now: float, *, is_network: bool) -> float:
        """A load is on its way; returns the position to open at."""
        self.generation += 1
        self._course.duration = None
        self._learned.new_media(is_network=is_network)
        self._to("loading")
        self._seek_sent = (now, 0.0)
        return self._aim(now)

    def unload(self) -> None:
        """There is no media any more."""
        self.generation += 1
        self._to("idle")

    def hold(self, now: float) -> list[PlayerCommand]:
        """Stop at once, until the timeline says something new (the host's own pause)."""
        self._course.held = True
        return self._steer(now)

    def release(self, now: float) -> list[PlayerCommand]:
        """Back to the timeline as it stands."""
        self._course.held = False
        return self._steer(now)

    def jump(self, now: float, reason: str = "asked") -> list[PlayerCommand]:
        """Go where the timeline is, however small the drift."""
        if self._phase not in ("resting", "running", "stalled", "ended"):
            return []
        self._told.append(Jumped(self._drift(now), reason))
        self._jumped_at = self._settle = now
        return self._seek(self._aim(now), now)

    @property
    def _timeline(self) -> Timeline:
        return self._course.timeline

    @property
    def phase(self) -> Phase:
        """What the player is at."""
        return self._phase

    @property
    def armed(self) -> float | None:
        """Local instant of the planned start, while there is one."""
        return self._armed

    # What the player says ---------------------------------------------------------------

    def player_event(self, event: PlayerEvent, now: float) -> list[PlayerCommand]:
        """Take what the player tells; what belongs to an earlier load is ignored."""
        if getattr(event, "generation", self.generation) != self.generation:
            return []
        match event:
            case Opened():
                self._course.duration = event.duration
            case Restarted():
                return self._restarted(event, now)
            case PauseChanged():
                return self._pause_changed(event, now)
            case StallChanged():
                self._stall.changed(stalled=event.stalled, instant=event.instant)
            case EndReached():
                return self._ended(now)
            case Failed():
                self._to("failed")
            case _:
                pass
        return []

    def rested(self, position: float, now: float) -> list[PlayerCommand]:
        """The paused player will go on from ``position``."""
        if self._phase == "resting":
            self._landed = position
            self._position = (now, position)
        return self._steer(now)

    def wants_sample(self, now: float) -> bool:
        """Whether a position read now would mean anything."""
        return self._phase == "running" and now >= self._quiet_until

    def sampled(self, sample: Sample) -> None:
        """Take a position that was read."""
        if sample.bracket > MAX_BRACKET or not self.wants_sample(sample.before):
            return
        self._position = (sample.instant, sample.position)
        target = self._course.target(sample.instant)
        if target is not None:
            self._controller.observe(sample.instant, sample.position - target)

    # Time passes ------------------------------------------------------------------------

    def tick(self, now: float) -> list[PlayerCommand]:
        """What is to be done at ``now``."""
        self._watch_stall(now)
        if self._phase == "seeking" and self._seek_sent and now - self._seek_sent[0] > SEEK_TIMEOUT:
            self._to("resting")
            return self._seek(self._aim(now), now)
        if self._rate_is_due(now):
            return [PlayAtRate(self._timeline.rate)]
        self._course.hand_over(now)
        if self._phase != "running":
            return self._steer(now)
        if now - self._controlled_at < CONTROL_INTERVAL:
            return []
        self._controlled_at = now
        return self._control(now)

    def take_told(self) -> list[Told]:
        """What happened since the last call."""
        told, self._told = self._told, []
        return told

    def view(self, now: float) -> FollowerView:
        """How things stand at ``now``."""
        drift = self._drift(now)
        target = self._course.target(now)
        return FollowerView(
            at=now,
            state=self._state(now),
            position=self._position_now(now),
            target=self._timeline.position if target is None else target,
            drift=drift,
            correction=self._correction_word(),
            starts_in=max(0.0, self._armed - now) if self._armed is not None else None,
            seek_cost=self._learned.seek_cost,
        )

    # Steering ---------------------------------------------------------------------------

    def _steer(self, now: float) -> list[PlayerCommand]:
        """Bring the player from where it is towards what the timeline asks."""
        if not self._course.known or self._phase in ("idle", "loading", "seeking", "failed"):
            return []
        wants_play = self._course.wants_play
        if self._phase in ("running", "stalled"):
            return self._steer_running(now, wants_play=wants_play)
        if self._phase == "ended" and self._course.is_past_end(now):
            return []
        if not wants_play:
            return self._steer_paused(now)
        return self._steer_start(now)

    def _steer_running(self, now: float, *, wants_play: bool) -> list[PlayerCommand]:
        if not wants_play:
            self._to("resting")
            self._own_pause_at = now
            return [PauseNow()]
        if self._course.is_handing_over or self._course.is_past_end(now):
            return []
        if self._is_new and not self._fits(now):
            return self._seek(self._aim(now), now)
        drift = self._controller.drift
        if drift is not None and abs(drift) > self.tolerance and self.correction != "off":
            return self._intercept(now, drift, "beyond tolerance")
        return []

    def _fits(self, now: float) -> bool:
        """Whether a running player is near enough to a timeline that has just come."""
        if self._course.starts_in(now) > 0:
            return abs(self._expected(now) - self._timeline.position) <= PAUSED_TOLERANCE
        target = self._course.target(now) or 0.0
        return abs(self._expected(now) - target) <= self.tolerance

    def _steer_paused(self, now: float) -> list[PlayerCommand]:
        commands: list[PlayerCommand] = []
        if self._armed is not None:
            self._armed = None
            self._own_pause_at = now
            commands.append(PauseNow())
        due = self._course.resting_place
        if not self._course.held and abs(self._landed - due) > PAUSED_TOLERANCE:
            commands += self._seek(due, now)
        return commands

    def _steer_start(self, now: float) -> list[PlayerCommand]:
        due = self._course.due(self._landed) - self._learned.latency(self._timeline.rate)
        ahead_of_start = self._landed < self._timeline.position - PAUSED_TOLERANCE
        if now - due > LATE or due - now > EARLY + self._course.starts_in(now) or ahead_of_start:
            return self._seek(self._aim(now), now)
        if self._armed is not None and abs(self._armed - due) < 0.001:
            return []
        commands: list[PlayerCommand] = []
        if self._controller.rate != self._timeline.rate or self._armed is None:
            self._controller.restart(self._timeline.rate)
            commands.append(PlayAtRate(self._timeline.rate))
        self._armed = due
        commands.append(StartAt(due))
        return commands

    def started(self, instant: float) -> None:
        """The planned start was carried out at ``instant``."""
        if self._armed is None:
            return
        self._judge_start = instant - self._armed < 0.005
        self._armed = None
        self._to("running")
        self._started_at = self._own_pause_at = instant
        self._position = (instant, self._landed)
        self._quiet_until = instant + DEAD_AFTER_START
        self._controller.restart(self._timeline.rate)

    def _rate_is_due(self, now: float) -> bool:
        """True once, as long before a new rate holds as the player takes to follow."""
        change = self._course.rate_change
        early = self._learned.rate_latency
        if self._phase != "running" or not change or self._rate_changed:
            return False
        if now < self._course.due(self._timeline.position) - early:
            return False
        self._rate_changed = change
        self._controller.restart(self._timeline.rate)
        self._quiet_until = now + early + DEAD_AFTER_WRITE
        return True

    def _control(self, now: float) -> list[PlayerCommand]:
        if not self._course.known or self._stall.acted or self._course.is_past_end(now):
            return []
        commands = self._steer_running(now, wants_play=True)
        drift = self._controller.drift
        if commands or drift is None:
            return commands
        self._is_new = False
        self._learn(now, drift)
        if self.correction == "off":
            return []
        glide_only = self.correction == "soft"
        match self._controller.correct(now, float("inf") if glide_only else self.tolerance):
            case Hold():
                return []
            case Nudge(rate):
                self._quiet_until = now + DEAD_AFTER_WRITE
                return [PlayAtRate(rate)]
            case Jump(reason):
                return self._intercept(now, drift, reason)

    def _intercept(self, now: float, drift: float, reason: str) -> list[PlayerCommand]:
        """Pause, go to where the timeline will be, start when it is there."""
        if self.correction != "full" or now - self._jumped_at < JUMP_INTERVAL:
            return []
        self._jumped_at = self._settle = now
        self._told.append(Jumped(drift, reason))
        return self._seek(self._aim(now), now)

    def _seek(self, position: float, now: float) -> list[PlayerCommand]:
        self._to("seeking")
        self._is_new = False
        self._seek_sent = (now, position)
        self._own_pause_at = now
        self._position = (now, position)
        return [SeekTo(position)]

    def _aim(self, now: float) -> float:
        """Where to go so that the timeline arrives there when the player is ready."""
        return self._course.aim(
            now + self._learned.seek_cost + SEEK_MARGIN + self._learned.latency(self._timeline.rate)
        )

    # What came of it --------------------------------------------------------------------

    def _restarted(self, event: Restarted, now: float) -> list[PlayerCommand]:
        if self._phase not in ("loading", "seeking"):
            return []
        if self._seek_sent is not None:
            if self._phase == "seeking":
                self._learned.seek_took(event.instant - self._seek_sent[0])
            self._seek_sent = None
        self._landed = event.position
        self._position = (event.instant, event.position)
        self._to("resting")
        if self._settle is not None and not self._timeline.playing:
            self._settle = None
            self._told.append(InStep(self._landed - self._course.resting_place))
        return self._steer(now)

    def _pause_changed(self, event: PauseChanged, now: float) -> list[PlayerCommand]:
        if now - self._own_pause_at < ECHO_FOR or self._is_at_end(now):
            return []
        if self._phase == "running" and event.paused:
            self._to("resting")
            self._course.held = True
            self._told.append(Acted(True, self._expected(now)))
        elif self._phase == "resting" and not event.paused and self._armed is None:
            self._told.append(Acted(False, self._landed))
            return [PauseNow()]
        return []

    def _ended(self, now: float) -> list[PlayerCommand]:
        if self._phase not in ("running", "resting", "seeking"):
            return []
        self._to("ended")
        self._landed = self._course.duration or self._expected(now)
        self._position = (now, self._landed)
        self._told.append(Finished(self._landed))
        return self._steer(now)

    def _watch_stall(self, now: float) -> None:
        running = self._phase in ("running", "stalled")
        stalled = self._stall.news(now, counts=running)
        if stalled is None:
            return
        self._told.append(Stalled(stalled, self._expected(now)))
        if running:
            self._to("stalled" if stalled else "running")
            self._quiet_until = now + DEAD_AFTER_START
            self._controller.forget()
            self._judge_start = False
            self._rate_changed = 0.0

    def _learn(self, now: float, drift: float) -> None:
        """What the first sound samples after a start say about the start latency."""
        if self._settle is not None:
            self._settle = None
            self._told.append(InStep(drift))
        if self._rate_changed and abs(drift) < abs(self._rate_changed):
            self._learned.rate_was_late(-drift / self._rate_changed)
        self._rate_changed = 0.0
        if not self._judge_start:
            return
        self._judge_start = False
        if now - self._started_at < 1.5 and abs(drift) < LATE:
            self._learned.start_was_late(-drift / self._timeline.rate, self._timeline.rate)

    # Small answers ----------------------------------------------------------------------

    def _to(self, phase: Phase) -> None:
        self._phase = phase
        if phase != "running":
            self._controller.forget()
        if phase in ("seeking", "loading", "idle", "failed"):
            self._armed = None
            self._stall.clear()

    def _is_at_end(self, now: float) -> bool:
        """Whether the player itself is about to stop, as it does on the last frame."""
        duration = self._course.duration
        return duration is not None and self._expected(now) >= duration - 0.5

    def _expected(self, now: float) -> float:
        """Where the player should be by what is known of it."""
        return self._position_now(now) or 0.0

    def _position_now(self, now: float) -> float | None:
        if self._position is None:
            return None
        instant, position = self._position
        if self._phase == "running":
            position += (now - instant) * self._controller.rate
        return self._course.within(position)

    def _drift(self, now: float) -> float | None:
        if self._phase == "running":
            if self._controller.drift is not None:
                self._last_drift = (now, self._controller.drift)
            known_at, drift = self._last_drift
            return drift if now - known_at < DRIFT_HOLDS else None
        target = self._course.target(now)
        if self._phase == "stalled" and target is not None:
            return self._expected(now) - target
        if self._phase == "resting" and not self._timeline.playing and not self._course.held:
            return self._landed - self._course.resting_place
        return None

    def _state(self, now: float) -> SeatState:
        match self._phase:
            case "running":
                return "buffering" if self._stall.shown(now) else "playing"
            case "stalled":
                return "buffering"
            case "seeking":
                return "buffering" if self._timeline.playing else "paused"
            case "resting":
                return "playing" if self._armed is not None else "paused"
            case "idle" | "loading" | "ended" | "failed":
                return self._phase

    def _correction_word(self) -> str:
        if self._phase == "seeking":
            return "jump"
        change = self._controller.rate / self._timeline.rate - 1
        if self._phase != "running" or abs(change) < SHOWN_NUDGE:
            return ""
        return f"nudge {change * 100:+.1f} %"
