"""Join handshake: the way in: from a hello to a seat in a room."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from protocol.exceptions import MediaRefused
from protocol.server import refusals as refuse
from protocol.server.access.creation import invite_until, new_stream
from protocol.server.access.seating import Admitted, Seating
from protocol.server.core.effects import POLICY
from protocol.server.core.identity import hash_token, is_uuid_hex, member_id_of
from protocol.server.core.store_calls import OpenedStream, OpenStream, ReadSince, StoreFailed
from protocol.server.core.store_flow import ask
from protocol.server.limits.addresses import AddressLimiter, TokenLookup
from protocol.server.log.requests import Appended, AppendRequest, HostChange
from protocol.text import NAME_CELLS, clean_text
from protocol.wire.messages import Hello, Refusal
from protocol.wire.versions import PROTOCOL_OLDEST, PROTOCOL_VERSION, negotiated

if TYPE_CHECKING:
    from protocol.server.access.peers import Peer
    from protocol.server.core.context import ServerContext
    from protocol.server.core.store_calls import StoreResult
    from protocol.server.core.store_flow import Answered, StoreFlow
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.server.room.registry import RoomRegistry
    from protocol.wire.messages import Cursor

_Kept = TypeVar("_Kept")

NOWHERE = "0" * 32
"""Stands for a stream that cannot be, so that asking for one costs the same."""


class _TurnedAway(Exception):
    """A handshake ends: with this refusal, or without a word where nobody is left to hear it."""

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__()
        self.refusal = refusal


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
        self._seating = Seating(context, rooms)

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
        peer.state = "opening"
        self._context.timers.cancel((peer, "hello"))
        visitor = peer.visitor
        if not visitor.stream_id:
            self._advance(peer, self._create(peer, hello, now))
            return
        token = visitor.stream_id + hash_token(visitor.token)
        peer.look = TokenLookup(
            visitor.address,
            token,
            lambda wait: self._advance(peer, self._enter(peer, hello, now, wait)),
        )
        self._addresses.show(peer.look, now.instant)

    def resume(self, peer: Peer, cursor: Cursor, now: Moment) -> None:
        """A seat has noticed that events are missing after ``cursor``."""
        self._advance(peer, self._seating.resume(peer, cursor, now))

    def turn_away(self, peer: Peer, refusal: Refusal) -> None:
        """Say no and close."""
        peer.state = "closed"
        self._context.timers.cancel((peer, "hello"))
        self._context.send((peer.number,), refusal)
        self._context.close(peer.number, POLICY, refusal.code)

    def gone(self, peer: Peer, now: Moment) -> None:
        """This connection has ended."""
        self._context.older.pop(peer.number, None)
        self._context.timers.cancel((peer, "hello"))
        if peer.look is not None:
            self._addresses.give_up(peer.look, now.instant)
        self._seating.gone(peer, now)

    # The handshake ----------------------------------------------------------------------

    def _create(self, peer: Peer, hello: Hello, now: Moment) -> StoreFlow[None]:
        """Found a new stream, and let its host in."""
        if hello.create is None:
            raise _TurnedAway(refuse.invalid_field("create", "is missing"))
        wait = self._addresses.create(peer.visitor.address, now.instant)
        if wait > 0.0:
            raise _TurnedAway(refuse.rate_limited(wait))
        try:
            call, keys = new_stream(
                self._context,
                hello.create,
                name=peer.name,
                instance_id=hello.instance_id,
                now=now,
            )
        except MediaRefused as error:
            raise _TurnedAway(refuse.media_refused(error, "create.media.url")) from None
        peer.member_id = call.record.host_id
        inserted, now = yield from ask(call)
        record = _kept(peer, inserted)
        admitted = Admitted(record, "host", created=keys, invite=keys.invite_token)
        yield from self._seating.participant(peer, admitted, now)

    def _enter(self, peer: Peer, hello: Hello, now: Moment, wait: float) -> StoreFlow[None]:
        """Let somebody into a stream that exists, when it is the turn of the token."""
        if peer.state != "opening":
            return
        if wait > 0.0:
            raise _TurnedAway(refuse.rate_limited(wait))
        # A host that has lost its memory has lost the invite as well: it gets another one.
        invite = self._context.ids.invite_token() if hello.cursor is None else ""
        opened, now = yield from ask(self._opening(peer, hello, invite, now))
        assert peer.look is not None
        look, peer.look = peer.look, None
        self._addresses.looked_up(look, now.instant, was_right=_was_right(opened))
        found = _kept(peer, opened)
        record, role = found.record, found.role
        if found.is_removed:
            raise _TurnedAway(refuse.removed())
        if record is None or role is None:
            raise _TurnedAway(refuse.unauthorized())
        if record.status != "active":
            raise _TurnedAway(refuse.stream_closed())
        peer.member_id = member_id_of(record.stream_id, hello.instance_id)
        peer.by_invite = found.by_invite
        if role == "host" and record.host_id != peer.member_id:
            if hello.yields:
                role = "viewer"
            else:
                record, now = yield from self._claim(peer, hello, record, now)
        admitted = Admitted(record, role, hello.cursor, invite=invite if role == "host" else "")
        yield from self._seating.participant(peer, admitted, now)

    def _claim(
        self, peer: Peer, hello: Hello, record: StreamRecord, now: Moment
    ) -> StoreFlow[tuple[StreamRecord, Moment]]:
        """Somebody with the host key wants to host instead of the member who did."""
        room = self._rooms.open(record, now)
        if (room.host is not None or room.claimed_by is not None) and not hello.take_over:
            raise _TurnedAway(refuse.host_present(room.host_name or "somebody else"))
        room.claimed_by = peer.number
        entry = AppendRequest(
            stream_id=record.stream_id,
            event_id=self._context.ids.event_id(),
            member_id=peer.member_id,
            name=peer.name,
            change=HostChange(),
            now=now,
        )
        result, now = yield from ask(entry)
        if room.claimed_by == peer.number:
            room.claimed_by = None
        # The log has another host, whether or not that one is still there.
        if isinstance(result, Appended) and room.former_host_id != peer.member_id:
            room.displace(room.former_host_id, now)
        outcome = _kept(peer, result)
        if isinstance(outcome, Appended):
            return outcome.record, now
        is_refused = isinstance(outcome, Refusal)
        raise _TurnedAway(outcome if is_refused else refuse.store_failed("try_again"))

    def _opening(self, peer: Peer, hello: Hello, invite: str, now: Moment) -> OpenStream:
        """The question whether a token opens a stream, which ``invite`` is to open as well."""
        named = peer.visitor.stream_id
        stream_id = named if is_uuid_hex(named) else NOWHERE
        return OpenStream(
            stream_id=stream_id,
            token_hash=hash_token(peer.visitor.token),
            now=now,
            fresh_invite_hash=hash_token(invite) if invite else "",
            invite_until_ms=invite_until(self._context, now),
            member_id=member_id_of(stream_id, hello.instance_id),
        )

    def _advance(self, peer: Peer, flow: StoreFlow[None], answered: Answered | None = None) -> bool:
        """Take a flow to its next question; returns whether it has one."""
        try:
            call = next(flow) if answered is None else flow.send(answered)
        except StopIteration:
            return False
        except _TurnedAway as end:
            if end.refusal is not None:
                self.turn_away(peer, end.refusal)
            return False

        def then(result: StoreResult, later: Moment) -> None:
            self._advance(peer, flow, (result, later))

        if isinstance(call, AppendRequest):
            self._rooms.append(call, then=then)
        elif isinstance(call, ReadSince):
            self._rooms.ask(call.stream_id, call, then)
        else:
            self._context.ask(call, then)
        return True


def _kept(peer: Peer, result: _Kept | StoreFailed) -> _Kept:
    """What the store has done for a peer that is still there.

    Raises:
        _TurnedAway: it has gone in the meantime, or the store has failed.
    """
    if peer.state != "opening":
        raise _TurnedAway(None)
    if isinstance(result, StoreFailed):
        raise _TurnedAway(refuse.store_failed(result.code))
    return result


def _was_right(result: OpenedStream | StoreFailed) -> bool | None:
    """What a look tells of the token; nothing of one whose member was removed."""
    if not isinstance(result, OpenedStream) or result.is_removed:
        return None
    return result.role is not None
