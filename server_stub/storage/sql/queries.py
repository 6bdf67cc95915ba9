"""What is asked of the tables again and again: built once, so that an engine compiles it once.

Values go in by name: ``connection.execute(STREAM, {"stream_id": …})``.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from server_stub.storage.base import KEPT_INVITES
from server_stub.storage.sql.schema import (
    playback_events,
    server_clock,
    stream_members,
    stream_tokens,
    streams,
)

_events: Final = playback_events.c
_stream_id: Final[sa.BindParameter[Any]] = sa.bindparam("stream_id")

STREAM: Final[sa.Select[Any]] = sa.select(streams).where(streams.c.id == _stream_id)

LOCK_STREAM: Final[sa.Select[Any]] = STREAM.with_for_update(key_share=True)
"""Order and fencing on PostgreSQL: whoever appends to a stream waits for its row.

Under READ COMMITTED each statement sees what was committed before it, so what is looked for
after the lock is found as the last holder left it. The key is left to others, since a new
token that names the stream changes nothing in it. SQLite has one writer, and ignores it.
"""

LOCK_STREAMS: Final[sa.Select[Any]] = (
    sa.select(streams)
    .where(streams.c.id.in_(sa.bindparam("stream_ids", expanding=True)))
    # In one order, so that two servers never wait for each other.
    .order_by(streams.c.id)
    .with_for_update(key_share=True)
)

UPDATE_STREAM: Final = streams.update().where(streams.c.id == _stream_id)
"""Sets the columns that are given."""

_where: Final = sa.select(_events.event_id, _events.epoch, _events.seq, _events.digest).where(
    _events.stream_id == _stream_id
)
FIND_EVENT: Final = _where.where(_events.event_id == sa.bindparam("event_id"))
"""Where an event id stands in a stream's log."""
FIND_EVENTS: Final = _where.where(_events.event_id.in_(sa.bindparam("event_ids", expanding=True)))
"""The same for many; for one it takes three times as long."""

READ_LOG: Final[sa.Select[Any]] = (
    sa.select(playback_events)
    .where(
        _events.stream_id == _stream_id,
        _events.epoch == sa.bindparam("epoch"),
        _events.seq > sa.bindparam("after"),
    )
    .order_by(_events.seq)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
"""One epoch of a log."""

_tokens: Final = stream_tokens.c
TOKEN: Final[sa.Select[Any]] = sa.select(stream_tokens).where(
    _tokens.hash == sa.bindparam("hash"), _tokens.stream_id == _stream_id
)
"""One token; how long the look takes tells of its hash alone, which opens nothing."""
_other: Final = stream_tokens.alias()
FORGET_INVITES: Final = stream_tokens.delete().where(
    _tokens.stream_id == sa.bindparam("of_stream"),
    _tokens.role == "viewer",
    _tokens.hash != sa.bindparam("newest"),
    _tokens.hash.not_in(
        sa.select(_other.c.hash)
        .where(_other.c.stream_id == sa.bindparam("of_stream"), _other.c.role == "viewer")
        .order_by(_other.c.created_at.desc())
        .limit(KEPT_INVITES)
    ),
)
"""All of a stream but the last few; whether one has expired is not asked of a clock in doubt."""
REVOKE_INVITES: Final = (
    stream_tokens.update()
    .where(
        _tokens.stream_id == sa.bindparam("of_stream"),
        _tokens.role == "viewer",
        _tokens.revoked_at.is_(None),
    )
    .values(revoked_at=sa.bindparam("now"))
)

_members: Final = stream_members.c
MEMBER: Final[sa.Select[Any]] = sa.select(stream_members).where(
    _members.stream_id == _stream_id, _members.member_id == sa.bindparam("member_id")
)
USES: Final[sa.Select[Any]] = (
    sa.select(sa.func.count())
    .select_from(stream_members)
    .where(_members.stream_id == _stream_id, _members.invite_hash == sa.bindparam("invite_hash"))
)
"""How many members have come by an invite."""
LIVE_USES: Final = USES.where(_members.removed_at.is_(None))
"""The same without those who were removed."""
REMOVED: Final[sa.Select[Any]] = sa.select(_members.member_id).where(
    _members.stream_id == _stream_id, _members.removed_at.is_not(None)
)
ADD_MEMBER: Final = stream_members.insert()
REMOVE_MEMBER: Final = (
    stream_members.update()
    .where(
        _members.stream_id == sa.bindparam("of_stream"),
        _members.member_id == sa.bindparam("of_member"),
    )
    .values(removed_at=sa.bindparam("now"))
)
FORGET_MEMBERS: Final = stream_members.delete().where(
    _members.stream_id == _stream_id, _members.removed_at.is_(None)
)
"""All who may come back."""

ANCHOR: Final[sa.Select[Any]] = sa.select(server_clock)
SET_ANCHOR: Final = sa.text(
    "INSERT INTO server_clock (id, boot_id, shift, instant, elapsed, wall, jump)"
    " VALUES (1, :boot_id, :shift, :instant, :elapsed, :wall, :jump) ON CONFLICT (id) DO UPDATE"
    " SET boot_id = excluded.boot_id, shift = excluded.shift, instant = excluded.instant,"
    " elapsed = excluded.elapsed, wall = excluded.wall, jump = excluded.jump"
)

ADD_STREAM: Final = streams.insert()
ADD_EVENT: Final = playback_events.insert()
ADD_TOKEN: Final = stream_tokens.insert()
