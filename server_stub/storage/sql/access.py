"""Tokens, and members that a rule is about: who is let in, within a transaction."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from protocol.server import refusals as refuse
from protocol.server.access.admission import AdmissionDecision, Credentials, decide_admission
from protocol.server.core.store_calls import AddInvite, AdmitMembers, Done, OpenStream, RemoveMember
from protocol.server.log.decide import refused_moderation
from server_stub.storage.sql.locks import lock_streams
from server_stub.storage.sql.mapping import plain_id
from server_stub.storage.sql.queries import (
    ADD_MEMBER,
    ADD_TOKEN,
    FORGET_INVITES,
    FORGET_MEMBERS,
    LIVE_USES,
    MEMBER,
    REMOVE_MEMBER,
    REMOVED,
    REVOKE_INVITES,
    TOKEN,
    USES,
)
from server_stub.storage.sql.schema import at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from sqlalchemy.engine import Connection

    from protocol.wire.messages import Refusal, Role


def admitted(connection: Connection, call: OpenStream, host_id: str) -> AdmissionDecision:
    """Whether a token opens a stream for a member, and as what; uses are counted."""
    now = at(call.now.unix_ms)
    token = _matching(connection, call, now)
    if not call.member_id:
        return decide_admission(Credentials(_role(token), _uses_of_reader(connection, call, token)))
    where = {"stream_id": call.stream_id, "member_id": call.member_id}
    member = connection.execute(MEMBER, where).mappings().first()
    found = decide_admission(
        Credentials(
            _role(token),
            _uses_left(connection, call, token),
            is_host=hmac.compare_digest(host_id, call.member_id),
            is_admitted=member is not None and member["removed_at"] is None,
            is_removed=member is not None and member["removed_at"] is not None,
        )
    )
    if found.counts:
        row = {**where, "invite_hash": call.token_hash, "created_at": now}
        connection.execute(ADD_MEMBER, row)
    return found


def add_invite(connection: Connection, call: AddInvite) -> Done | Refusal:
    """One more invite; with ``replaces`` the others are revoked, but for who is ``staying``."""
    now, until = at(call.now.unix_ms), at(call.until_ms)
    record = lock_streams(connection, [call.stream_id]).get(call.stream_id)
    if _token(connection, call.stream_id, call.invite_hash) is not None:
        # Done already, by a commit that was not heard of.
        return Done()
    refused = refused_moderation(record, call.host_term)
    if refused is not None:
        return refused
    if call.replaces:
        connection.execute(REVOKE_INVITES, {"of_stream": call.stream_id, "now": now})
        connection.execute(FORGET_MEMBERS, {"stream_id": call.stream_id})
        found = connection.execute(REMOVED, {"stream_id": call.stream_id}).scalars()
        removed = {plain_id(member_id) for member_id in found}
        staying = [member_id for member_id in call.staying if member_id not in removed]
        if staying:
            rows = [_member(call.stream_id, member_id, now) for member_id in staying]
            connection.execute(ADD_MEMBER, rows)
    add_one_more(connection, call.stream_id, call.invite_hash, now, until, call.uses)
    return Done()


def admit_members(connection: Connection, call: AdmitMembers) -> Done:
    """Those who have no rule yet may come back, while the invite stands."""
    now = at(call.now.unix_ms)
    invite = _token(connection, call.stream_id, call.invite_hash)
    if invite is None or invite["revoked_at"] is not None:
        return Done()
    for member_id in call.member_ids:
        where = {"stream_id": call.stream_id, "member_id": member_id}
        if connection.execute(MEMBER, where).first() is None:
            connection.execute(ADD_MEMBER, _member(call.stream_id, member_id, now))
    return Done()


def remove_member(connection: Connection, call: RemoveMember) -> Done | Refusal:
    """Never let in again under this identity, but with the host key."""
    now = at(call.now.unix_ms)
    record = lock_streams(connection, [call.stream_id]).get(call.stream_id)
    refused = refused_moderation(record, call.host_term)
    if refused is not None:
        return refused
    if not call.is_here:
        where = {"stream_id": call.stream_id, "member_id": call.member_id}
        member = connection.execute(MEMBER, where).mappings().first()
        is_removed = member is not None and member["removed_at"] is not None
        return Done() if is_removed else refuse.not_here("")
    gone = connection.execute(
        REMOVE_MEMBER,
        {"of_stream": call.stream_id, "of_member": call.member_id, "now": now},
    )
    if not gone.rowcount:
        row = _member(call.stream_id, call.member_id, now)
        connection.execute(ADD_MEMBER, {**row, "removed_at": now})
    return Done()


def add_token(
    connection: Connection,
    stream_id: str,
    role: Role,
    token_hash: str,
    now: datetime,
    until: datetime | None,
    uses: int | None = None,
) -> None:
    """Let a token open a stream ``until`` then; None for ever."""
    connection.execute(
        ADD_TOKEN,
        {
            "hash": token_hash,
            "stream_id": stream_id,
            "role": role,
            "created_at": now,
            "expires_at": until,
            "max_uses": uses,
        },
    )


def add_one_more(
    connection: Connection,
    stream_id: str,
    invite_hash: str,
    now: datetime,
    until: datetime,
    uses: int | None = None,
) -> None:
    """One more invite for a stream that has some; the oldest give way."""
    add_token(connection, stream_id, "viewer", invite_hash, now, until, uses)
    where = {"of_stream": stream_id, "newest": invite_hash}
    connection.execute(FORGET_INVITES, where)


def _token(connection: Connection, stream_id: str, token_hash: str) -> Mapping[Any, Any] | None:
    where = {"stream_id": stream_id, "hash": token_hash}
    return connection.execute(TOKEN, where).mappings().first()


def _matching(connection: Connection, call: OpenStream, now: datetime) -> Mapping[Any, Any] | None:
    """The row of the token that is shown, while it is good."""
    token = _token(connection, call.stream_id, call.token_hash)
    if token is None or token["revoked_at"] is not None:
        return None
    has_expired = token["expires_at"] is not None and token["expires_at"] <= now
    return None if has_expired else token


def _role(token: Mapping[Any, Any] | None) -> Role | None:
    if token is None:
        return None
    return "host" if token["role"] == "host" else "viewer"


def _uses_left(
    connection: Connection, call: OpenStream, token: Mapping[Any, Any] | None
) -> int | None:
    if token is None or token["max_uses"] is None:
        return None
    where = {"stream_id": call.stream_id, "invite_hash": call.token_hash}
    used = connection.execute(USES, where).scalar_one()
    return max(0, token["max_uses"] - used)


def _uses_of_reader(
    connection: Connection, call: OpenStream, token: Mapping[Any, Any] | None
) -> int | None:
    """A used-up invite is read with by those who used it, as long as one of them is let in."""
    left = _uses_left(connection, call, token)
    if left != 0:
        return None
    where = {"stream_id": call.stream_id, "invite_hash": call.token_hash}
    return None if connection.execute(LIVE_USES, where).scalar_one() else 0


def _member(stream_id: str, member_id: str, now: datetime) -> dict[str, object]:
    return {"stream_id": stream_id, "member_id": member_id, "created_at": now}
