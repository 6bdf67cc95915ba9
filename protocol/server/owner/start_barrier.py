"""Start barrier: A start waits for who is not ready: named, never without a timer, and the host
may go on.

What waits is a start that the timeline has agreed on, further off than any lead: should this
server be gone by then, every seat starts at that instant all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.server.bus.messages import BarrierLifted, BarrierRaised, ExcusedMembers
from protocol.server.log.requests import (
    Appended,
    AppendRequest,
    ServerAct,
)
from protocol.server.log.server_acts import AdvanceStart, StallPause
from protocol.server.owner.wait_budget import WaitBudget
from protocol.server.readiness.lead_times import LeadNeeds
from protocol.server.readiness.readiness import MAX_LEAD
from protocol.wire.messages import StartWait
from protocol.wire.reasons import EVERYBODY_READY, NO_REASON, waiting_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.bus.log_writer import LogWriter
    from protocol.server.bus.messages import MemberStalled
    from protocol.server.core.context import ServerContext
    from protocol.server.core.store_calls import StoreFailed
    from protocol.server.log.requests import Outcome
    from protocol.server.moment import Moment
    from protocol.server.owner.stream import OwnedStream
    from protocol.wire.messages import Cursor

STALL_BOUND: Final = 10.0
"""Seconds that a start waits at most for a member who stalls."""
TOLD_AFTER: Final = 0.3
"""A shorter wait is nothing that people need to hear of."""
TOLD_MOST: Final = 50


class _Wait:
    """One start that waits."""

    __slots__ = ("asked", "late", "since", "spent_at", "told", "until")

    def __init__(self, until: float, since: Cursor, now: float) -> None:
        self.until = until
        self.since = since
        """The log where it began to wait: what was reported before says nothing of it."""
        self.late: dict[str, None] = {}
        """Members it waits for."""
        self.spent_at = now
        self.asked = False
        """The store has been asked to bring the start forward."""
        self.told: StartWait | None = None
        """What people know of the wait."""


class StartBarrier:
    """Watches over the starts of one stream, by what its edges report."""

    def __init__(self, context: ServerContext, writer: LogWriter, stream: OwnedStream) -> None:
        self._context = context
        self._writer = writer
        self._stream = stream
        self._budget = WaitBudget()
        self._wait: _Wait | None = None

    # Something has changed --------------------------------------------------------------

    def check(self, now: Moment) -> None:
        """Somebody came or went: is there a start that waits?"""
        self._current(now)

    def judge(self, now: Moment) -> None:
        """The log has gone on, or an edge has reported: whom does the start wait for?"""
        wait = self._current(now)
        if wait is None:
            return
        reports = [edge.report for edge in self._stream.edges.values()]
        late = {member_id: None for report in reports for member_id in report.late}
        if late != wait.late:
            self._changed(wait, late, now)
        if late or any(report.as_of < wait.since for report in reports):
            return
        if any(report.has_ready for report in reports):
            self._bring_forward(wait, now)

    def greet(self, now: Moment) -> None:
        """An edge that has just opened knows nothing of what waits."""
        self._tell_excused(now)
        # The edge may know more of the log than was known here, and what waited is over.
        wait = self._current(now)
        if wait is not None:
            self._stream.tell(BarrierRaised(wait.until, wait.told), now)

    def _current(self, now: Moment) -> _Wait | None:
        """The start that waits now; one that is over is done with."""
        stream, timeline, wait = self._stream, self._stream.record.timeline, self._wait
        goes_on = stream.members and timeline.playing and now.instant < timeline.at
        if wait is not None and not (goes_on and timeline.at == wait.until):
            self._over(wait, now)
            wait = None
        if wait is None and goes_on and timeline.at - now.instant > MAX_LEAD:
            wait = self._wait = _Wait(timeline.at, stream.record.cursor, now.instant)
            timers = self._context.timers
            timers.set((stream, "wait"), wait.until, self.check)
            timers.set((stream, "told"), now.instant + TOLD_AFTER, self._tell)
            stream.tell(BarrierRaised(wait.until), now)
        return wait

    def _changed(self, wait: _Wait, late: dict[str, None], now: Moment) -> None:
        """It waits for others than before."""
        self._spend(wait, now)
        wait.late = late
        timers, name = self._context.timers, (self._stream, "told")
        if wait.told is not None and timers.due_at(name) is None:
            told_at = now.instant + self._context.limits.presence_interval
            timers.set(name, told_at, self._tell)

    def _spend(self, wait: _Wait, now: Moment) -> None:
        """Count the time for those who were late; what nobody notices costs nothing."""
        if wait.told is not None and wait.late:
            for member_id in wait.late:
                self._budget.spend(member_id, now.instant - wait.spent_at, now.instant)
            self._tell_excused(now)
        wait.spent_at = now.instant

    def _tell_excused(self, now: Moment) -> None:
        excused = self._budget.excused(now.instant)
        if excused:
            self._stream.tell(ExcusedMembers(excused), now)

    def _tell(self, now: Moment) -> None:
        """Tell people whom it waits for."""
        wait = self._wait
        assert wait is not None
        if wait.told is None:
            wait.spent_at = now.instant
        wait.told = StartWait(tuple(wait.late)[:TOLD_MOST], wait.until)
        self._stream.tell(wait.told, now)

    def _over(self, wait: _Wait, now: Moment) -> None:
        self._spend(wait, now)
        self._wait = None
        for name in ("wait", "told"):
            self._context.timers.cancel((self._stream, name))
        self._stream.tell(BarrierLifted(), now)

    # What the server does by itself -----------------------------------------------------

    def _bring_forward(self, wait: _Wait, now: Moment) -> None:
        if wait.asked or wait.until - now.instant <= self._start_lead():
            return
        wait.asked = True
        reason = NO_REASON if wait.told is None else EVERYBODY_READY

        def then(result: Outcome | StoreFailed, _: Moment) -> None:
            # Should the store have failed, the next report has it asked again.
            wait.asked = isinstance(result, Appended)

        self._append(AdvanceStart(wait.until, reason), 0.0, now, then)

    def stalled(self, stall: MemberStalled, now: Moment) -> None:
        """A member has stalled for long: stop the others."""
        bound = min(STALL_BOUND, self._budget.left(stall.member_id, now.instant))
        halt = StallPause(stall.position, waiting_for(stall.name))
        self._append(halt, bound, now)

    def _start_lead(self) -> float:
        needs = LeadNeeds()
        for edge in self._stream.edges.values():
            needs = needs.merged(edge.report.needs)
        return needs.leads().start

    def _append(
        self,
        change: ServerAct,
        bound: float,
        now: Moment,
        then: Callable[[Outcome | StoreFailed, Moment], None] | None = None,
    ) -> None:
        entry = AppendRequest(
            stream_id=self._stream.record.stream_id,
            event_id=self._context.ids.event_id(),
            member_id="",
            name="",
            change=change,
            now=now,
            lead=self._start_lead(),
            bound=bound,
        )
        self._writer.append(entry, then=then)
