"""Moderation: who may be in and who hosts: new invites, removals and hand-overs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from protocol.server import refusals as refuse
from protocol.server.access.creation import invite_until
from protocol.server.core.identity import hash_token, is_uuid_hex
from protocol.server.core.store_calls import (
    AddInvite,
    AdmitMembers,
    Done,
    RemoveMember,
    StoreFailed,
)
from protocol.server.log.requests import Appended, AppendRequest, HostChange
from protocol.wire.messages import (
    Ack,
    Bye,
    HandOver,
    Invited,
    ModerationRequest,
    NewInvite,
    Refusal,
    Remove,
    ServerMessage,
)

if TYPE_CHECKING:
    from protocol.server.access.peers import Peer
    from protocol.server.core.context import ServerContext
    from protocol.server.log.requests import Outcome
    from protocol.server.moment import Moment
    from protocol.server.room.registry import RoomRegistry
    from protocol.server.room.room import Room


_AGAIN: Final = 1.0
"""Seconds after which a store that failed is asked once more."""


class ModerationHandler:
    """Carries out a host's requests; each is answered with its ``event_id``."""

    def __init__(self, context: ServerContext, rooms: RoomRegistry) -> None:
        self._context = context
        self._rooms = rooms

    def carry_out(
        self, sender: Peer, room: Room, request: ModerationRequest, now: Moment
    ) -> Refusal | None:
        """Do it; returns why a member has no right to it."""
        is_host = room.record.host_id == sender.member_id
        if not is_host and not _takes_back(sender, room, request):
            return refuse.forbidden(room.host_name, request.event_id)
        match request:
            case NewInvite():
                self._replace_invites(sender, room, request, now)
            case Remove():
                self._remove(sender, room, request, now)
            case HandOver():
                self._hand_over(sender, room, request, now)
            case _:
                assert_never(request)
        return None

    # Invites ----------------------------------------------------------------------------

    def _replace_invites(self, sender: Peer, room: Room, request: NewInvite, now: Moment) -> None:
        limits = self._context.limits
        lifetime = limits.invite_lifetime if request.lifetime is None else request.lifetime
        token = self._context.ids.invite_token()
        call = AddInvite(
            stream_id=room.record.stream_id,
            invite_hash=hash_token(token),
            now=now,
            until_ms=now.unix_ms + round(lifetime * 1000),
            uses=request.uses,
            replaces=True,
            staying=tuple(room.participants) if request.keep else (room.record.host_id,),
            host_term=room.record.host_term,
        )
        told = Invited(token, call.until_ms, request.event_id, request.uses)

        def then(result: Done | Refusal | StoreFailed, later: Moment) -> None:
            if not self._is_done(sender, request, result, told):
                return
            if request.keep:
                self._keep_late(room, call, later)
            else:
                self._clear_out(room, later)

        self._rooms.ask(call.stream_id, call, then)

    def _keep_late(self, room: Room, invite: AddInvite, now: Moment) -> None:
        """Whoever was just coming in by an older invite stays as well."""
        late = tuple(
            member_id for member_id in room.participants if member_id not in invite.staying
        )
        if late:
            self._admit(AdmitMembers(invite.stream_id, invite.invite_hash, late, now))

    def _admit(self, call: AdmitMembers) -> None:
        """The host has been told that they stay: until it is so, ask again."""

        def then(result: Done | StoreFailed, later: Moment) -> None:
            if isinstance(result, StoreFailed):
                at = later.instant + _AGAIN
                self._context.timers.set(
                    ("admit", call.invite_hash), at, lambda _: self._admit(call)
                )

        self._context.ask(call, then)

    def _clear_out(self, room: Room, now: Moment) -> None:
        """Whoever came by an invite is out, but for who hosts."""
        why = "the host has taken the invite back: ask for the new one"
        bye = Bye("unauthorized", why, reconnect=False)
        for member_id, participant in list(room.participants.items()):
            if participant.by_invite and member_id != room.record.host_id:
                room.expel(member_id, bye, now)

    # Members ----------------------------------------------------------------------------

    def _remove(self, sender: Peer, room: Room, request: Remove, now: Moment) -> None:
        if request.member_id == sender.member_id:
            self._tell(sender, refuse.not_oneself(request.event_id))
            return
        participant = room.participants.get(request.member_id)
        if participant is not None:
            # So that nobody hands over to him while it is being written.
            participant.is_leaving = True
        elif not is_uuid_hex(request.member_id):
            self._tell(sender, refuse.not_here(request.event_id))
            return
        bye = Bye("forbidden", f"{sender.name} has removed you from this party", reconnect=False)

        def then(result: Done | Refusal | StoreFailed, later: Moment) -> None:
            at = room.record.cursor
            # Of who is not here it may be asked again: the answer was lost with a connection.
            done = Ack(request.event_id, at.epoch, at.seq, duplicate=participant is None)
            if self._is_done(sender, request, result, done):
                room.expel(request.member_id, bye, later)
            elif request.member_id in room.participants:
                room.participants[request.member_id].is_leaving = False

        record = room.record
        call = RemoveMember(
            record.stream_id,
            request.member_id,
            now,
            record.host_term,
            is_here=participant is not None,
        )
        self._rooms.ask(call.stream_id, call, then)

    # The host ---------------------------------------------------------------------------

    def _hand_over(self, sender: Peer, room: Room, request: HandOver, now: Moment) -> None:
        participant = room.participants.get(request.member_id)
        if participant is None or participant.peer is None or participant.is_leaving:
            self._tell(sender, refuse.not_here(request.event_id))
            return
        record = room.record
        if request.member_id == record.host_id:
            self._tell(sender, Ack(request.event_id, record.epoch, record.seq, duplicate=True))
            return
        entry = AppendRequest(
            stream_id=record.stream_id,
            event_id=request.event_id,
            member_id=sender.member_id,
            name=sender.name,
            change=HostChange(request.member_id, request.host_term),
            now=now,
        )

        def then(result: Outcome | StoreFailed, later: Moment) -> None:
            if isinstance(result, Appended):
                self._equip(room, later)

        self._rooms.append(entry, answer_to=sender.number, then=then)

    def _equip(self, room: Room, now: Moment) -> None:
        """A new host needs an invite to hand on: of those before only hashes are kept."""
        host = room.host
        if host is None or host.peer is None:
            return
        peer, token = host.peer, self._context.ids.invite_token()
        until_ms = invite_until(self._context, now)

        def then(result: Done | Refusal | StoreFailed, _: Moment) -> None:
            if not isinstance(result, StoreFailed):
                self._context.send((peer,), Invited(token, until_ms))

        self._context.ask(AddInvite(room.record.stream_id, hash_token(token), now, until_ms), then)

    # What all of them need --------------------------------------------------------------

    def _is_done(
        self,
        sender: Peer,
        request: ModerationRequest,
        result: Done | Refusal | StoreFailed,
        told: ServerMessage,
    ) -> bool:
        if isinstance(result, StoreFailed):
            self._tell(sender, refuse.store_failed(result.code, request.event_id))
            return False
        if isinstance(result, Refusal):
            self._tell(sender, msgspec.structs.replace(result, event_id=request.event_id))
            return False
        self._tell(sender, told)
        return True

    def _tell(self, sender: Peer, message: ServerMessage) -> None:
        self._context.send((sender.number,), message)


def _takes_back(sender: Peer, room: Room, request: ModerationRequest) -> bool:
    """Whether somebody with the host key makes himself host again."""
    participant = room.participants[sender.member_id]
    is_own = isinstance(request, HandOver) and request.member_id == sender.member_id
    return is_own and not participant.by_invite
