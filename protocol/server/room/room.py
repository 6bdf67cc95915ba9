"""Room: the edge of a stream: who of it is on this node, and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from protocol.server.bus.messages import (
    EdgeConnected,
    LogEntry,
    LogReset,
    MemberChanged,
    MemberJoined,
    MemberLeft,
)
from protocol.server.core.effects import POLICY
from protocol.server.members.participant import Participant
from protocol.server.readiness.readiness import SyncPoint
from protocol.server.room.fanout import RoomFanout
from protocol.server.room.owner_link import OwnerLink
from protocol.wire.messages import (
    Bye,
    Snapshot,
    StateNow,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.bus.bus import Bus
    from protocol.server.bus.messages import LogMessage
    from protocol.server.core.context import ServerContext
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.server.readiness.lead_times import LeadTime
    from protocol.server.room.edge_readiness import StartPlan
    from protocol.wire.messages import Act, Event, Member, Report


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
        self.participants: dict[str, Participant] = {}
        self.claimed_by: int | None = None
        """Peer that is being made host."""
        self.former_host_id = ""
        """Who hosted when the last change of host came; it may be the same member."""
        self.fanout = RoomFanout(context)
        self.link = OwnerLink(
            context, bus, edge_id, self.participants, self.fanout, lambda: self.record
        )
        self._context = context
        self._vacated = vacated

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
        self.link.readiness.count(member_id, participant)
        if is_first:
            self.link.send(EdgeConnected(is_connected=True), now)
        self.link.send(MemberJoined(member), now)
        if timers.due_at((self, "state")) is None:
            self._repeat_state_later(now)
        self.link.report_readiness(now)
        return participant

    def detach(self, member_id: str, peer: int, now: Moment) -> None:
        """The connection is gone; the member stays listed for a while."""
        participant = self.participants.get(member_id)
        if participant is None or participant.peer != peer:
            return
        participant.peer = None
        self.fanout.release(participant)
        self.fanout.remove(peer)
        self.link.readiness.discount(member_id)
        until = now.instant + self._context.limits.grace
        self._context.timers.set(
            (self, "grace", member_id), until, lambda then: self.leave(member_id, then)
        )
        if not self.fanout:
            self.link.send(EdgeConnected(is_connected=False), now)
        self.link.report_readiness(now)

    def leave(self, member_id: str, now: Moment, *, sent_away: bool = False) -> None:
        """The member is gone for good."""
        gone, timers = self.participants.pop(member_id), self._context.timers
        timers.cancel((self, "grace", member_id))
        timers.cancel((self, "whole", member_id))
        self.fanout.forget(member_id)
        self.link.readiness.discount(member_id)
        if gone.peer is not None:
            self.fanout.remove(gone.peer)
        self.link.send(MemberLeft(member_id, is_removed=sent_away), now)
        if gone.peer is not None and not self.fanout:
            self.link.send(EdgeConnected(is_connected=False), now)
        self.link.report_readiness(now)
        if not self.participants:
            timers.cancel((self, "state"))
            self.link.rest()
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
            self.link.readiness.move(SyncPoint(event.cursor, now.instant))
        self.link.watch_stall(event, now)
        self.link.report_readiness(now)

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
                self.link.send(MemberChanged(participant.member, is_urgent=True), now)

    def reset(self, record: StreamRecord, now: Moment) -> None:
        """The stream starts anew from ``record``, unless it has gone on from there already."""
        if not self._enter(record, now):
            return
        self.link.readiness.move(SyncPoint(record.cursor, float("-inf")))
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
            members=self.link.roster.members(),
            others=self.link.roster.others,
            reason=reason,
            **msgspec.structs.asdict(record.settings),
        )

    def present(self, peer: int, member_id: str, now: Moment, *, resumed: bool) -> None:
        """Tell one peer who is here, unless a snapshot just did, and where the timeline stands.

        A seat that resumed may list members who have left since. They are taken away a
        grace later: after a restart of the server the others are only just coming back.
        """
        if resumed:
            self._context.send((peer,), self.link.presence(), is_urgent=False)
        self._context.send((peer,), self.state_now())
        if self.link.waiting is not None:
            self._context.send((peer,), self.link.waiting)
        if resumed:
            self._context.timers.set(
                (self, "whole", member_id),
                now.instant + self._context.limits.grace,
                lambda _: self._tell_whole(member_id),
            )

    def _tell_whole(self, member_id: str) -> None:
        peer = self.participants[member_id].peer
        if peer is not None:
            self._context.send((peer,), self.link.presence(whole=True), is_urgent=False)

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
        participant = self.participants[member_id]
        before = participant.member
        participant.take(report)
        self.link.reported(participant, before, now)

    def plan(self, act: Act, now: Moment) -> StartPlan:
        """How a start is led that ``act`` asks for now."""
        return self.link.readiness.plan(self.record, act, now.instant)

    def leads(self) -> LeadTime:
        """How far ahead a change is agreed that is asked for now."""
        return self.link.readiness.leads()
