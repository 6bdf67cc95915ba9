"""Seating: the room a member is let into, and what the seat is told until it is up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.server.core.store_calls import ReadSince, StoreFailed
from protocol.server.core.store_flow import ask
from protocol.server.limits.connection import MemberQuotas
from protocol.server.log.decide import missing_reason, snapshot_reason
from protocol.wire.messages import Created, Member, Role, Welcome

if TYPE_CHECKING:
    from protocol.server.access.peers import Peer
    from protocol.server.core.context import ServerContext
    from protocol.server.core.store_calls import ReadEvents
    from protocol.server.core.store_flow import StoreFlow
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.server.room.registry import RoomRegistry
    from protocol.wire.messages import Cursor, Event


class Admitted(NamedTuple):
    """Who is let into which stream, and what that seat alone is told."""

    record: StreamRecord
    role: Role
    cursor: Cursor | None = None
    """Last event that the seat has applied; None for a first join."""
    created: Created | None = None
    invite: str = ""


class Seating:
    """Gives seats and brings them to where their stream is."""

    def __init__(self, context: ServerContext, rooms: RoomRegistry) -> None:
        self._context = context
        self._rooms = rooms
        self._members = MemberQuotas()

    def gone(self, peer: Peer, now: Moment) -> None:
        """This connection has ended."""
        self._members.left(peer.member_id, peer.limits, now.instant)

    def participant(self, peer: Peer, admitted: Admitted, now: Moment) -> StoreFlow[None]:
        """Welcome a member and tell the seat where the stream is."""
        record, role, cursor, created, invite = admitted
        room = self._rooms.open(record, now)
        peer.state, peer.room = "seated", room
        self._members.seated(peer.member_id, peer.limits)
        member = Member(member_id=peer.member_id, name=peer.name, role=role)
        room.attach(member, peer.number, now, by_invite=peer.by_invite)
        self._context.send(
            (peer.number,),
            Welcome(
                version=peer.version,
                clock_id=self._context.clock_id,
                stream_id=record.stream_id,
                member_id=peer.member_id,
                role=role,
                host_term=room.record.host_term,
                counter=room.record.host_counter if role == "host" else 0,
                created=created,
                invite_token=invite,
            ),
        )
        if cursor is not None:
            yield from self.resume(peer, cursor, now)
            return
        self._context.send((peer.number,), room.snapshot("first_join"))
        room.present(peer.number, peer.member_id, now, resumed=False)

    def resume(self, peer: Peer, cursor: Cursor, now: Moment) -> StoreFlow[None]:
        """Bring a seat from ``cursor`` to where the stream is: events, or a snapshot."""
        room = peer.room
        assert room is not None
        participant = room.participants[peer.member_id]
        if participant.backlog is not None:
            return
        limits = self._context.limits
        reason = snapshot_reason(room.record, cursor, limits.resume_events)
        events: tuple[Event, ...] = ()
        if not reason:
            # What is appended while the store reads comes after what it has read.
            room.fanout.hold_back(participant)
            stream_id = room.record.stream_id
            read, now = yield from ask(ReadSince(stream_id, cursor, limits.resume_events))
            is_here = (
                peer.state == "seated" and room.participants.get(peer.member_id) is participant
            )
            if not is_here or participant.peer != peer.number:
                return
            reason, events = self._missed(read, cursor, room.fanout.release(participant))
        if reason:
            self._context.send((peer.number,), room.snapshot(reason))
        for event in events:
            self._context.send((peer.number,), event)
        room.present(peer.number, peer.member_id, now, resumed=True)

    def _missed(
        self, read: ReadEvents | StoreFailed, cursor: Cursor, backlog: list[Event]
    ) -> tuple[str, tuple[Event, ...]]:
        """Why a snapshot is needed, or else every event after ``cursor``."""
        if isinstance(read, StoreFailed):
            return "unreadable", ()
        limits = self._context.limits
        # The stream may have moved to another epoch while the question was on its way.
        reason = snapshot_reason(read.record, cursor, limits.resume_events)
        reason = reason or missing_reason(read.record, cursor, read.events, limits.resume_bytes)
        if reason:
            return reason, ()
        top = read.record.cursor
        return "", (*read.events, *(event for event in backlog if top < event.cursor))
