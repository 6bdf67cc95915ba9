"""Join handshake: the way in: from a hello to a seat in a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from protocol.exceptions import MediaRefused
from protocol.media.url_policy import check_url
from protocol.server import refusals as refuse
from protocol.server.coordination.start_barrier import LOAD_BOUND
from protocol.server.core.effects import POLICY
from protocol.server.core.identity import hash_token, is_uuid_hex, member_id_of
from protocol.server.core.store_calls import (
    InsertStream,
    OpenedStream,
    OpenStream,
    ReadEvents,
    ReadSince,
    StoreFailed,
)
from protocol.server.limits.addresses import AddressLimiter, TokenLookup
from protocol.server.limits.connection import MemberQuotas
from protocol.server.log.decide import missing_reason, snapshot_reason
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import Appended, AppendRequest, HostChange
from protocol.server.readiness.readiness import MAX_LEAD
from protocol.text import NAME_CELLS, TITLE_CELLS, clean_text
from protocol.timeline import Timeline
from protocol.wire.messages import (
    Created,
    Event,
    Hello,
    Media,
    Member,
    Refusal,
    Role,
    Welcome,
)
from protocol.wire.versions import PROTOCOL_OLDEST, PROTOCOL_VERSION, negotiated

if TYPE_CHECKING:
    from protocol.server.access.peers import Peer
    from protocol.server.core.context import ServerContext
    from protocol.server.log.requests import Outcome
    from protocol.server.moment import Moment
    from protocol.server.room.registry import RoomRegistry
    from protocol.server.room.room import Room
    from protocol.wire.messages import Cursor

NOWHERE = "0" * 32
"""Stands for a stream that cannot be, so that asking for one costs the same."""


class JoinHandler:
    """Takes hellos, asks the store, gives seats."""

    def __init__(
        self,
        context: ServerContext,
        rooms: RoomRegistry,
        addresses: AddressLimiter,
    ) -> None:
        self._context = context
        self._rooms = rooms
        self._addresses = addresses
        self._members = MemberQuotas()

    def hello(self, peer: Peer, hello: Hello, now: Moment) -> None:
        """The first message of a connection."""
        if hello.version_min > PROTOCOL_VERSION or hello.version_max < PROTOCOL_OLDEST:
            self.turn_away(peer, refuse.upgrade_required(hello.version_min, hello.version_max))
            return
        peer.name = clean_text(hello.name, NAME_CELLS)
        if not peer.name:
            self.turn_away(peer, refuse.invalid_field("name", "has nothing that can be shown"))
            return
        peer.version = negotiated(hello)
        if peer.version < PROTOCOL_VERSION:
            self._context.older[peer.number] = peer.version
        peer.stage = "opening"
        self._context.timers.cancel((peer, "hello"))
        if peer.visitor.stream_id:
            visitor = peer.visitor
            token = visitor.stream_id + hash_token(visitor.token)
            peer.look = TokenLookup(
                visitor.address, token, lambda wait: self._open(peer, hello, now, wait)
            )
            self._addresses.show(peer.look, now.instant)
        else:
            self._create(peer, hello, now)

    def turn_away(self, peer: Peer, refusal: Refusal) -> None:
        """Say no and close."""
        peer.stage = "closed"
        self._context.timers.cancel((peer, "hello"))
        self._context.send((peer.number,), refusal)
        self._context.close(peer.number, POLICY, refusal.code)

    def gone(self, peer: Peer, now: Moment) -> None:
        """This connection has ended."""
        self._context.older.pop(peer.number, None)
        self._context.timers.cancel((peer, "hello"))
        if peer.look is not None:
            self._addresses.give_up(peer.look, now.instant)
        self._members.left(peer.member_id, peer.limits, now.instant)

    # A new stream -----------------------------------------------------------------------

    def _create(self, peer: Peer, hello: Hello, now: Moment) -> None:
        wanted = hello.create
        if wanted is None:
            self.turn_away(peer, refuse.invalid_field("create", "is missing"))
            return
        wait = self._addresses.create(peer.visitor.address, now.instant)
        if wait > 0.0:
            self.turn_away(peer, refuse.rate_limited(wait))
            return
        media = wanted.media
        if media is not None:
            try:
                media = checked_media(media, self._context)
            except MediaRefused as error:
                self.turn_away(peer, refuse.media_refused(error, "create.media.url"))
                return
        ids = self._context.ids
        stream_id = ids.stream_id()
        peer.member_id = member_id_of(stream_id, hello.instance_id)
        # Nobody has a film open yet, not even who named it.
        start = MAX_LEAD if media is None else LOAD_BOUND
        record = StreamRecord(
            stream_id=stream_id,
            seq=0 if media is None else 1,
            timeline=Timeline(at=now.instant + start * wanted.playing, playing=wanted.playing),
            media=media,
            host_id=peer.member_id,
            settings=wanted.settings,
        )
        created = Created(host_key=ids.host_key(), invite_token=ids.invite_token())
        self._context.ask(
            InsertStream(
                record=record,
                event=None if media is None else self._first_event(record, peer, now),
                host_key_hash=hash_token(created.host_key),
                invite_hash=hash_token(created.invite_token),
                now=now,
                invite_until_ms=self._invite_until(now),
            ),
            lambda result, then: self._created(peer, created, result, then),
        )

    def _first_event(self, record: StreamRecord, peer: Peer, now: Moment) -> Event:
        return Event(
            epoch=record.epoch,
            seq=record.seq,
            event_id=self._context.ids.event_id(),
            event_type="media",
            member_id=peer.member_id,
            name=peer.name,
            timestamp_ms=now.unix_ms,
            timeline=record.timeline,
            media=record.media,
            host_id=record.host_id,
            host_term=record.host_term,
        )

    def _created(
        self,
        peer: Peer,
        created: Created,
        result: StreamRecord | StoreFailed,
        now: Moment,
    ) -> None:
        if peer.stage != "opening":
            return
        if isinstance(result, StoreFailed):
            self.turn_away(peer, refuse.store_failed(result.code))
            return
        self._seat(peer, result, "host", None, now, created, created.invite_token)

    # A stream that exists ---------------------------------------------------------------

    def _open(self, peer: Peer, hello: Hello, now: Moment, wait: float) -> bool:
        """Whether the token is being looked up."""
        if peer.stage != "opening":
            return False
        if wait > 0.0:
            self.turn_away(peer, refuse.rate_limited(wait))
            return False
        stream_id = peer.visitor.stream_id
        known = is_uuid_hex(stream_id)
        # A host that has lost its memory has lost the invite as well: it gets another one.
        invite = self._context.ids.invite_token() if hello.cursor is None else ""
        self._context.ask(
            OpenStream(
                stream_id=stream_id if known else NOWHERE,
                token_hash=hash_token(peer.visitor.token),
                now=now,
                fresh_invite_hash=hash_token(invite) if invite else "",
                invite_until_ms=self._invite_until(now),
                member_id=member_id_of(stream_id if known else NOWHERE, hello.instance_id),
            ),
            lambda result, then: self._opened(peer, hello, invite, result, then),
        )
        return True

    def _opened(
        self,
        peer: Peer,
        hello: Hello,
        invite: str,
        result: OpenedStream | StoreFailed,
        now: Moment,
    ) -> None:
        assert peer.look is not None
        look, peer.look = peer.look, None
        self._addresses.looked_up(look, now.instant, was_right=_was_right(result))
        if peer.stage != "opening":
            return
        if isinstance(result, StoreFailed):
            self.turn_away(peer, refuse.store_failed(result.code))
            return
        record, role = result.record, result.role
        if result.is_removed:
            self.turn_away(peer, refuse.removed())
            return
        if record is None or role is None:
            self.turn_away(peer, refuse.unauthorized())
            return
        if record.status != "active":
            self.turn_away(peer, refuse.stream_closed())
            return
        peer.member_id = member_id_of(record.stream_id, hello.instance_id)
        peer.by_invite = result.by_invite
        if role == "host" and record.host_id != peer.member_id:
            if not hello.yields:
                self._claim(peer, hello, invite, record, now)
                return
            role = "viewer"
        self._seat(peer, record, role, hello.cursor, now, None, invite if role == "host" else "")

    def _claim(
        self, peer: Peer, hello: Hello, invite: str, record: StreamRecord, now: Moment
    ) -> None:
        """Somebody with the host key wants to host instead of the member who did."""
        room = self._rooms.open(record, now)
        host = room.host
        if (host is not None or room.claimed_by is not None) and not hello.take_over:
            self.turn_away(peer, refuse.host_present(room.host_name or "somebody else"))
            return
        room.claimed_by = peer.number
        entry = AppendRequest(
            stream_id=record.stream_id,
            event_id=self._context.ids.event_id(),
            member_id=peer.member_id,
            name=peer.name,
            change=HostChange(),
            now=now,
        )
        self._rooms.append(
            entry,
            then=lambda result, then: self._claimed(peer, hello, invite, room, result, then),
        )

    def _claimed(
        self,
        peer: Peer,
        hello: Hello,
        invite: str,
        room: Room,
        result: Outcome | StoreFailed,
        now: Moment,
    ) -> None:
        if room.claimed_by == peer.number:
            room.claimed_by = None
        if isinstance(result, Appended) and room.former_host_id != peer.member_id:
            room.displace(room.former_host_id, now)
        if peer.stage != "opening":
            return
        if not isinstance(result, Appended):
            failed = result.code if isinstance(result, StoreFailed) else "try_again"
            no = result if isinstance(result, Refusal) else refuse.store_failed(failed)
            self.turn_away(peer, no)
            return
        self._seat(peer, result.record, "host", hello.cursor, now, None, invite)

    # The seat ---------------------------------------------------------------------------

    def _seat(
        self,
        peer: Peer,
        record: StreamRecord,
        role: Role,
        cursor: Cursor | None,
        now: Moment,
        created: Created | None,
        invite: str,
    ) -> None:
        room = self._rooms.open(record, now)
        peer.stage, peer.room = "seated", room
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
        if cursor is None:
            self._context.send((peer.number,), room.snapshot("first_join"))
            room.present(peer.number, peer.member_id, now, resumed=False)
        else:
            self.resume(peer, cursor, now)

    def resume(self, peer: Peer, cursor: Cursor, now: Moment) -> None:
        """Bring a seat from ``cursor`` to where the stream is: events, or a snapshot."""
        room = peer.room
        assert room is not None
        seat = room.seats[peer.member_id]
        if seat.backlog is not None:
            return
        reason = snapshot_reason(room.record, cursor, self._context.limits.resume_events)
        if reason:
            self._context.send((peer.number,), room.snapshot(reason))
            room.present(peer.number, peer.member_id, now, resumed=True)
            return
        seat.backlog = []
        self._rooms.ask(
            room.record.stream_id,
            ReadSince(room.record.stream_id, cursor, self._context.limits.resume_events),
            lambda result, then: self._resumed(peer, cursor, result, then),
        )

    def _resumed(
        self,
        peer: Peer,
        cursor: Cursor,
        result: ReadEvents | StoreFailed,
        now: Moment,
    ) -> None:
        room = peer.room
        assert room is not None
        seat = room.seats.get(peer.member_id)
        if peer.stage != "seated" or seat is None or seat.peer != peer.number:
            return
        backlog, seat.backlog = seat.backlog or [], None
        if isinstance(result, StoreFailed):
            reason, events = "unreadable", ()
        else:
            # The stream may have moved to another epoch while the question was on its way.
            reason = snapshot_reason(result.record, cursor, self._context.limits.resume_events)
            reason = reason or missing_reason(
                result.record, cursor, result.events, self._context.limits.resume_bytes
            )
            top = result.record.cursor
            events = (*result.events, *(e for e in backlog if top < e.cursor))
        if reason:
            self._context.send((peer.number,), room.snapshot(reason))
        else:
            for event in events:
                self._context.send((peer.number,), event)
        room.present(peer.number, peer.member_id, now, resumed=True)

    def _invite_until(self, now: Moment) -> int:
        return now.unix_ms + round(self._context.limits.invite_lifetime * 1000)


def _was_right(result: OpenedStream | StoreFailed) -> bool | None:
    """What a look tells of the token; nothing of one whose member was removed."""
    if not isinstance(result, OpenedStream) or result.is_removed:
        return None
    return result.role is not None


def checked_media(media: Media, context: ServerContext) -> Media:
    """``media`` with its text cleaned and its address as it may be passed on.

    Raises:
        MediaRefused: the address is not one that may be opened.
    """
    if media.kind == "url":
        url = check_url(media.url, context.rules)
    elif media.url:
        raise MediaRefused("a file is named by its title, never by an address")
    else:
        url = ""
    return msgspec.structs.replace(
        media,
        title=clean_text(media.title, TITLE_CELLS),
        file_name=clean_text(media.file_name, TITLE_CELLS),
        url=url,
    )
