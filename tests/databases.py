"""A database of any kind, as tests of the store see it; and what they write into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.server.core.store_calls import InsertStream
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import AppendRequest
from protocol.server.moment import Moment
from protocol.timeline import Timeline
from protocol.wire.messages import Act, Command, Cursor, Event, Media, StreamSettings
from server_stub.storage import admin
from server_stub.storage.factory import open_database
from server_stub.storage.sql.schema import metadata
from server_stub.timing import ServerTiming

if TYPE_CHECKING:
    from server_stub.storage.base import Store
    from server_stub.storage.sql.sql_store import SqlStore

STREAM = "0" * 31 + "1"
OTHER = "0" * 31 + "2"
HOST = "a" * 32
NOW = Moment(1000.0, 1_800_000_000_000)
DAY_MS = 24 * 3600 * 1000
FILM = Media("film-0001", "url", title="Film", url="https://example.com/", duration=60.0)

_TIMING = ServerTiming()


class Place:
    """Where a store is to be; what looks inside wants SQLite's file to be closed first."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_sqlite = "://" not in address

    def open(self, timing: ServerTiming = _TIMING) -> SqlStore:
        return open_database(self.address, timing).open_store()

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement; its rows."""
        with (
            open_database(self.address).opened(alone=False) as engine,
            engine.begin() as connection,
        ):
            found = connection.exec_driver_sql(sql)
            return [tuple(row) for row in found] if found.returns_rows else []

    def clear(self) -> None:
        """As new; tables that are as they should be are kept, since making them takes time."""
        known = {*metadata.tables, "alembic_version"}
        found = {
            name
            for (name,) in self.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            )
        }
        if found == known and admin.schema_status(self.address).is_current:
            self.execute(f"TRUNCATE {', '.join(metadata.tables)}")
        else:
            self.execute("DROP SCHEMA public CASCADE")
            self.execute("CREATE SCHEMA public")

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables."""
        return {
            table: sorted(
                self.execute(f"SELECT {', '.join(c.name for c in columns.columns)} FROM {table}"),
                key=repr,
            )
            for table, columns in metadata.tables.items()
        }


def create(store: Store, stream_id: str = STREAM, now: Moment = NOW) -> StreamRecord:
    """A stream with a film, and an event that says so."""
    record = StreamRecord(
        stream_id, seq=1, media=FILM, host_id=HOST, settings=StreamSettings(sync_tolerance_ms=300)
    )
    event = Event(1, 1, "event-0000", "media", HOST, "Ana", now.unix_ms, Timeline(), FILM)
    keys = (f"host-{stream_id}", f"invite-{stream_id}")
    call = InsertStream(record, event, *keys, now, now.unix_ms + DAY_MS)
    assert store.perform([call]) == [record]
    return record


def entry(counter: int, act: Act, now: Moment = NOW, stream_id: str = STREAM) -> AppendRequest:
    """A command of the host."""
    change = Command(f"event-{counter:04d}", 1, counter, Cursor(1, 1), act)
    return AppendRequest(stream_id, change.event_id, HOST, "Ana", change, now)
