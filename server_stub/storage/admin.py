"""Administration: what is done to a database while no server uses it: schema, retention,
history.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

import sqlalchemy as sa

from protocol.exceptions import StoreError, StoreUnusable
from server_stub.clock import MAX_CLOCK_JUMP, ServerClock, read_clocks, wall_jump
from server_stub.storage import migrate
from server_stub.storage.factory import open_database
from server_stub.storage.sql.mapping import event_of, record_of
from server_stub.storage.sql.schema import IS_ACTIVE, playback_events, streams
from server_stub.timing import ServerTiming

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.engine import Connection, RowMapping

    from protocol.server.log.record import StreamRecord
    from protocol.wire.messages import Event
    from server_stub.storage.base import Maintained
    from server_stub.storage.migrate import SchemaStatus


_Found = TypeVar("_Found")
_TIMING: Final = ServerTiming()
_COPY_IT: Final = "copy it from the first column of matinee history"
_ID_BEGINNING: Final = re.compile(r"[0-9a-f]{4,32}")


class PastStream(NamedTuple):
    """One stream that a database knows."""

    record: StreamRecord
    created_at: datetime
    last_sync_at: datetime | None
    events: int
    members: tuple[str, ...] = ()
    """Names of those who caused an event."""


class SchemaChange(NamedTuple):
    """Where a schema is after it was brought up or down."""

    status: SchemaStatus
    backup: Path | None
    """The file as it was before; None when nothing was to be done, or it is no file."""


def schema_status(database: str) -> SchemaStatus:
    """Which step the schema is at.

    Raises:
        StoreError: the database cannot be used.
    """
    with open_database(database).opened(alone=False) as engine, engine.begin() as connection:
        return migrate.status(connection)


def change_schema(
    database: str, direction: Literal["up", "down"], timing: ServerTiming = _TIMING
) -> SchemaChange:
    """To the newest step, or one back; a file is backed up beside itself first.

    Args:
        database: its address.
        direction: up or down.
        timing: how long a server that ends is waited for.

    Raises:
        StoreError: the database cannot be used, or is at the first step and is to go down.
    """
    place = open_database(database, timing)
    with place.opened(alone=True) as engine:
        with engine.begin() as connection:
            before = migrate.status(connection)
        if before.is_current if direction == "up" else not before.current:
            return SchemaChange(before, None)
        if direction == "down" and before.current == before.oldest:
            raise StoreUnusable(
                f"schema {before.current} is the first one: a step below it, every stream would"
                " be gone",
                "to begin anew, name another database with --database",
            )
        backup = place.back_up(engine, before.current) if before.current else None
        with engine.begin() as connection:
            if direction == "up":
                migrate.upgrade(connection)
            else:
                migrate.downgrade(connection)
            return SchemaChange(migrate.status(connection), backup)


def maintain(database: str, *, accept_clock: bool = False) -> Maintained:
    """Delete old events and reset inactive streams.

    Raises:
        StoreError: the database cannot be used, or the wall clock is in doubt.
    """
    store = open_database(database).open_kept()
    try:
        anchor = store.anchor()
        jump = 0.0 if anchor is None else wall_jump(anchor, read_clocks())
        jump = max(jump, store.wall_ahead(), key=abs)
        if abs(jump) > MAX_CLOCK_JUMP and not accept_clock:
            raise StoreError(
                f"the clock has moved by {jump / 3600:+.1f} h since the server last ran, so what"
                " is old cannot be told",
                "set the clock right, or say that it is with --accept-clock",
            )
        clock = ServerClock(anchor)
        if accept_clock:
            clock.trust()
        done = store.maintain(clock.now(), ())
        store.set_anchor(clock.anchor())
        return done
    finally:
        store.close()


def past_streams(database: str, limit: int = 100) -> list[PastStream]:
    """The streams of a database, latest first.

    Raises:
        StoreError: the database cannot be used.
    """
    with open_database(database).opened(alone=False) as engine, engine.begin() as connection:
        _check_current(connection)
        rows = list(connection.execute(latest_streams(limit)).mappings())
        return _described(connection, rows)


def latest(streams: Iterable[PastStream], limit: int) -> list[PastStream]:
    """Those of several databases, latest first."""
    return sorted(streams, key=lambda s: s.last_sync_at or s.created_at, reverse=True)[:limit]


def find_streams(database: str, beginning: str) -> list[PastStream]:
    """The streams whose id begins so, at most two.

    Raises:
        StoreError: no id begins so; or the database cannot be used.
    """
    wanted = beginning.strip().lower().replace("-", "")
    if not _ID_BEGINNING.fullmatch(wanted):
        quoted = f"{beginning.strip()[:40]!r} is not how a stream's id begins"
        raise StoreError(quoted, f"four of its characters will do: {_COPY_IT}")
    with open_database(database).opened(alone=False) as engine, engine.begin() as connection:
        _check_current(connection)
        plain = sa.func.replace(sa.cast(streams.c.id, sa.Text), "-", "")
        query = sa.select(streams).where(plain.startswith(wanted)).limit(2)
        return _described(connection, list(connection.execute(query).mappings()))


def find_stream(database: str, beginning: str) -> PastStream:
    """The one stream of a database whose id begins so.

    Raises:
        StoreError: there is none, or more than one; or the database cannot be used.
    """
    return only_one(find_streams(database, beginning), beginning)


def only_one(found: Sequence[_Found], beginning: str) -> _Found:
    """The one that was found.

    Raises:
        StoreError: there is none, or more than one.
    """
    if not found:
        raise StoreError(f"there is no stream {beginning.strip().lower()}", _COPY_IT)
    if len(found) > 1:
        raise StoreError(f"more than one stream begins with {beginning}", "give more of its id")
    return found[0]


def past_events(
    database: str, stream_id: str, event_types: tuple[str, ...] = (), limit: int = 10_000
) -> list[Event]:
    """The log of one stream, oldest first; only of these types, if any are named.

    Raises:
        StoreError: the database cannot be used.
    """
    with open_database(database).opened(alone=False) as engine, engine.begin() as connection:
        _check_current(connection)
        rows = connection.execute(log_by_time(stream_id, event_types, limit)).mappings()
        return [event_of(row) for row in rows]


def latest_streams(limit: int) -> sa.Select[Any]:
    """Streams that synchronise, by when they last did."""
    return (
        sa.select(streams)
        .where(IS_ACTIVE, streams.c.sync_enabled)
        .order_by(streams.c.last_sync_at.desc())
        .limit(limit)
    )


def log_by_time(stream_id: str, event_types: tuple[str, ...], limit: int) -> sa.Select[Any]:
    """Events of one stream in the order of the wall clock, or of some types."""
    columns = playback_events.c
    query = sa.select(playback_events).where(columns.stream_id == stream_id).limit(limit)
    if event_types:
        query = query.where(columns.event_type.in_(event_types))
    return query.order_by(columns.timestamp_ms, columns.epoch, columns.seq)


def _described(connection: Connection, rows: list[RowMapping]) -> list[PastStream]:
    columns = playback_events.c
    caused = connection.execute(
        sa.select(
            columns.stream_id,
            columns.host_user_id,
            sa.func.count().label("events"),
            sa.func.max(columns.metadata["name"].as_string()).label("name"),
        )
        .where(columns.stream_id.in_([row["id"] for row in rows]))
        .group_by(columns.stream_id, columns.host_user_id)
        .order_by(sa.func.min(columns.timestamp_ms))
    )
    counts = Counter[str]()
    names = defaultdict[str, list[str]](list)
    for row in caused:
        counts[row.stream_id] += row.events
        if row.host_user_id is not None:
            names[row.stream_id].append(row.name or "")
    return [
        PastStream(
            record_of(row),
            row["created_at"],
            row["last_sync_at"],
            counts[row["id"]],
            tuple(names[row["id"]]),
        )
        for row in rows
    ]


def _check_current(connection: Connection) -> None:
    status = migrate.status(connection)
    if not status.current:
        raise StoreUnusable("the database is empty", "host a party first, or name another one")
    if not status.is_current:
        raise StoreUnusable("the database is of an older matinee", "run matinee migrate up")
