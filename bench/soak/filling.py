"""Fills a database with a long past."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import sqlalchemy as sa

from player.ids import new_id
from protocol.server.core.store_calls import InsertStream
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import AppendRequest
from protocol.server.moment import Moment
from protocol.wire.messages import Command, Cursor, Media, SeekAct
from server_stub.storage.factory import open_database

if TYPE_CHECKING:
    from server_stub.storage.sql.sql_store import SqlStore

HOST: Final = "a" * 32
FILM: Final = Media("film-0001", "file", title="The Film", duration=5400.0)
_COLUMNS: Final = (
    "INSERT INTO playback_events (id, stream_id, host_user_id, event_type, event_id,"
    " timestamp_ms, time, metadata, created_at, epoch, seq, digest)"
)
_DETAILS: Final = '{"name": "Ana", "at": 1000.5}'
# As seats and the server make theirs: see `protocol.ids`.
_SQLITE_ID: Final = "lower(printf('%012x7000', :ms + i) || hex(randomblob(8)))"
_SQLITE: Final = f"""
WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= :rows)
{_COLUMNS}
SELECT {_SQLITE_ID}, :stream_id, :host, 'seek',
       {_SQLITE_ID},
       :ms + i, i * 0.25, :details, :created_at, 1, i, :digest FROM n WHERE i <= :rows
"""
_POSTGRES_ID: Final = (
    "lpad(to_hex(CAST(:ms + i AS bigint)), 12, '0') || '7000' ||"
    " right(replace(CAST(gen_random_uuid() AS text), '-', ''), 16)"
)
_POSTGRES: Final = f"""
{_COLUMNS}
SELECT CAST({_POSTGRES_ID} AS uuid), CAST(:stream_id AS uuid), CAST(:host AS uuid), 'seek',
       {_POSTGRES_ID}, :ms + i, i * 0.25,
       CAST(:details AS jsonb), CAST(:created_at AS timestamptz), 1, i, :digest
FROM generate_series(2, :rows) AS i
"""


def fill(address: str, rows: int, *, days: float) -> str:
    """A stream with so many events, all so many days old; returns its id."""
    stream_id = uuid4().hex
    store = open_database(address).open_store()
    found(store, stream_id, seq=rows)
    store.close()
    wall = time.time() - days * 86400
    values = {
        "rows": rows,
        "stream_id": stream_id,
        "host": HOST,
        "ms": int(wall * 1000),
        "details": _DETAILS,
        "created_at": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(wall)),
        "digest": "d" * 64,
    }
    with open_database(address).opened(alone=False) as engine, engine.begin() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        connection.execute(sa.text(_SQLITE if is_sqlite else _POSTGRES), values)
    return stream_id


def settle(address: str) -> None:
    """As rows of a week ago are: looked through by PostgreSQL once, and all on the disk."""
    with open_database(address).opened(alone=False) as engine, engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in ("VACUUM (ANALYZE)", "CHECKPOINT"):
                connection.execute(sa.text(statement))
    os.sync()


def found(store: SqlStore, stream_id: str, seq: int = 0) -> None:
    """A stream, without its first event."""
    now = Moment(1000.0, time.time_ns() // 1_000_000)
    record = StreamRecord(stream_id, seq=seq, media=FILM, host_id=HOST)
    store.perform([InsertStream(record, None, uuid4().hex, uuid4().hex, now, now.unix_ms)])


def entry(stream_id: str, counter: int) -> AppendRequest:
    """The host's command with this number."""
    act = SeekAct(float(counter % 5000))
    command = Command(new_id(), 1, counter, Cursor(1, 0), act)
    now = Moment(1000.0 + counter, time.time_ns() // 1_000_000)
    return AppendRequest(stream_id, command.event_id, HOST, "Ana", command, now)
