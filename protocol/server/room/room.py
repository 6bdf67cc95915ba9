"""Room: A stream that somebody is in: who is there, and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from protocol.server.core.effects import POLICY
from protocol.server.members.participant import Participant
from protocol.server.members.roster import Roster
from protocol.server.readiness.lead_times import LeadTimes
from protocol.server.readiness.readiness import SyncPoint
from protocol.server.readiness.unready import UnreadyIndex
from protocol.server.readiness.wait_budget import WaitBudget
from protocol.wire.messages import (
    AnyEphemeralMessage,
    Bye,
    Event,
    Member,
    Presence,
    Report,
    ServerMessage,
    Snapshot,
    StartWait,
    StateNow,
)

if TYPE_CHECKING:
    from protocol.server.core.context import ServerContext
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment


class RoomObserver:
    """Observer of rooms: what the server does by itself hears by it, and answers by appends."""

    def look(self, room: Room, now: Moment) -> None:
        """Somebody came or went, or the timeline is another one."""

    def look_at(self, room: Room, seat: Participant, now: Moment) -> None:
        """One seat has reported."""

    def logged(self, room: Room, event: Event, now: Moment) -> None:
        """There is one more event."""

    def deserted(self, room: Room, now: Moment) -> None:
        """The last connection has gone."""

    def vacated(self, room: Room, now: Moment) -> None:
        """The last member has gone."""

    def closed(self, room: Room) -> None:
        """The room is forgotten."""


class Room:
    """The living side of a stream; its log is the store's."""

    def __init__(
        self,
        context: ServerContext,
        record: StreamRecord,
        observers: tuple[RoomObserver, ...],
    ) -> None:
        self.record = record
        self.sync_point = SyncPoint(record.cursor, float("-inf"))
        """Where everybody is to be by now."""
        self.wait_budget = WaitBudget()
        self.waiting: StartWait | None = None
        """What people know of a start that waits."""
        self.seats: dict[str, Participant] = {}
        self.claimed_by: int | None = None
        """Peer that is being made host."""
        self.former_host_id = ""
        """Who hosted when the last change of host came; it may be the same member."""
        self._context = context
        self._observers = observers
        self.lead_times = LeadTimes()
        """How far ahead a change has to be agreed."""
        self.unready = UnreadyIndex()
        """Whom a start may have to wait for."""
        self._roll = Roster(context.limits.members_told)
        self._others = 0
        """What was told of those who are not listed."""
        self._changed: dict[str, None] = {}
        self._left: dict[str, bool] = {}
        """Whether each of them was sent away by the host."""
        self._told_at = float("-inf")
        self._connected: dict[int, None] = {}
        """Peers, in the order in which they came."""
        self._listeners: tuple[int, ...] | None = None

    # Who is here ------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether at least one member has a connection."""
        return bool(self._connected)

    @property
    def host(self) -> Participant | None:
        """The host's seat while it is connected."""
        seat = self.seats.get(self.record.host_id)
        return seat if seat is not None and seat.peer is not None else None

    @property
    def host_name(self) -> str:
        """Of the host while it is connected, else ""."""
        host = self.host
        return host.member.name if host is not None else ""

    @property
    def listeners(self) -> tuple[int, ...]:
        """Every connected peer."""
        if self._listeners is None:
            self._listeners = tuple(self._connected)
        return self._listeners

    def attach(self, member: Member, peer: int, now: Moment, *, by_invite: bool) -> Participant:
        """Give ``peer`` the seat of ``member``; an older connection of that seat ends."""
        timers, member_id = self._context.timers, member.member_id
        seat = Participant(member, peer, by_invite=by_invite)
        before = self.seats.get(member_id)
        if before is not None:
            seat.expect(before.seek_ms)
            seat.is_leaving = before.is_leaving
            if before.peer is not None:
                self._disconnected(before.peer)
                anew = Bye("replaced", "this seat has connected anew", reconnect=False)
                self._dismiss(before.peer, anew)
        self.seats[member_id] = seat
        self._roll.add(member_id, hosts=member.role == "host")
        timers.cancel((self, "grace", member_id))
        timers.cancel((self, "whole", member_id))
        self._connected[peer] = None
        self._listeners = None
        self._count(member_id, seat)
        self._mark(member_id, now)
        if timers.due_at((self, "state")) is None:
            self._repeat_state_later(now)
        self._tell_changed(now)
        return seat

    def detach(self, member_id: str, peer: int, now: Moment) -> None:
        """The connection is gone; the member stays listed for a while."""
        seat = self.seats.get(member_id)
        if seat is None or seat.peer != peer:
            return
        seat.peer = None
        seat.backlog = None
        self._disconnected(peer)
        self._discount(member_id)
        until = now.instant + self._context.limits.grace
        self._context.timers.set(
            (self, "grace", member_id), until, lambda then: self.leave(member_id, then)
        )
        if not self._connected:
            self._tell_deserted(now)
        self._tell_changed(now)

    def _tell_changed(self, now: Moment) -> None:
        for observer in self._observers:
            observer.look(self, now)

    def _tell_deserted(self, now: Moment) -> None:
        for observer in self._observers:
            observer.deserted(self, now)

    def _count(self, member_id: str, seat: Participant) -> None:
        self.lead_times.count(member_id, seat)
        self.unready.count(member_id, seat, self.sync_point.cursor)

    def _discount(self, member_id: str) -> None:
        self.lead_times.drop(member_id)
        self.unready.drop(member_id)

    def _disconnected(self, peer: int) -> None:
        self._connected.pop(peer, None)
        self._listeners = None

    def leave(self, member_id: str, now: Moment, *, sent_away: bool = False) -> None:
        """The member is gone for good."""
        gone, timers = self.seats.pop(member_id), self._context.timers
        timers.cancel((self, "grace", member_id))
        timers.cancel((self, "whole", member_id))
        self._discount(member_id)
        if gone.peer is not None:
            self._disconnected(gone.peer)
        self._changed.pop(member_id, None)
        if member_id in self._roll:
            self._left[member_id] = sent_away
        following = self._roll.remove(member_id)
        if following:
            self._changed[following] = None
        self._tell_presence_at(self._told_at + self._context.limits.presence_interval, now)
        if gone.peer is not None and not self._connected:
            self._tell_deserted(now)
        self._tell_changed(now)
        if not self.seats:
            timers.cancel((self, "state"))
            timers.cancel((self, "presence"))
            for observer in self._observers:
                observer.vacated(self, now)

    def expel(self, member_id: str, bye: Bye, now: Moment) -> None:
        """The member has to go: the connection ends, and the seat with it."""
        seat = self.seats.get(member_id)
        if seat is None:
            return
        if seat.peer is not None:
            self._dismiss(seat.peer, bye)
        self.leave(member_id, now, sent_away=bye.code != "replaced")

    def displace(self, member_id: str, now: Moment) -> None:
        """Another seat with the host key hosts: who came by an invite stays as a viewer."""
        seat = self.seats.get(member_id)
        if seat is not None and not seat.by_invite:
            why = "another seat has taken over as host"
            self.expel(member_id, Bye("replaced", why, reconnect=False), now)

    def _dismiss(self, peer: int, bye: Bye) -> None:
        self._context.send((peer,), bye)
        self._context.close(peer, POLICY, bye.code)

    # What they are told -----------------------------------------------------------------

    def publish(self, record: StreamRecord, event: Event, now: Moment) -> None:
        """Tell everybody of a durable event, unless they are there or further on already."""
        if not self._enter(record, now):
            return
        self._deliver(event)
        if self.seats:
            # It says where the timeline stands, so the next repetition can wait.
            self._repeat_state_later(now)
        if event.event_type in ("pause", "seek") or (event.seq == 1 and event.media is not None):
            self._move(SyncPoint(event.cursor, now.instant))
        for observer in self._observers:
            observer.logged(self, event, now)
        self._tell_changed(now)

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

    def _deliver(self, event: Event) -> None:
        waiting = [seat for seat in self.seats.values() if seat.backlog is not None]
        if not waiting:
            self._context.send(self.listeners, event)
            return
        for seat in waiting:
            assert seat.backlog is not None
            seat.backlog.append(event)
        behind = {seat.peer for seat in waiting}
        self._context.send(tuple(p for p in self.listeners if p not in behind), event)

    def _move(self, place: SyncPoint) -> None:
        self.sync_point = place
        self.unready.moved()

    def _change_host(self, before: str, now: Moment) -> None:
        """Another member hosts than ``before``; those who are here change their roles."""
        for member_id, role in ((before, "viewer"), (self.record.host_id, "host")):
            seat = self.seats.get(member_id)
            if seat is not None:
                seat.has_hosted = role == "viewer"
                seat.member = msgspec.structs.replace(seat.member, role=role)
                self._mark(member_id, now)

    def tell(self, message: ServerMessage) -> None:
        """Tell everybody something that is not in the log."""
        self._context.send(self.listeners, message)

    def tell_of_people(self, message: AnyEphemeralMessage | Presence) -> None:
        """Tell everybody of people; a film's events do not wait for it."""
        self._context.send(self.listeners, message, is_urgent=False)

    def reset(self, record: StreamRecord, now: Moment) -> None:
        """The stream starts anew from ``record``, unless it has gone on from there already."""
        if not self._enter(record, now):
            return
        self._move(SyncPoint(record.cursor, float("-inf")))
        for seat in self.seats.values():
            seat.backlog = None if seat.backlog is None else []
        self.tell(self.snapshot("reset"))

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
            members=self.members(),
            others=self._roll.others,
            reason=reason,
            **msgspec.structs.asdict(record.settings),
        )

    def members(self) -> tuple[Member, ...]:
        """Those who are told of."""
        return tuple(self.seats[member_id].member for member_id in self._roll.told)

    def present(self, peer: int, member_id: str, now: Moment, *, resumed: bool) -> None:
        """Tell one peer who is here, unless a snapshot just did, and where the timeline stands.

        A seat that resumed may list members who have left since. They are taken away a
        grace later: after a restart of the server the others are only just coming back.
        """
        if resumed:
            here = Presence(changed=self.members(), others=self._roll.others)
            self._context.send((peer,), here, is_urgent=False)
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
        peer = self.seats[member_id].peer
        if peer is not None:
            whole = Presence(changed=self.members(), whole=True, others=self._roll.others)
            self._context.send((peer,), whole, is_urgent=False)

    def _repeat_state_later(self, now: Moment) -> None:
        self._context.timers.set(
            (self, "state"), now.instant + self._context.limits.state_interval, self._repeat_state
        )

    def _repeat_state(self, now: Moment) -> None:
        behind = {seat.peer for seat in self.seats.values() if seat.backlog is not None}
        self._context.send(tuple(p for p in self.listeners if p not in behind), self.state_now())
        self._repeat_state_later(now)

    # How they are -----------------------------------------------------------------------

    def report(self, member_id: str, report: Report, now: Moment) -> None:
        """Take what a seat tells of itself; it never moves the timeline."""
        seat = self.seats[member_id]
        before = seat.member
        seat.take(report)
        self._count(member_id, seat)
        if seat.member.state != before.state:
            self._mark(member_id, now)
        elif seat.member != before and member_id in self._roll:
            self._changed[member_id] = None
            self._tell_presence_at(self._told_at + self._context.limits.drift_interval, now)
        for observer in self._observers:
            observer.look_at(self, seat, now)

    def _mark(self, member_id: str, now: Moment) -> None:
        self._roll.add(member_id, hosts=member_id == self.record.host_id)
        if member_id in self._roll:
            self._changed[member_id] = None
            self._left.pop(member_id, None)
        elif not self._roll.is_recounted:
            return
        self._tell_presence_at(self._told_at + self._context.limits.presence_interval, now)

    def _tell_presence_at(self, instant: float, now: Moment) -> None:
        """Tell what changed no later than ``instant``; at once when that has passed."""
        timers, name = self._context.timers, (self, "presence")
        instant = max(instant, now.instant)
        due = timers.due_at(name)
        if due is None or instant < due:
            timers.set(name, instant, self._tell_presence)

    def _tell_presence(self, now: Moment) -> None:
        self._told_at = now.instant
        changed = tuple(self.seats[m].member for m in self._changed if m in self.seats)
        removed = tuple(m for m, sent_away in self._left.items() if sent_away)
        gone = Presence(changed, tuple(self._left), removed, others=self._roll.recount())
        self._changed.clear()
        self._left.clear()
        self.tell_of_people(gone)
