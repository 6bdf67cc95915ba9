"""Stream owner: the one place where a stream is a whole: takes what its edges tell, answers all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from protocol.server.bus.messages import (
    EdgeClosed,
    EdgeConnected,
    EdgeOpened,
    EphemeralPosted,
    LogEntry,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MemberStalled,
    ReadinessPlan,
    ReadinessReport,
)
from protocol.server.owner.presence import PresenceTracker
from protocol.server.owner.start_barrier import StartBarrier
from protocol.server.owner.stream import EdgeState, OwnedStream

if TYPE_CHECKING:
    from protocol.server.bus.bus import Bus
    from protocol.server.bus.log_writer import LogWriter
    from protocol.server.bus.messages import LogMessage, UpMessage
    from protocol.server.core.context import ServerContext
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.server.owner.idle_pause import IdlePause

PLAN_INTERVAL: Final = 0.25
"""Seconds between two plans."""


class StreamOwner:
    """Owner of one stream."""

    def __init__(
        self,
        context: ServerContext,
        writer: LogWriter,
        bus: Bus,
        idle_pause: IdlePause,
        record: StreamRecord,
    ) -> None:
        self._context = context
        self._idle_pause = idle_pause
        self.stream = OwnedStream(record, bus)
        self._presence = PresenceTracker(context, self.stream)
        self._barrier = StartBarrier(context, writer, self.stream)
        self._planned_at = float("-inf")

    def take_log(self, message: LogMessage, now: Moment) -> None:
        """The stream's log has gone on."""
        is_news = self.stream.enter(message.record)
        if is_news and isinstance(message, LogEntry):
            self._barrier.judge(now)

    def take_up(self, edge_id: str, message: UpMessage, now: Moment) -> None:
        """An edge tells something."""
        if edge_id not in self.stream.edges and not isinstance(message, EdgeOpened):
            # It has been given up; it opens anew when it hears of the owner again.
            return
        match message:
            case MemberChanged(member=member, is_urgent=is_urgent):
                self._presence.changed(edge_id, member, now, is_urgent=is_urgent)
            case ReadinessReport():
                self._reported(edge_id, message, now)
            case EphemeralPosted(member_id=member_id, name=name, request=request):
                told = request.told(member_id, name, now.unix_ms)
                if told is not None:
                    self.stream.tell(told, now)
            case MemberJoined(member=member):
                self._presence.joined(edge_id, member, now)
                self._barrier.check(now)
            case MemberLeft(member_id=member_id, is_removed=is_removed):
                self._presence.left(edge_id, member_id, now, is_removed=is_removed)
                self._barrier.check(now)
            case MemberStalled(needs=needs):
                edge = self.stream.edges[edge_id]
                edge.report = msgspec.structs.replace(edge.report, needs=needs)
                self._barrier.stalled(message, now)
            case EdgeConnected(is_connected=is_connected):
                self._connected(self.stream.edges[edge_id], now, is_connected=is_connected)
            case EdgeOpened(record=record):
                self._opened(edge_id, record, now)
            case EdgeClosed():
                self._closed(edge_id, now)
            case _:
                assert_never(message)

    # Edges ------------------------------------------------------------------------------

    def _opened(self, edge_id: str, record: StreamRecord, now: Moment) -> None:
        self.stream.enter(record)
        if edge_id in self.stream.edges:
            return
        is_first = not self.stream.edges
        self.stream.edges[edge_id] = EdgeState()
        if not is_first:
            self._presence.tell_roster(now)
            self._barrier.greet(now)
            self._tell_plan(now)

    def _closed(self, edge_id: str, now: Moment) -> None:
        edge, stream = self.stream.edges[edge_id], self.stream
        self._connected(edge, now, is_connected=False)
        del stream.edges[edge_id]
        for member_id in [m for m, seated in stream.members.items() if seated.edge_id == edge_id]:
            self._presence.left(edge_id, member_id, now, is_removed=False)
        self._barrier.judge(now)
        if stream.edges:
            self._tell_plan(now)
        else:
            self._context.timers.cancel((stream, "plan"))
            self._idle_pause.closed(stream)

    def _connected(self, edge: EdgeState, now: Moment, *, is_connected: bool) -> None:
        was_connected, edge.is_connected = edge.is_connected, is_connected
        if is_connected:
            self._idle_pause.connected(self.stream)
        elif was_connected and not self.stream.is_connected:
            self._idle_pause.idle(self.stream, now)

    # Readiness --------------------------------------------------------------------------

    def _reported(self, edge_id: str, report: ReadinessReport, now: Moment) -> None:
        self.stream.edges[edge_id].report = report
        if len(self.stream.edges) > 1 and self._context.timers.due_at(self._plan_timer) is None:
            at = max(now.instant, self._planned_at + PLAN_INTERVAL)
            self._context.timers.set(self._plan_timer, at, self._tell_plan)
        # What is ahead of the log as it is known here is judged when that has come.
        if not self.stream.record.cursor < report.as_of:
            self._barrier.judge(now)

    @property
    def _plan_timer(self) -> tuple[OwnedStream, str]:
        return (self.stream, "plan")

    def _tell_plan(self, now: Moment) -> None:
        self._planned_at = now.instant
        reports = {edge_id: edge.report for edge_id, edge in self.stream.edges.items()}
        self.stream.tell(ReadinessPlan(reports), now)
