"""The store on a real file: schema, durability, faults of the disk, retention."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import sqlalchemy as sa

from protocol.exceptions import SchemaTooNew, SettingsError, StoreError, StoreLocked, StoreUnusable
from protocol.messages import Act, Command, Cursor, Event, Load, Media, Note, Pause, Play, Seek
from protocol.server_effects import (
    CreateStream,
    Opened,
    OpenStream,
    Read,
    ReadSince,
    StoreFailed,
)
from protocol.server_log import Appended, Duplicate, Entry, HostChange, Moment, StreamRecord
from protocol.timeline import Timeline
from server_stub import administration
from server_stub.clock import Anchor
from server_stub.maintenance import EVENT_RETENTION, INACTIVE_AFTER, inactive_streams, old_events
from server_stub.queries import FIND_EVENT, FIND_EVENTS, READ_LOG
from server_stub.schema import at, metadata, playback_events, streams
from server_stub.sql_store import SqlStore
from server_stub.sqlite import database_path, is_full, open_engine, open_sqlite

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

STREAM = "0" * 31 + "1"
OTHER = "0" * 31 + "2"
HOST = "a" * 32
NOW = Moment(1000.0, 1_800_000_000_000)
DAY_MS = 24 * 3600 * 1000
FILM = Media("film-0001", "url", title="Film", url="https://example.com/", duration=60.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "party.db"


@pytest.fixture
def store(path: Path) -> Generator[SqlStore]:
    opened = open_sqlite(path)
    yield opened
    opened.close()


def create(store: SqlStore, stream_id: str = STREAM, now: Moment = NOW) -> StreamRecord:
    record = StreamRecord(stream_id, seq=1, media=FILM, host_id=HOST, sync_tolerance_ms=300)
    event = Event(1, 1, "event-0000", "media", HOST, "Ana", now.unix_ms, Timeline(), FILM)
    keys = (f"host-{stream_id}", f"invite-{stream_id}")
    call = CreateStream(record, event, *keys, now, now.unix_ms + DAY_MS)
    assert store.perform([call]) == [record]
    return record


def entry(counter: int, act: Act, now: Moment = NOW, stream_id: str = STREAM) -> Entry:
    change = Command(f"event-{counter:04d}", 1, counter, Cursor(1, 1), act)
    return Entry(stream_id, change.event_id, HOST, "Ana", change, now)


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
            for table in metadata.tables
        }


# Calls ----------------------------------------------------------------------------------


def test_what_is_kept_is_read_back_whole(store: SqlStore) -> None:
    record = create(store)
    note = Note("note-0001", "sync_request", 5.5, "key", 80.5, -2.25)
    answers = store.perform(
        [
            entry(1, Play()),
            Entry(STREAM, note.event_id, "b" * 32, "Bo", note, NOW),
            entry(2, Seek(12.345678901)),
            entry(3, Pause(12.5)),
            Entry(STREAM, "change-01", "c" * 32, "Cy", HostChange(), NOW),
        ]
    )
    appended = [answer for answer in answers if isinstance(answer, Appended)]
    assert len(appended) == 5
    (read,) = store.perform([ReadSince(STREAM, record.cursor, 300)])
    assert read == Read(appended[-1].record, tuple(answer.event for answer in appended))


def test_a_refusal_and_a_repetition_write_nothing(store: SqlStore, path: Path) -> None:
    create(store)
    first, again, wrong = store.perform([entry(1, Play()), entry(1, Play()), entry(7, Play())])
    assert isinstance(first, Appended)
    assert again == Duplicate(Cursor(1, 2))
    assert msgspec.structs.asdict(wrong)["code"] == "out_of_order"  # type: ignore[arg-type]
    store.close()
    assert len(everything(path)["playback_events"]) == 2


def test_a_group_of_several_streams_is_answered_in_its_order(store: SqlStore) -> None:
    record = create(store)
    create(store, OTHER)
    calls = [
        entry(1, Play()),
        entry(1, Play(), stream_id=OTHER),
        ReadSince(STREAM, record.cursor, 300),
        entry(2, Pause(3.0), stream_id=OTHER),
        entry(2, Pause(3.0)),
        entry(1, Play(), stream_id="f" * 32),
        entry(1, Play()),
    ]
    first, other, read, other_second, second, unknown, again = store.perform(calls)
    assert isinstance(first, Appended)
    assert isinstance(other, Appended)
    assert read == Read(first.record, (first.event,))
    assert isinstance(other_second, Appended)
    assert isinstance(second, Appended)
    assert other_second.record.stream_id == OTHER
    assert second.record.cursor == other_second.record.cursor == Cursor(1, 3)
    assert msgspec.structs.asdict(unknown)["code"] == "unauthorized"  # type: ignore[arg-type]
    assert again == Duplicate(first.event.cursor)
    assert store.records([STREAM, OTHER]) == [second.record, other_second.record]


def test_new_media_goes_on_in_a_new_epoch(store: SqlStore) -> None:
    create(store)
    (answer,) = store.perform([entry(1, Load(Media("film-0002", "file", size=5)))])
    assert isinstance(answer, Appended)
    (read,) = store.perform([ReadSince(STREAM, Cursor(2, 0), 300)])
    assert read == Read(answer.record, (answer.event,))


def test_an_unknown_stream_takes_nothing(store: SqlStore) -> None:
    append, read = store.perform([entry(1, Play()), ReadSince(STREAM, Cursor(1, 0), 9)])
    assert msgspec.structs.asdict(append)["code"] == "unauthorized"  # type: ignore[arg-type]
    assert read == StoreFailed("try_again")


def test_tokens_open_their_stream_in_their_role_while_they_are_good(store: SqlStore) -> None:
    record = create(store)
    create(store, OTHER)
    late = Moment(0.0, NOW.unix_ms + DAY_MS)

    def opened(token: str, stream_id: str = STREAM, now: Moment = NOW) -> object:
        return store.perform([OpenStream(stream_id, token, now)])[0]

    assert opened(f"host-{STREAM}") == Opened(record, "host")
    assert opened(f"host-{STREAM}", now=late) == Opened(record, "host")
    assert opened(f"invite-{STREAM}") == Opened(record, "viewer")
    assert opened(f"invite-{STREAM}", now=late) == Opened()
    assert opened(f"invite-{OTHER}") == Opened()
    assert opened(f"invite-{STREAM}", "f" * 32) == Opened()
    assert opened("wrong") == Opened()
    assert store.stream(STREAM, f"invite-{STREAM}", NOW) == record
    assert store.stream(STREAM, "wrong", NOW) is None


def test_a_host_may_be_given_one_more_invite(store: SqlStore) -> None:
    record = create(store)
    until = NOW.unix_ms + DAY_MS
    for token in (f"invite-{STREAM}", f"host-{STREAM}"):
        store.perform([OpenStream(STREAM, token, NOW, f"fresh-by-{token}", until)])
    fresh = [
        store.perform([OpenStream(STREAM, f"fresh-by-{token}-{STREAM}", NOW)])[0]
        for token in ("host", "invite")
    ]
    assert fresh == [Opened(record, "viewer"), Opened()]


def test_a_revoked_token_opens_nothing(store: SqlStore, path: Path) -> None:
    create(store)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE stream_tokens SET revoked_at = '2026-01-01 00:00:00.000000'")
        connection.commit()
    again = open_sqlite(path)
    assert again.perform([OpenStream(STREAM, f"host-{STREAM}", NOW)]) == [Opened()]
    again.close()


def test_the_anchor_of_the_clock_is_kept(store: SqlStore) -> None:
    assert store.anchor() is None
    for anchor in (Anchor("boot", 1.0, 2.0, 3.0, 4.0), Anchor("boot", 5.0, 6.0, 7.0, 8.0)):
        store.set_anchor(anchor)
        assert store.anchor() == anchor


# Faults ---------------------------------------------------------------------------------


def test_one_call_that_fails_does_not_take_its_group_with_it(store: SqlStore) -> None:
    record = create(store)
    same = CreateStream(record, None, "new-host", "new-invite", NOW, NOW.unix_ms)
    before, failed, after = store.perform([entry(1, Play()), same, entry(2, Pause(3.0))])
    assert isinstance(before, Appended)
    assert failed == StoreFailed("try_again")
    assert isinstance(after, Appended)
    assert after.record.seq == 3


def test_a_full_disk_acknowledges_nothing_stays_readable_and_recovers(
    store: SqlStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    create(store)
    store.close()
    engine = open_engine(path)
    again = open_sqlite_on(engine)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    kept, answer = 0, None

    def load() -> Entry:
        media = Media(f"other-{kept:04d}", "file", title="secret " + "x" * 190)
        act = Load(media)
        command = Command(f"load-{kept:05d}", 1, kept + 1, Cursor(kept + 1, 1), act)
        return Entry(STREAM, command.event_id, HOST, "Ana", command, NOW)

    while not isinstance(answer, StoreFailed):
        (answer,) = again.perform([load()])
        assert isinstance(answer, Appended | StoreFailed)
        kept += isinstance(answer, Appended)
    assert answer == StoreFailed("storage_full")
    assert "secret" not in caplog.text
    (read,) = again.perform([ReadSince(STREAM, Cursor(1, 0), 300)])
    assert isinstance(read, Read)
    assert read.record.epoch == kept + 1
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    (answer,) = again.perform([load()])
    assert isinstance(answer, Appended)
    again.close()


def open_sqlite_on(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine, is_full, engine.dispose)


def test_a_second_server_on_one_file_is_told_so(store: SqlStore, path: Path) -> None:
    create(store)
    with pytest.raises(StoreLocked, match="another server uses the database"):
        open_sqlite(path)
    assert store.perform([entry(1, Play())])


def test_what_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database " * 500)
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    for path, words in (
        (text, "is not a database"),
        (foreign, "belongs to another program"),
        (tmp_path, "cannot be used"),
        (text / "below.db", "cannot be made"),
    ):
        with pytest.raises(StoreUnusable, match=words):
            open_sqlite(path)
    assert text.read_text().startswith("not a database")


def test_a_path_or_an_address_names_a_file(tmp_path: Path) -> None:
    assert database_path(f"sqlite:///{tmp_path}/a.db") == tmp_path / "a.db"
    assert database_path(f"{tmp_path}/a.db") == tmp_path / "a.db"
    for wrong in ("postgresql://localhost/x", "sqlite:///", ""):
        with pytest.raises(SettingsError):
            database_path(wrong)


# Schema ---------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_that_the_queries_use(store: SqlStore, path: Path) -> None:
    store.close()
    engine = open_engine(path)
    found = sa.inspect(engine)
    for table in metadata.sorted_tables:
        columns = {c["name"]: c for c in found.get_columns(table.name)}
        assert set(columns) == {c.name for c in table.columns}
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable, column
        indexes = {i["name"]: i["column_names"] for i in found.get_indexes(table.name)}
        assert indexes == {i.name: [c.name for c in i.columns] for i in table.indexes}
    engine.dispose()


def test_a_way_down_and_up_leaves_every_row(store: SqlStore, path: Path) -> None:
    create(store)
    create(store, OTHER)
    store.perform([entry(n, Seek(float(n))) for n in range(1, 300)])
    store.close()
    before = everything(path)
    for current, behind in (("0002", "0003"), ("0001", "0002")):
        down, backup = administration.change_schema(str(path), "down")
        assert (down.current, down.is_current) == (current, False)
        assert backup == path.with_name(f"party.db.backup-{behind}")
        assert backup is not None
        assert backup.exists()
    with closing(sqlite3.connect(path)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(streams)")]
        assert names == ["id", "status", "host_user_id", "created_at"]
    with pytest.raises(StoreUnusable, match="matinee migrate up"):
        administration.past_streams(str(path))
    assert administration.change_schema(str(path), "up").status.is_current
    assert administration.change_schema(str(path), "up").backup is None
    assert everything(path) == before


def test_a_way_down_to_nothing_and_up_starts_anew(store: SqlStore, path: Path) -> None:
    create(store)
    store.close()
    for current in ("0002", "0001", "", ""):
        assert administration.change_schema(str(path), "down").status.current == current
    open_sqlite(path).close()
    assert administration.schema_status(str(path)).is_current


def test_an_older_schema_is_backed_up_and_brought_up(store: SqlStore, path: Path) -> None:
    create(store)
    store.close()
    before = everything(path)
    for _ in range(2):
        administration.change_schema(str(path), "down")
    open_sqlite(path).close()
    assert everything(path) == before
    backup = path.with_name("party.db.backup-0001")
    with closing(sqlite3.connect(backup)) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert revision == "0001"


def test_a_newer_schema_is_refused(store: SqlStore, path: Path) -> None:
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaTooNew, match="update matinee"):
        open_sqlite(path)


EVENT = {"stream_id": STREAM, "event_id": "event-0001"}
EVENTS = {"stream_id": STREAM, "event_ids": ["event-0001", "event-0002"]}
LOG = {"stream_id": STREAM, "epoch": 1, "after": 5, "limit": 300}


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (FIND_EVENT.params(EVENT), "idx_playback_events_event_id"),
        (FIND_EVENTS.params(EVENTS), "idx_playback_events_event_id"),
        (READ_LOG.params(LOG), "idx_playback_events_cursor"),
        (old_events(at(0)), "idx_playback_events_cleanup"),
        (inactive_streams(at(0)), "idx_streams_playback_sync"),
        (administration.latest_streams(10), "idx_streams_sync_enabled"),
        (administration.log_by_time(STREAM, (), 10), "idx_playback_events_stream_timestamp"),
        (administration.log_by_time(STREAM, ("play",), 10), "idx_playback_events_stream_type"),
    ],
)
def test_the_queries_use_their_indexes(
    store: SqlStore, path: Path, query: sa.Select[Any], index: str
) -> None:
    store.close()
    engine = open_engine(path)
    with engine.connect() as connection:
        compiled = query.compile(engine, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
    engine.dispose()
    assert any(f" {index} " in f"{row[3]} " for row in plan), plan


# Retention ------------------------------------------------------------------------------


def test_old_events_are_deleted_in_batches(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server_stub.maintenance.BATCH", 10)
    create(store)
    store.perform([entry(n, Seek(float(n))) for n in range(1, 46)])
    later = Moment(2000.0, NOW.unix_ms + round(EVENT_RETENTION.total_seconds() * 1000))
    assert store.maintain(later, (STREAM,)).events_deleted == 0
    store.perform([entry(46, Pause(1.0), later)])
    done = store.maintain(Moment(2001.0, later.unix_ms + 1), (STREAM,))
    assert (done.events_deleted, done.streams_reset) == (46, 0)
    (read,) = store.perform([ReadSince(STREAM, Cursor(1, 0), 300)])
    assert isinstance(read, Read)
    assert [event.seq for event in read.events] == [47]
    assert read.record.seq == 47


def test_inactive_streams_are_put_back_to_their_beginning(store: SqlStore) -> None:
    create(store)
    create(store, OTHER)
    for stream_id in (STREAM, OTHER):
        store.perform([entry(1, Play(), NOW, stream_id)])
    later_ms = NOW.unix_ms + round((INACTIVE_AFTER + timedelta(seconds=1)).total_seconds() * 1000)
    later = Moment(5000.0, later_ms)
    done = store.maintain(later, (OTHER,))
    assert (done.streams_reset, done.reset_ids) == (1, (STREAM,))
    reset, live = store.records([STREAM, OTHER, "f" * 32])
    assert (reset.epoch, reset.seq, reset.host_counter) == (2, 0, 1)
    assert reset.timeline == Timeline(at=5000.0)
    assert reset.media == FILM
    assert (live.epoch, live.timeline.playing) == (1, True)
    assert store.maintain(later, ()).streams_reset == 0


def test_maintenance_of_a_file_nobody_serves(store: SqlStore, path: Path) -> None:
    create(store)
    store.perform([entry(1, Play())])
    store.close()
    assert administration.maintain(str(path)).streams_reset in (0, 1)


def test_maintenance_refuses_when_the_clock_is_in_doubt(store: SqlStore, path: Path) -> None:
    create(store)
    store.set_anchor(Anchor("another boot", 0.0, 50.0, 50.0, 9e9))
    store.close()
    with pytest.raises(StoreError, match="the clock has moved"):
        administration.maintain(str(path))
    assert administration.maintain(str(path), accept_clock=True)


def test_maintenance_of_nothing_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="there is no database"):
        administration.maintain(str(tmp_path / "none.db"))
    with pytest.raises(StoreUnusable, match="there is no database"):
        administration.schema_status(str(tmp_path / "none.db"))


# History --------------------------------------------------------------------------------


def test_history_tells_past_streams_and_their_events(store: SqlStore, path: Path) -> None:
    record = create(store)
    later = Moment(0.0, NOW.unix_ms + 1000)
    create(store, OTHER, later)
    store.perform([entry(1, Play()), entry(2, Pause(3.0)), entry(3, Play())])
    store.close()
    latest, first = administration.past_streams(str(path))
    assert (latest.record.stream_id, latest.events) == (OTHER, 1)
    assert (first.record.stream_id, first.events) == (record.stream_id, 4)
    assert first.created_at == at(NOW.unix_ms)
    events = administration.past_events(str(path), STREAM)
    assert [event.event_type for event in events] == ["media", "play", "pause", "play"]
    plays = administration.past_events(str(path), STREAM, ("play",))
    assert [event.seq for event in plays] == [2, 4]


def test_the_tables_are_those_of_the_requirement() -> None:
    assert {"time", "is_playing", "last_sync_at", "video_url", "sync_enabled"} <= set(
        streams.columns.keys()
    )
    assert {"id", "stream_id", "host_user_id", "event_type", "event_id", "timestamp_ms"} <= set(
        playback_events.columns.keys()
    )
    assert {"time", "metadata", "created_at"} <= set(playback_events.columns.keys())
