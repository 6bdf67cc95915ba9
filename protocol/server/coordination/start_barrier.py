"""Start barrier: A start waits for who is not ready: named, never without a timer, and the host
may go on.

What waits is a start that the timeline has agreed on, further off than any lead: should this
server be gone by then, every seat starts at that instant all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from protocol.server.log.requests import (
    AdvanceStart,
    Appended,
    AppendRequest,
    ServerAct,
    StallPause,
)
from protocol.server.readiness.readiness import MAX_LEAD, Readiness, readiness_of
from protocol.server.room.room import RoomObserver
from protocol.wire.messages import (
    LoadAct,
    PauseAct,
    PlayAct,
    RateAct,
    SeekAct,
    SettingsAct,
    StartWait,
)
from protocol.wire.reasons import EVERYBODY_READY, NO_REASON, waiting_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.core.context import ServerContext
    from protocol.server.core.store_calls import StoreFailed
    from protocol.server.log.requests import Outcome
    from protocol.server.members.participant import Participant
    from protocol.server.moment import Moment
    from protocol.server.room.registry import RoomRegistry
    from protocol.server.room.room import Room
    from protocol.wire.messages import Act, Event

BOUND: Final = 8.0
"""Seconds that a start waits at most."""
LOAD_BOUND: Final = 15.0
"""The same for a new film, which each seat has to find and open."""
STALL_BOUND: Final = 10.0
"""The same for a member who stalls."""
STALLED_FOR: Final = 0.5
"""Seconds after a stall is logged, which it is half a second after it began."""
OVERLAP: Final = 0.3
"""Seconds before the place of a stall from which it goes on, so that nobody misses a word."""
FURTHEST_BACK: Final = 5.0
"""Seconds that a stall may take everybody back by."""
TOLD_AFTER: Final = 0.3
"""A shorter wait is nothing that people need to hear of."""
TOLD_MOST: Final = 50
LATE: Final[tuple[Readiness, ...]] = ("late", "soon")
SHORTEST: Final = 2.0
"""Who may be waited for less than this is not waited for."""


class _Wait:
    """One start that waits."""

    __slots__ = ("asked", "late", "spent_at", "told", "until")

    def __init__(self, until: float, now: float) -> None:
        self.until = until
        self.late: dict[str, None] = {}
        """Members it waits for."""
        self.spent_at = now
        self.asked = False
        """The store has been asked to bring the start forward."""
        self.told = False
        """People know of the wait."""


class StartPlan(NamedTuple):
    """How a command's start is led."""

    bound: float
    """Seconds that it waits at most; 0 when everybody can be ready within the lead."""
    is_moving: bool
    """Some seats are still on their way: a start where they are takes as long as a seek."""


ON_TIME: Final = StartPlan(0.0, is_moving=False)


