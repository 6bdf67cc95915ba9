"""Room: the edge of a stream: who of it is on this node, and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from protocol.server.bus.messages import (
    BarrierLifted,
    BarrierRaised,
    EdgeConnected,
    EphemeralPosted,
    ExcusedMembers,
    LogEntry,
    LogReset,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MemberStalled,
    ReadinessPlan,
    RosterChange,
    RosterReset,
)
from protocol.server.core.effects import POLICY
from protocol.server.members.participant import Participant
from protocol.server.readiness.readiness import SyncPoint
from protocol.server.room.edge_readiness import EdgeReadiness
from protocol.server.room.fanout import RoomFanout
from protocol.server.room.roster_replica import RosterReplica
from protocol.server.room.stalls import STALLED_FOR, resume_position, stops_for
from protocol.wire.messages import (
    Bye,
    EphemeralMessage,
    Presence,
    Snapshot,
    StartWait,
    StateNow,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.bus.bus import Bus
    from protocol.server.bus.messages import DownMessage, LogMessage, UpMessage
    from protocol.server.core.context import ServerContext
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.server.readiness.lead_times import LeadTime
    from protocol.server.room.edge_readiness import StartPlan
    from protocol.wire.messages import Act, AnyEphemeralRequest, Event, Member, Report

REPORT_INTERVAL: Final = 0.25
"""Seconds between two readiness reports while no start waits."""


class Room:
    """The living side of a stream on one node; its log is the store's, the whole is its owner's.

    Args:
        context: effects, timers, limits.
        bus: to the owner.
        edge_id: of this node.
        record: the stream as the store knows it.
        vacated: called when the last member has gone.
    """

    def __init__(
        self,
        context: ServerContext,
        bus: Bus,
        edge_id: str,
        record: StreamRecord,
        vacated: Callable[[str, Moment], None],
    ) -> None:
        self.record = record
        self.waiting: StartWait | None = None
        """What people know of a start that waits."""
        self.participants: dict[str, Participant] = {}
        self.claimed_by: int | None = None
        """Peer that is being made host."""
        self.former_host_id = ""
        """Who hosted when the last change of host came; it may be the same member."""
        self.readiness = EdgeReadiness(edge_id, self.participants, record.cursor)
        self.fanout = RoomFanout(context)
        self._context = context
        self._bus = bus
        self._edge_id = edge_id
        self._vacated = vacated
        self._roster = RosterReplica(self.participants)
        self._reported_at = float("-inf")

    # Who is here ------------------------------------------------------------------------

    @property
    def host(self) -> Participant | None:
        """The host's seat while it is connected."""
        participant = self.participants.get(self.record.host_id)
        return participant if participant is not None and participant.peer is not None else None

    @property
    def host_name(self) -> str:
        """Of the host while it is connected, else ""."""
        host = self.host
        return host.member.name if host is not None else ""

    def attach(self, member: Member, peer: int, now: Moment, *, by_invite: bool) -> Participant:
        """Give ``peer`` the seat of ``member``; an older connection of that seat ends."""
        timers, member_id = self._context.timers, member.member_id
        participant = Participant(member, peer, by_invite=by_invite)
        before = self.participants.get(member_id)
        if before is not None:
            participant.expect(before.seek_ms)
            participant.is_leaving = before.is_leaving
            if before.peer is not None:
                self.fanout.remove(before.peer)
                anew = Bye("replaced", "this seat has connected anew", reconnect=False)
                self._dismiss(before.peer, anew)
        self.participants[member_id] = participant
        self.fanout.forget(member_id)
        timers.cancel((self, "grace", member_id))
        timers.cancel((self, "whole", member_id))
        is_first = not self.fanout
        self.fanout.add(peer)
        self.readiness.count(member_id, participant)
        if is_first:
            self._send_up(EdgeConnected(is_connected=True), now)
        self._send_up(MemberJoined(member), now)
        if timers.due_at((self, "state")) is None:
            self._repeat_state_later(now)
        self._report_readiness(now)
        return participant

    def detach(self, member_id: str, peer: int, now: Moment) -> None:
        """The connection is gone; the member stays listed for a while."""
        participant = self.participants.get(member_id)
        if participant is None or participant.peer != peer:
            return
        participant.peer = None
        self.fanout.release(participant)
        self.fanout.remove(peer)
        self.readiness.discount(member_id)
        until = now.instant + self._context.limits.grace
        self._context.timers.set(
            (self, "grace", member_id), until, lambda then: self.leave(member_id, then)
        )
        if not self.fanout:
            self._send_up(EdgeConnected(is_connected=False), now)
        self._report_readiness(now)

    def leave(self, member_id: str, now: Moment, *, sent_away: bool = False) -> None:
        """The member is gone for good."""
        gone, timers = self.participants.pop(member_id), self._context.timers
        timers.cancel((self, "grace", member_id))
        timers.cancel((self, "whole", member_id))
        self.fanout.forget(member_id)
        self.readiness.discount(member_id)
        if gone.peer is not None:
            self.fanout.remove(gone.peer)
        self._send_up(MemberLeft(member_id, is_removed=sent_away), now)
        if gone.peer is not None and not self.fanout:
            self._send_up(EdgeConnected(is_connected=False), now)
        self._report_readiness(now)
        if not self.participants:
            timers.cancel((self, "state"))
            timers.cancel((self, "readiness"))
            self._vacated(self.record.stream_id, now)

    def expel(self, member_id: str, bye: Bye, now: Moment) -> None:
        """The member has to go: the connection ends, and the seat with it."""
        participant = self.participants.get(member_id)
        if participant is None:
            return
        if participant.peer is not None:
            self._dismiss(participant.peer, bye)
        self.leave(member_id, now, sent_away=bye.code != "replaced")

    def displace(self, member_id: str, now: Moment) -> None:
        """Another seat with the host key hosts: who came by an invite stays as a viewer."""
        participant = self.participants.get(member_id)
        if participant is not None and not participant.by_invite:
            why = "another seat has taken over as host"
            self.expel(member_id, Bye("replaced", why, reconnect=False), now)

    def _dismiss(self, peer: int, bye: Bye) -> None:
        self._context.send((peer,), bye)
        self._context.close(peer, POLICY, bye.code)

    # What they are told -----------------------------------------------------------------

    def take_log(self, message: LogMessage, now: Moment) -> None:
        """The stream's log has gone on, unless this room is there or further on already."""
        match message:
            case LogEntry(record=record, event=event):
                if self._enter(record, now):
                    self._publish(event, now)
            case LogReset(record=record):
                self.reset(record, now)
            case _:
                assert_never(message)

    def _publish(self, event: Event, now: Moment) -> None:
        self.fanout.deliver(event)
        if self.participants:
            # It says where the timeline stands, so the next repetition can wait.
            self._repeat_state_later(now)
        if event.event_type in ("pause", "seek") or (event.seq == 1 and event.media is not None):
            self.readiness.move(SyncPoint(event.cursor, now.instant))
        self._watch_stall(event, now)
        self._report_readiness(now)

    def _enter(self, record: StreamRecord, now: Moment) -> bool:
        """The only way to another record, which is a newer one; False where it is not."""
        if not self.record.cursor < record.cursor:
            return False
        before, self.record = self.record, record
        if record.host_term != before.host_term:
            self.former_host_id = before.host_id
        if record.host_id != before.host_id:
            self._change_host(before.host_id, now)
        return True

    def _change_host(self, before: str, now: Moment) -> None:
        """Another member hosts than ``before``; those who are here change their roles."""
        for member_id, role in ((before, "viewer"), (self.record.host_id, "host")):
            participant = self.participants.get(member_id)
            if participant is not None:
                participant.has_hosted = role == "viewer"
                participant.member = msgspec.structs.replace(participant.member, role=role)
                self._send_up(MemberChanged(participant.member, is_urgent=True), now)

    def reset(self, record: StreamRecord, now: Moment) -> None:
        """The stream starts anew from ``record``, unless it has gone on from there already."""
        if not self._enter(record, now):
            return
        self.readiness.move(SyncPoint(record.cursor, float("-inf")))
        self.fanout.restart()
        self.fanout.tell(self.snapshot("reset"))

    def state_now(self) -> StateNow:
        return StateNow(self.record.epoch, self.record.seq, self.record.timeline)

    def snapshot(self, reason: str) -> Snapshot:
        """The whole state."""
        record = self.record
        return Snapshot(
            stream_id=record.stream_id,
            epoch=record.epoch,
            seq=record.seq,
            timeline=record.timeline,
            host_id=record.host_id,
            host_term=record.host_term,
            media=record.media,
            members=self._roster.members(),
            others=self._roster.others,
            reason=reason,
            **msgspec.structs.asdict(record.settings),
        )

    def present(self, peer: int, member_id: str, now: Moment, *, resumed: bool) -> None:
        """Tell one peer who is here, unless a snapshot just did, and where the timeline stands.

        A seat that resumed may list members who have left since. They are taken away a
        grace later: after a restart of the server the others are only just coming back.
        """
        if resumed:
            self._context.send((peer,), self._here(), is_urgent=False)
        self._context.send((peer,), self.state_now())
        if self.waiting is not None:
            self._context.send((peer,), self.waiting)
        if resumed:
            self._context.timers.set(
                (self, "whole", member_id),
                now.instant + self._context.limits.grace,
                lambda _: self._tell_whole(member_id),
            )

    def _tell_whole(self, member_id: str) -> None:
        peer = self.participants[member_id].peer
        if peer is not None:
            self._context.send((peer,), self._here(whole=True), is_urgent=False)

    def _here(self, *, whole: bool = False) -> Presence:
        return Presence(self._roster.members(), whole=whole, others=self._roster.others)

    def _repeat_state_later(self, now: Moment) -> None:
        self._context.timers.set(
            (self, "state"), now.instant + self._context.limits.state_interval, self._repeat_state
        )

    def _repeat_state(self, now: Moment) -> None:
        self.fanout.tell_up_to_date(self.state_now())
        self._repeat_state_later(now)

    # How they are -----------------------------------------------------------------------

    def report(self, member_id: str, report: Report, now: Moment) -> None:
        """Take what a seat tells of itself; it never moves the timeline."""
        participant, readiness = self.participants[member_id], self.readiness
        before = participant.member
        participant.take(report)
        readiness.count(member_id, participant)
        member = participant.member
        if member.state != before.state:
            self._send_up(MemberChanged(member, is_urgent=True), now)
        elif member_id in self._roster and member != before:
            self._send_up(MemberChanged(member), now)
        if readiness.until is not None:
            news = readiness.report_on(self.record, member_id, now.instant)
            if news is not None:
                self._send_up(news, now)
        if not readiness.is_alone:
            self._report_later(now)

    def plan(self, act: Act, now: Moment) -> StartPlan:
        """How a start is led that ``act`` asks for now."""
        return self.readiness.plan(self.record, act, now.instant)

    def leads(self) -> LeadTime:
        """How far ahead a change is agreed that is asked for now."""
        return self.readiness.leads()

    def _report_readiness(self, now: Moment) -> None:
        """Somebody came or went, or the timeline is another one."""
        if self.readiness.until is not None:
            self._report(now)
        elif not self.readiness.is_alone:
            self._report_later(now)

    def _report_later(self, now: Moment) -> None:
        timers, name = self._context.timers, (self, "readiness")
        if timers.due_at(name) is None:
            timers.set(name, max(now.instant, self._reported_at + REPORT_INTERVAL), self._report)

    def _report(self, now: Moment) -> None:
        self._reported_at = now.instant
        self._send_up(self.readiness.report(self.record, now.instant), now)

    # Stalls -----------------------------------------------------------------------------

    def _watch_stall(self, event: Event, now: Moment) -> None:
        """Watch the stalls that members tell of."""
        name = (self, "stall", event.member_id)
        if event.event_type == "buffer_end":
            self._context.timers.cancel(name)
        elif event.event_type == "buffer_start":
            stalled_at = now.instant + STALLED_FOR
            member_id = event.member_id
            self._context.timers.set(name, stalled_at, lambda then: self._stalled(member_id, then))

    def _stalled(self, member_id: str, now: Moment) -> None:
        """A member has stalled for long: the owner stops the party if that is what it wants."""
        record, participant, instant = self.record, self.participants.get(member_id), now.instant
        if participant is None or not stops_for(member_id, record, instant):
            return
        if self.readiness.member_readiness(participant, record, instant) == "late":
            position = resume_position(participant, record, instant)
            needs = self.readiness.lead_times.needs()
            self._send_up(MemberStalled(member_id, participant.member.name, position, needs), now)

    # The owner --------------------------------------------------------------------------

    def post(self, member_id: str, name: str, request: AnyEphemeralRequest, now: Moment) -> None:
        """A member tells everybody something."""
        self._send_up(EphemeralPosted(member_id, name, request), now)

    def take_down(self, message: DownMessage, now: Moment) -> None:
        """The stream's owner tells something."""
        match message:
            case Presence():
                self._roster.take(message)
                self.fanout.tell_of_people(message)
            case EphemeralMessage():
                self.fanout.tell_of_people(message)
            case RosterChange():
                for member in self._roster.change(message):
                    self._send_up(MemberChanged(member), now)
            case StartWait():
                self.waiting = message
                self.fanout.tell(message)
            case BarrierRaised(until=until, waiting=waiting):
                self.readiness.wait(until)
                if waiting is not None and self.waiting is None:
                    self.waiting = waiting
                    self.fanout.tell(waiting)
                self._report(now)
            case BarrierLifted():
                self.readiness.wait(None)
                if self.waiting is not None:
                    self.waiting = None
                    self.fanout.tell(StartWait())
            case ExcusedMembers(until=until):
                self.readiness.excused = until
            case RosterReset():
                if self._roster.reset(message):
                    # Who came before it did was told of nobody.
                    self.fanout.tell_of_people(self._here(whole=True))
            case ReadinessPlan():
                was_alone = self.readiness.is_alone
                self.readiness.take(message)
                if was_alone:
                    self._report_readiness(now)
            case _:
                assert_never(message)

    def _send_up(self, message: UpMessage, now: Moment) -> None:
        self._bus.send_up(self.record.stream_id, self._edge_id, message, now)
