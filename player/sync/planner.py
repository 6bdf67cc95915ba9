"""Planner: pure functions from a situation to a decision.

Instants are seconds on the local monotonic clock; positions are seconds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from player.sync.live.live_range import MOST_WAITED
from player.sync.phase import MOVING, Phase
from player.sync.seeks import ELSEWHERE

PAUSED_TOLERANCE: Final = 0.010
LATE: Final = 0.080
"""A start that is later than this goes to a new place instead."""
EARLY: Final = 3.0
"""A start that is further off than this wants another seek."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """A follower's state at ``now``, as the planner reads it."""

    now: float
    phase: Phase
    is_armed: bool
    """A start is planned."""
    is_free_running: bool
    """There is no place to be at."""
    is_live: bool
    """Only what happens to be loaded can be gone to."""
    is_new: bool
    """The timeline has come since the player was last sent anywhere, or started."""
    can_seek: bool
    """There is a place to go to that is surely better than this one."""
    may_jump: bool
    """Jumps may mend what is wrong; else only what the timeline asks for is done."""
    tolerance: float
    """Seconds of media that a nudge may mend."""

    clock_known: bool
    """The server's clock is known."""
    wants_play: bool
    is_past_end: bool
    """The timeline has gone beyond the end that the player has come to."""
    rests_at_end: bool
    """The player has ended where the timeline rests, but for what two seats differ by."""
    is_handing_over: bool
    """A timeline before the last one still holds."""
    starts_in: float
    """Seconds until the timeline begins to move; 0 when it does."""
    fill_lead: float
    """Seconds that the last jump went ahead of the timeline, to have enough when it comes."""
    start: float
    """Position that the timeline sets out from."""
    resting_place: float
    """Position that the timeline has while it does not move."""
    target: float
    """Position of the timeline now."""
    due: float
    """When the timeline is where the player starts from."""
    latency: float
    """Seconds from an order to start until it is heard."""

    position: float
    """Where the player is by what is known of it."""
    landed: float
    """Where the paused player goes on from."""
    is_waiting: bool
    """The player says that it waits for data."""

    aim: float
    """Where a seek that is sent now must go, so that the timeline arrives when it is done."""
    is_overdue: bool
    """The seek under way should have been done long ago."""
    seek_error: float
    """Seconds from where the seek under way goes to where it would go by this timeline."""
    rests_in_place: bool
    """The player was sent to the resting place, and is as near to it as it can be."""
    rests_at_aim: bool
    """The same of ``aim``."""
    awaits_data: bool
    """Of a live stream that was just opened: what is at ``aim`` is likely to come."""
    may_retry: bool
    """A start that is missed may be tried from yet another place."""


class SeekPosition(NamedTuple):
    """Seek ``position`` and rest there."""

    position: float


class SeekTimeline(NamedTuple):
    """Seek where the timeline will be when the seek is done."""

    is_retry: bool = False
    """It is one more try to be in time for a start."""


class KeepSeek(NamedTuple):
    """The seek under way goes where the new timeline wants it as well."""


class PauseHere(NamedTuple):
    """Stop where the player is."""


class ScheduleStart(NamedTuple):
    """Start at ``instant``, so that the player moves when it is ``due``."""

    instant: float
    due: float


class FinishFilm(NamedTuple):
    """The player has reached the film's end."""


class LeaveTimeline(NamedTuple):
    """Play a live stream where it is: the timeline is where nothing of it can be had."""


Decision = (
    SeekPosition | SeekTimeline | KeepSeek | PauseHere | ScheduleStart | FinishFilm | LeaveTimeline
)


def plan(s: Situation) -> Decision | None:
    """What brings the player from where it is to what the timeline asks; None for nothing."""
    if s.phase in ("idle", "loading", "failed"):
        return None
    if s.phase == "seeking":
        return _plan_seeking(s)
    if not s.wants_play:
        return _plan_rest(s)
    if not s.clock_known:
        return None
    if s.is_past_end:
        return _plan_end(s)
    return plan_moving(s) if s.phase in MOVING else _plan_start(s)


def plan_moving(s: Situation) -> Decision | None:
    """For a player that moves: a new timeline may be elsewhere altogether, or at the end."""
    if s.is_past_end:
        return _plan_end(s)
    if not s.is_new or s.is_free_running or s.is_handing_over:
        return None
    tolerance = s.tolerance if s.starts_in == 0 else PAUSED_TOLERANCE
    return SeekTimeline() if abs(s.position - s.target) > tolerance else None


def _plan_seeking(s: Situation) -> Decision | None:
    """Give up a seek that goes to the wrong place by far; else wait for it."""
    if not s.can_seek:
        return None
    if s.is_overdue:
        return SeekTimeline()
    if not s.is_new:
        return None
    return SeekTimeline() if s.seek_error > ELSEWHERE else KeepSeek()


def _plan_rest(s: Situation) -> Decision | None:
    if s.phase in MOVING or s.is_armed:
        return PauseHere()
    # A player that was stopped shows the picture before this place, one that was sent
    # there the picture after it: each is sent there, so that all show the same.
    is_near = abs(s.landed - s.resting_place) <= PAUSED_TOLERANCE
    # At the end there is no other picture, and without data a seek would take longer.
    is_good = s.rests_at_end or (is_near and (s.phase == "ended" or s.is_waiting))
    if is_good or s.rests_in_place or not s.can_seek:
        return None
    return SeekPosition(s.resting_place)


def _plan_end(s: Situation) -> Decision | None:
    """The timeline has reached the end: a player that runs gets there by itself."""
    if s.phase in MOVING:
        is_far = s.aim - s.position > s.tolerance
        return SeekTimeline() if is_far and s.may_jump else None
    if s.phase != "resting":
        return None
    if abs(s.landed - s.aim) <= LATE or s.rests_at_aim:
        return FinishFilm()
    return SeekTimeline()


def _plan_start(s: Situation) -> Decision | None:
    landed = s.start if s.is_free_running else s.landed
    instant = s.due - s.latency
    is_misplaced = (
        s.now - instant > LATE
        or instant - s.now > EARLY + s.starts_in + s.fill_lead
        or landed < s.start - PAUSED_TOLERANCE
        or s.phase == "ended"
    )
    if is_misplaced and s.can_seek and s.may_retry:
        return SeekTimeline(is_retry=True)
    if is_misplaced and s.awaits_data:
        return None
    if s.is_live and not s.is_free_running and instant - s.now > MOST_WAITED + s.starts_in:
        return LeaveTimeline()
    # One that cannot be mended is made at once, however late.
    return ScheduleStart(s.now if s.now - instant > LATE else instant, s.due)