class StartBarrier(RoomObserver):
    """Watches over the starts of all rooms."""

    def __init__(self, context: ServerContext, rooms: RoomRegistry) -> None:
        self._context = context
        self._rooms = rooms
        self._waits: dict[str, _Wait] = {}
        """By stream."""

    # A command comes in -----------------------------------------------------------------

    def plan(self, room: Room, act: Act, now: Moment) -> StartPlan:
        """How a start is led that ``act`` asks for now."""
        seen = {self._outlook(room, seat, now) for seat in room.unready.seats}
        is_moving = "soon" in seen
        match act:
            case LoadAct(playing=True):
                return StartPlan(LOAD_BOUND, is_moving)
            case PlayAct() if "late" in seen and room.record.stream_id not in self._waits:
                return StartPlan(BOUND, is_moving)
            case SeekAct() if "late" in seen or self._is_long(room, now):
                return StartPlan(BOUND, is_moving)
            case PlayAct() | PauseAct() | SeekAct() | RateAct() | LoadAct() | SettingsAct():
                return StartPlan(0.0, is_moving)
            case _:
                assert_never(act)

    def _is_long(self, room: Room, now: Moment) -> bool:
        """Somebody needs more for a seek than any lead gives.

        The first one in a film from the network counts: nobody knows what it takes.
        """
        if room.lead_times.longest <= MAX_LEAD:
            return False
        return any(
            seat.way + seat.start + seat.seek > MAX_LEAD
            for seat in room.seats.values()
            if seat.way is not None and self._outlook(room, seat, now) != "excused"
        )

    def _outlook(self, room: Room, seat: Participant, now: Moment) -> Readiness:
        patience = room.wait_budget
        if patience.is_spent and patience.left(seat.member.member_id, now.instant) < SHORTEST:
            return "excused"
        return readiness_of(seat, room.sync_point, room.record, now.instant)

    # Something has changed --------------------------------------------------------------

    def look(self, room: Room, now: Moment) -> None:
        wait = self._current(room, now)
        if wait is None:
            return
        seen = {
            seat.member.member_id: self._outlook(room, seat, now) for seat in room.seats.values()
        }
        late = {member_id: None for member_id, word in seen.items() if word in LATE}
        if late != wait.late:
            self._changed(room, wait, late, now)
        if not late and "ready" in seen.values():
            self._bring_forward(room, wait, now)

    def look_at(self, room: Room, seat: Participant, now: Moment) -> None:
        wait = self._waits.get(room.record.stream_id)
        if wait is None or self._current(room, now) is not wait:
            return
        member_id = seat.member.member_id
        is_late = self._outlook(room, seat, now) in LATE
        if is_late != (member_id in wait.late):
            late = {m: None for m in wait.late if m != member_id}
            self._changed(room, wait, {**late, member_id: None} if is_late else late, now)
        if not wait.late:
            self.look(room, now)

    def _current(self, room: Room, now: Moment) -> _Wait | None:
        """The start that waits in this room now; one that is over is done with."""
        stream_id, timeline = room.record.stream_id, room.record.timeline
        wait = self._waits.get(stream_id)
        goes_on = room.seats and timeline.playing and now.instant < timeline.at
        if wait is not None and not (goes_on and timeline.at == wait.until):
            self._over(room, wait, now)
            wait = None
        if wait is None and goes_on and timeline.at - now.instant > MAX_LEAD:
            wait = self._waits[stream_id] = _Wait(timeline.at, now.instant)
            timers = self._context.timers
            timers.set((room, "wait"), wait.until, lambda then: self.look(room, then))
            told_at = now.instant + TOLD_AFTER
            timers.set((room, "told"), told_at, lambda then: self._tell(room, then))
        return wait

    def _changed(self, room: Room, wait: _Wait, late: dict[str, None], now: Moment) -> None:
        """It waits for others than before."""
        self._spend(room, wait, now)
        wait.late = late
        timers, name = self._context.timers, (room, "told")
        if wait.told and timers.due_at(name) is None:
            told_at = now.instant + self._context.limits.presence_interval
            timers.set(name, told_at, lambda then: self._tell(room, then))

    def _spend(self, room: Room, wait: _Wait, now: Moment) -> None:
        """Count the time for those who were late; what nobody notices costs nothing."""
        if wait.told:
            for member_id in wait.late:
                room.wait_budget.spend(member_id, now.instant - wait.spent_at, now.instant)
        wait.spent_at = now.instant

    def _tell(self, room: Room, now: Moment) -> None:
        """Tell people whom it waits for."""
        wait = self._waits[room.record.stream_id]
        if not wait.told:
            wait.told, wait.spent_at = True, now.instant
        room.waiting = StartWait(tuple(wait.late)[:TOLD_MOST], wait.until)
        room.tell(room.waiting)

    def _over(self, room: Room, wait: _Wait, now: Moment) -> None:
        self._spend(room, wait, now)
        del self._waits[room.record.stream_id]
        for name in ("wait", "told"):
            self._context.timers.cancel((room, name))
        room.waiting = None
        if wait.told:
            room.tell(StartWait())

    # What the server does by itself -----------------------------------------------------

    def _bring_forward(self, room: Room, wait: _Wait, now: Moment) -> None:
        if wait.asked or wait.until - now.instant <= room.lead_times.leads().start:
            return
        wait.asked = True
        ready = AdvanceStart(wait.until, EVERYBODY_READY if wait.told else NO_REASON)

        def then(result: Outcome | StoreFailed, _: Moment) -> None:
            # Should the store have failed, the next report has it asked again.
            wait.asked = isinstance(result, Appended)

        self._ask(room, ready, 0.0, now, then)

    def logged(self, room: Room, event: Event, now: Moment) -> None:
        """Watch the stalls that members tell of."""
        name = (room, "stall", event.member_id)
        if event.event_type == "buffer_end":
            self._context.timers.cancel(name)
        elif event.event_type == "buffer_start":
            self._context.timers.set(
                name,
                now.instant + STALLED_FOR,
                lambda then: self._halt(room, event.member_id, then),
            )

    def _halt(self, room: Room, member_id: str, now: Moment) -> None:
        """A member has stalled for long: stop the others, if that is what the party wants."""
        record, seat = room.record, room.seats.get(member_id)
        timeline = record.timeline
        is_running = timeline.playing and timeline.at <= now.instant
        # The host's own seat pauses the party by itself.
        if (
            not record.settings.wait
            or seat is None
            or not is_running
            or member_id == record.host_id
        ):
            return
        if self._outlook(room, seat, now) != "late":
            return
        here = timeline.position_at(now.instant)
        stands = here if seat.position is None else min(seat.position, here)
        position = max(stands - OVERLAP, here - FURTHEST_BACK, 0.0)
        bound = min(STALL_BOUND, room.wait_budget.left(member_id, now.instant))
        halt = StallPause(position, waiting_for(seat.member.name))
        self._ask(room, halt, bound, now)

    def _ask(
        self,
        room: Room,
        change: ServerAct,
        bound: float,
        now: Moment,
        then: Callable[[Outcome | StoreFailed, Moment], None] | None = None,
    ) -> None:
        entry = AppendRequest(
            stream_id=room.record.stream_id,
            event_id=self._context.ids.event_id(),
            member_id="",
            name="",
            change=change,
            now=now,
            lead=room.lead_times.leads().start,
            bound=bound,
        )

        self._rooms.append(entry, then=then)
