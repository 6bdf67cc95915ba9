"""Owner link: an edge's talk with the owner of its stream: what it tells, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from protocol.server.bus.messages import (
    BarrierLifted,
    BarrierRaised,
    EphemeralPosted,
    ExcusedMembers,
    MemberChanged,
    MemberStalled,
    ReadinessPlan,
    RosterChange,
    RosterReset,
)
from protocol.server.room.edge_readiness import EdgeReadiness
from protocol.server.room.roster_replica import RosterReplica
from protocol.server.room.stalls import STALLED_FOR, resume_position, stops_for
from protocol.wire.messages import EphemeralMessage, Presence, StartWait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.server.bus.bus import Bus
    from protocol.server.bus.messages import DownMessage, UpMessage
    from protocol.server.core.context import ServerContext
    from protocol.server.log.record import StreamRecord
    from protocol.server.members.participant import Participant
    from protocol.server.moment import Moment
    from protocol.server.room.fanout import RoomFanout
    from protocol.wire.messages import AnyEphemeralRequest, Event, Member

REPORT_INTERVAL: Final = 0.25
"""Seconds between two readiness reports while no start waits."""


class OwnerLink:
    """Keeps what the owner tells of the whole party, and tells it of the seats of one edge.

    Args:
        context: timers.
        bus: to the owner.
        edge_id: of this node.
        participants: of the edge, by member.
        fanout: to their peers.
        record: the stream as it is known here now.
    """

    def __init__(
        self,
        context: ServerContext,
        bus: Bus,
        edge_id: str,
        participants: Mapping[str, Participant],
        fanout: RoomFanout,
        record: Callable[[], StreamRecord],
    ) -> None:
        self.waiting: StartWait | None = None
        """What people know of a start that waits."""
        self.roster = RosterReplica(participants)
        self.readiness = EdgeReadiness(edge_id, participants, record().cursor)
        self._timers = context.timers
        self._bus = bus
        self._stream_id = record().stream_id
        self._record = record
        self._edge_id = edge_id
        self._participants = participants
        self._fanout = fanout
        self._reported_at = float("-inf")

    # Up ---------------------------------------------------------------------------------

    def send(self, message: UpMessage, now: Moment) -> None:
        """Tell the owner."""
        self._bus.send_up(self._stream_id, self._edge_id, message, now)

    def post(self, member_id: str, name: str, request: AnyEphemeralRequest, now: Moment) -> None:
        """A member tells everybody something."""
        self.send(EphemeralPosted(member_id, name, request), now)

    def reported(self, participant: Participant, before: Member, now: Moment) -> None:
        """A seat has told how its member is, who was as ``before``."""
        member, readiness = participant.member, self.readiness
        member_id = member.member_id
        readiness.count(member_id, participant)
        if (member.state, member.waiting) != (before.state, before.waiting):
            self.send(MemberChanged(member, is_urgent=True), now)
        elif member_id in self.roster and member != before:
            self.send(MemberChanged(member), now)
        if readiness.until is not None:
            news = readiness.report_on(self._record(), member_id, now.instant)
            if news is not None:
                self.send(news, now)
        if not readiness.is_alone:
            self._report_later(now)

    def rest(self) -> None:
        """The edge has nobody to report on."""
        self._timers.cancel((self, "readiness"))

    def report_readiness(self, now: Moment) -> None:
        """Somebody came or went, or the timeline is another one."""
        if self.readiness.until is not None:
            self._report(now)
        elif not self.readiness.is_alone:
            self._report_later(now)

    def _report_later(self, now: Moment) -> None:
        name = (self, "readiness")
        if self._timers.due_at(name) is None:
            at = max(now.instant, self._reported_at + REPORT_INTERVAL)
            self._timers.set(name, at, self._report)

    def _report(self, now: Moment) -> None:
        self._reported_at = now.instant
        self.send(self.readiness.report(self._record(), now.instant), now)

    # Stalls -----------------------------------------------------------------------------

    def watch_stall(self, event: Event, now: Moment) -> None:
        """Watch the stalls that members tell of."""
        name = (self, "stall", event.member_id)
        if event.event_type == "buffer_end":
            self._timers.cancel(name)
        elif event.event_type == "buffer_start":
            stalled_at = now.instant + STALLED_FOR
            member_id = event.member_id
            self._timers.set(name, stalled_at, lambda then: self._stalled(member_id, then))

    def _stalled(self, member_id: str, now: Moment) -> None:
        """A member has stalled for long: the owner stops the party if that is what it wants."""
        record, instant = self._record(), now.instant
        participant = self._participants.get(member_id)
        if participant is None or not stops_for(member_id, record, instant):
            return
        if self.readiness.member_readiness(participant, record, instant) == "late":
            position = resume_position(participant, record, instant)
            needs = self.readiness.lead_times.needs()
            self.send(MemberStalled(member_id, participant.member.name, position, needs), now)

    # Down -------------------------------------------------------------------------------

    def take(self, message: DownMessage, now: Moment) -> None:
        """The stream's owner tells something."""
        match message:
            case Presence():
                self.roster.take(message)
                self._fanout.tell_of_people(message)
            case EphemeralMessage():
                self._fanout.tell_of_people(message)
            case RosterChange():
                for member in self.roster.change(message):
                    self.send(MemberChanged(member), now)
            case StartWait():
                self.waiting = message
                self._fanout.tell(message)
            case BarrierRaised(until=until, waiting=waiting):
                self.readiness.wait(until)
                if waiting is not None and self.waiting is None:
                    self.waiting = waiting
                    self._fanout.tell(waiting)
                self._report(now)
            case BarrierLifted():
                self.readiness.wait(None)
                if self.waiting is not None:
                    self.waiting = None
                    self._fanout.tell(StartWait())
            case ExcusedMembers(until=until):
                self.readiness.excused = until
            case RosterReset():
                if self.roster.reset(message):
                    # Who came before it did was told of nobody.
                    self._fanout.tell_of_people(self.presence(whole=True))
            case ReadinessPlan():
                was_alone = self.readiness.is_alone
                self.readiness.take(message)
                if was_alone:
                    self.report_readiness(now)
            case _:
                assert_never(message)

    def presence(self, *, whole: bool = False) -> Presence:
        """Everybody who is listed."""
        return Presence(self.roster.members(), whole=whole, others=self.roster.others)
