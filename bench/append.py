"""How many commands a second the store makes durable, one by one and in groups.

Beside it, as the floor, the same rows written through the bare driver in the same run, with
the same durability: WAL, `synchronous=FULL` or `synchronous_commit=on`, one commit for each
group. With ``--database`` PostgreSQL is measured beside SQLite.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from bench.table import percentile, table
from player.ids import new_id
from protocol.server.core.store_calls import InsertStream
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import Appended, AppendRequest
from protocol.server.moment import Moment
from protocol.wire.messages import Command, Cursor, Media, SeekAct
from server_stub.storage.factory import open_database

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from server_stub.storage.sql.sql_store import SqlStore

HOST: Final = "a" * 32
FILM: Final = Media("film-0001", "url", title="Film", url="https://example.com/film")
GROUPS: Final = (1, 8, 32)
WARM: Final = 20
"""Groups that are not counted: statements are compiled, pages are read."""
HEAD: Final = ("what", "group", "n", "per second", "p50 ms", "p99 ms", "CPU us each")


class Took(NamedTuple):
    """What groups took, in seconds."""

    each: list[float]
    cpu: float
    """Of all together: it tells more than the rest on a machine that is busy otherwise."""


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--seconds", type=float, default=3.0, help="of each row")
    parser.add_argument("--folder", type=Path, help="where the files are; a temporary one")
    parser.add_argument(
        "--database",
        default="",
        metavar="URL",
        help="postgresql://HOST/NAME, to be measured too; what is written stays in it",
    )


def run(options: Namespace) -> None:
    """Measure and print one table."""
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="matinee-bench-", dir=options.folder) as name:
        for group in GROUPS:
            file = Path(name) / f"store-{group}.db"
            took = _store(open_database(str(file)).open_store(), group, options.seconds)
            rows.append(["SQLite, store", *_row(group, took)])
            took = _sqlite(Path(name) / f"bare-{group}.db", group, options.seconds)
            rows.append(["SQLite, bare driver", *_row(group, took)])
            if options.database:
                store = open_database(options.database).open_store()
                took = _store(store, group, options.seconds)
                rows.append(["PostgreSQL, store", *_row(group, took)])
                took = _postgres(options.database, group, options.seconds)
                rows.append(["PostgreSQL, bare driver", *_row(group, took)])
    print(table("durable appends", HEAD, rows))


def _row(group: int, took: Took) -> list[str]:
    ordered = sorted(took.each)
    count = len(ordered) * group
    return [
        str(group),
        str(count),
        f"{count / sum(ordered):,.0f}",
        f"{percentile(ordered, 50) * 1000:.2f}",
        f"{percentile(ordered, 99) * 1000:.2f}",
        f"{took.cpu / count * 1e6:.0f}",
    ]


def _timed(do: Callable[[int], None], group: int, seconds: float) -> Took:
    for warm in range(WARM):
        do(warm * group)
    each: list[float] = []
    cpu = time.process_time()
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end or not each:
        do((WARM + len(each)) * group)
        each.append(time.perf_counter() - began)
    return Took(each, time.process_time() - cpu)


def _store(store: SqlStore, group: int, seconds: float) -> Took:
    stream_id = uuid4().hex
    now = Moment(1000.0, time.time_ns() // 1_000_000)
    record = StreamRecord(stream_id, media=FILM, host_id=HOST)
    store.perform([InsertStream(record, None, uuid4().hex, uuid4().hex, now, now.unix_ms)])

    def do(first: int) -> None:
        entries = [
            AppendRequest(stream_id, change.event_id, HOST, "Ana", change, now)
            for i in range(first + 1, first + group + 1)
            for change in [Command(new_id(), 1, i, Cursor(1, 0), SeekAct(float(i % 5000)))]
        ]
        assert all(isinstance(answer, Appended) for answer in store.perform(entries))

    try:
        return _timed(do, group, seconds)
    finally:
        store.close()


def _sqlite(path: Path, group: int, seconds: float) -> Took:
    open_database(str(path)).open_store().close()
    stream_id = uuid4().hex
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(_STREAM, (stream_id,))

        def do(first: int) -> None:
            connection.execute("BEGIN IMMEDIATE")
            for i in range(first + 1, first + group + 1):
                connection.execute(_EVENT, _event(stream_id, i))
                connection.execute(_STATE, (float(i), i, i, stream_id))
            connection.execute("COMMIT")

        return _timed(do, group, seconds)


def _postgres(address: str, group: int, seconds: float) -> Took:
    import psycopg
    from sqlalchemy import make_url

    where = make_url(address).set(drivername="postgresql")
    stream_id = uuid4().hex
    begin, add, change = (s.replace("?", "%s").encode() for s in (_STREAM, _EVENT, _STATE))
    with psycopg.connect(where.render_as_string(hide_password=False)) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute(begin, (stream_id,))
        connection.commit()

        def do(first: int) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM streams WHERE id = %s FOR UPDATE", (stream_id,))
                numbers = range(first + 1, first + group + 1)
                cursor.executemany(add, [_event(stream_id, i) for i in numbers])
                cursor.executemany(change, [(float(i), i, i, stream_id) for i in numbers])
            connection.commit()

        return _timed(do, group, seconds)


_STREAM: Final = "INSERT INTO streams (id, status, created_at) VALUES (?, 'active', '2026-01-01')"
_EVENT: Final = (
    "INSERT INTO playback_events (id, stream_id, host_user_id, event_type, event_id,"
    " timestamp_ms, time, metadata, created_at, epoch, seq, digest)"
    " VALUES (?, ?, ?, 'seek', ?, 0, ?, ?, '2026-01-01', 1, ?, ?)"
)
_STATE: Final = "UPDATE streams SET time = ?, last_seq = ?, host_counter = ? WHERE id = ?"
_DETAILS: Final = json.dumps({"name": "Ana", "at": 1000.0})


def _event(stream_id: str, i: int) -> tuple[str | float, ...]:
    """Values of `_EVENT`."""
    return (new_id(), stream_id, HOST, new_id(), float(i), _DETAILS, i, "d" * 64)
