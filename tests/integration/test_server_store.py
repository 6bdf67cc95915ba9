"""What every store does, in memory and on real databases: calls, schema, retention, history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from protocol.exceptions import SchemaTooNew, StoreError, StoreUnusable
from protocol.server.core.store_calls import (
    InsertStream,
    OpenedStream,
    OpenStream,
    ReadEvents,
    ReadSince,
    StoreFailed,
)
from protocol.server.log.requests import Appended, AppendRequest, Duplicate, HostChange
from protocol.server.moment import Moment
from protocol.timeline import Timeline
from protocol.wire.messages import Cursor, LoadAct, Media, Note, PauseAct, PlayAct, SeekAct
from server_stub.clock import ClockAnchor, ClockReading, wall_jump
from server_stub.storage import admin
from server_stub.storage.base import EVENT_RETENTION, INACTIVE_AFTER
from server_stub.storage.factory import open_database
from server_stub.storage.sql.queries import FIND_EVENT, FIND_EVENTS, READ_LOG
from server_stub.storage.sql.retention import (
    LEAST,
    inactive_streams,
    old_events,
)
from server_stub.storage.sql.schema import at, metadata, playback_events, streams
from tests.databases import DAY_MS, FILM, NOW, OTHER, STREAM, create, entry

if TYPE_CHECKING:
    from server_stub.storage.base import Store
    from tests.databases import Place

COLUMNS = {
    "streams": "time is_playing last_sync_at video_url sync_enabled sync_tolerance",
    "playback_events": "id stream_id host_user_id event_type event_id timestamp_ms time metadata"
    " created_at",
}
"""Of the requirement."""


@pytest.fixture
def store(empty_store: Store) -> Store:
    return empty_store


# Calls ----------------------------------------------------------------------------------


def test_what_is_kept_is_read_back_whole(store: Store) -> None:
    record = create(store)
    note = Note("note-0001", "sync_request", 5.5, "key", 80.5, -2.25)
    answers = store.perform(
        [
            entry(1, PlayAct()),
            AppendRequest(STREAM, note.event_id, "b" * 32, "Bo", note, NOW),
            entry(2, SeekAct(12.345678901)),
            entry(3, PauseAct(12.5, "end of the film", "end_of_film")),
            AppendRequest(STREAM, "change-01", "c" * 32, "Cy", HostChange(), NOW),
        ]
    )
    appended = [answer for answer in answers if isinstance(answer, Appended)]
    assert len(appended) == 5
    (read,) = store.perform([ReadSince(STREAM, record.cursor, 300)])
    assert read == ReadEvents(appended[-1].record, tuple(answer.event for answer in appended))


def test_a_refusal_and_a_repetition_write_nothing(store: Store) -> None:
    create(store)
    first, again, wrong = store.perform(
        [entry(1, PlayAct()), entry(1, PlayAct()), entry(7, PlayAct())]
    )
    assert isinstance(first, Appended)
    assert again == Duplicate(Cursor(1, 2))
    assert msgspec.structs.asdict(wrong)["code"] == "out_of_order"  # type: ignore[arg-type]
    assert len(store.events(STREAM, 1, 0, 9)) == 2
    assert store.records([STREAM]) == [first.record]


def test_a_group_of_several_streams_is_answered_in_its_order(store: Store) -> None:
    record = create(store)
    create(store, OTHER)
    calls = [
        entry(1, PlayAct()),
        entry(1, PlayAct(), stream_id=OTHER),
        ReadSince(STREAM, record.cursor, 300),
        entry(2, PauseAct(3.0), stream_id=OTHER),
        entry(2, PauseAct(3.0)),
        entry(1, PlayAct(), stream_id="f" * 32),
        entry(1, PlayAct()),
    ]
    first, other, read, other_second, second, unknown, again = store.perform(calls)
    assert isinstance(first, Appended)
    assert isinstance(other, Appended)
    assert read == ReadEvents(first.record, (first.event,))
    assert isinstance(other_second, Appended)
    assert isinstance(second, Appended)
    assert other_second.record.stream_id == OTHER
    assert second.record.cursor == other_second.record.cursor == Cursor(1, 3)
    assert msgspec.structs.asdict(unknown)["code"] == "unauthorized"  # type: ignore[arg-type]
    assert again == Duplicate(first.event.cursor)
    assert store.records([STREAM, OTHER]) == [second.record, other_second.record]


def test_new_media_goes_on_in_a_new_epoch(store: Store) -> None:
    create(store)
    (answer,) = store.perform([entry(1, LoadAct(Media("film-0002", "file", size=5)))])
    assert isinstance(answer, Appended)
    (read,) = store.perform([ReadSince(STREAM, Cursor(2, 0), 300)])
    assert read == ReadEvents(answer.record, (answer.event,))


def test_an_unknown_stream_takes_nothing(store: Store) -> None:
    append, read = store.perform([entry(1, PlayAct()), ReadSince(STREAM, Cursor(1, 0), 9)])
    assert msgspec.structs.asdict(append)["code"] == "unauthorized"  # type: ignore[arg-type]
    assert read == StoreFailed("try_again")


def test_tokens_open_their_stream_in_their_role_while_they_are_good(store: Store) -> None:
    record = create(store)
    create(store, OTHER)
    late = Moment(0.0, NOW.unix_ms + DAY_MS)

    def opened(token: str, stream_id: str = STREAM, now: Moment = NOW) -> object:
        return store.perform([OpenStream(stream_id, token, now)])[0]

    assert opened(f"host-{STREAM}") == OpenedStream(record, "host")
    assert opened(f"host-{STREAM}", now=late) == OpenedStream(record, "host")
    assert opened(f"invite-{STREAM}") == OpenedStream(record, "viewer", by_invite=True)
    assert opened(f"invite-{STREAM}", now=late) == OpenedStream()
    assert opened(f"invite-{OTHER}") == OpenedStream()
    assert opened(f"invite-{STREAM}", "f" * 32) == OpenedStream()
    assert opened("wrong") == OpenedStream()
    assert store.stream(STREAM, f"invite-{STREAM}", NOW) == record
    assert store.stream(STREAM, "wrong", NOW) is None


def test_a_host_may_be_given_one_more_invite(store: Store) -> None:
    record = create(store)
    until = NOW.unix_ms + DAY_MS
    for token in (f"invite-{STREAM}", f"host-{STREAM}"):
        store.perform([OpenStream(STREAM, token, NOW, f"fresh-by-{token}", until)])
    fresh = [
        store.perform([OpenStream(STREAM, f"fresh-by-{token}-{STREAM}", NOW)])[0]
        for token in ("host", "invite")
    ]
    assert fresh == [OpenedStream(record, "viewer", by_invite=True), OpenedStream()]


def test_a_revoked_token_opens_nothing(store: Store, place: Place) -> None:
    create(store)
    store.close()
    place.execute("UPDATE stream_tokens SET revoked_at = '2026-01-01 00:00:00.000000'")
    again = place.open()
    assert again.perform([OpenStream(STREAM, f"host-{STREAM}", NOW)]) == [OpenedStream()]
    again.close()


def test_the_anchor_of_the_clock_is_kept(store: Store) -> None:
    assert store.anchor() is None
    for anchor in (
        ClockAnchor("boot", 1.0, 2.0, 3.0, 4.0),
        ClockAnchor("boot", 5.0, 6.0, 7.0, 8.0, -9.0),
    ):
        store.set_anchor(anchor)
        assert store.anchor() == anchor


# Faults ---------------------------------------------------------------------------------


def test_one_call_that_fails_does_not_take_its_group_with_it(store: Store) -> None:
    record = create(store)
    same = InsertStream(record, None, "new-host", "new-invite", NOW, NOW.unix_ms)
    before, failed, after = store.perform([entry(1, PlayAct()), same, entry(2, PauseAct(3.0))])
    assert isinstance(before, Appended)
    assert failed == StoreFailed("try_again")
    assert isinstance(after, Appended)
    assert after.record.seq == 3


# Schema ---------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_that_the_queries_use(store: Store, place: Place) -> None:
    store.close()
    with open_database(place.address).opened(alone=False) as engine:
        found = sa.inspect(engine)
        for table in metadata.sorted_tables:
            columns = {c["name"]: c for c in found.get_columns(table.name)}
            assert set(columns) == {c.name for c in table.columns}
            for column in table.columns:
                assert columns[column.name]["nullable"] == column.nullable, column
            indexes = {i["name"]: i["column_names"] for i in found.get_indexes(table.name)}
            assert indexes == {i.name: [c.name for c in i.columns] for i in table.indexes}


def test_a_way_down_and_up_leaves_every_row(store: Store, place: Place) -> None:
    create(store)
    create(store, OTHER)
    store.perform([entry(n, SeekAct(float(n))) for n in range(1, 300)])
    store.close()
    before = place.everything()
    while (change := admin.change_schema(place.address, "down")).status.current > "0001":
        assert not change.status.is_current
        assert (change.backup is not None) == place.is_sqlite
    with open_database(place.address).opened(alone=False) as engine:
        names = [column["name"] for column in sa.inspect(engine).get_columns("streams")]
    assert names == ["id", "status", "host_user_id", "created_at"]
    with pytest.raises(StoreUnusable, match="matinee migrate up"):
        admin.past_streams(place.address)
    assert admin.change_schema(place.address, "up").status.is_current
    assert admin.change_schema(place.address, "up").backup is None
    assert place.everything() == before


def test_a_clock_in_doubt_is_so_after_a_step_down_and_up(store: Store, place: Place) -> None:
    store.set_anchor(ClockAnchor("boot", 1.0, 2.0, elapsed=3.0, wall=4.0, jump=9000.0))
    store.close()
    while admin.change_schema(place.address, "down").status.current >= "0007":
        pass
    admin.change_schema(place.address, "up")
    again = place.open()
    anchor = again.anchor()
    # As it was kept before: the clock as it showed, and as much more time gone by.
    assert anchor == ClockAnchor("boot", 1.0, 2.0, elapsed=9003.0, wall=9004.0)
    assert anchor is not None
    assert wall_jump(anchor, ClockReading("boot", 5.0, 5.0, 9006.0)) == 9000.0
    again.close()


def test_the_way_down_ends_where_streams_would_be_lost(store: Store, place: Place) -> None:
    create(store)
    store.close()
    before = place.everything()
    while admin.change_schema(place.address, "down").status.current != "0001":
        pass
    for _ in range(2):
        with pytest.raises(StoreUnusable, match="every stream would be gone"):
            admin.change_schema(place.address, "down")
    admin.change_schema(place.address, "up")
    assert place.everything() == before


def test_a_newer_schema_is_refused(store: Store, place: Place) -> None:
    store.close()
    place.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="update matinee"):
        place.open()


EVENT = {"stream_id": STREAM, "event_id": "event-0001"}
EVENTS = {"stream_id": STREAM, "event_ids": ["event-0001", "event-0002"]}
LOG = {"stream_id": STREAM, "epoch": 1, "after": 5, "limit": 300}
PLANS: list[tuple[sa.Select[*tuple[Any, ...]], str]] = [
    (FIND_EVENT.params(EVENT), "idx_playback_events_event_id"),
    (FIND_EVENTS.params(EVENTS), "idx_playback_events_event_id"),
    (READ_LOG.params(LOG), "idx_playback_events_cursor"),
    (old_events(at(0)), "idx_playback_events_cleanup"),
    (inactive_streams(at(0)), "idx_streams_playback_sync"),
    (admin.latest_streams(10), "idx_streams_sync_enabled"),
    (admin.log_by_time(STREAM, (), 10), "idx_playback_events_stream_timestamp"),
    (admin.log_by_time(STREAM, ("play",), 10), "idx_playback_events_stream_type"),
]
"""Each query, and the index that is there for it."""

# PostgreSQL plans by what is in the tables: two thousand streams, one with a long log.
FILL = (
    """INSERT INTO streams (id, status, created_at, last_sync_at, sync_enabled)
       SELECT md5(n::text)::uuid, 'active', now(), now() - n * interval '1 minute', mod(n, 9) = 0
       FROM generate_series(1, 2000) AS n""",
    f"""INSERT INTO playback_events (id, stream_id, event_type, event_id, timestamp_ms, time,
            created_at, epoch, seq, digest)
        SELECT md5(s.id::text || n)::uuid, s.id,
            CASE WHEN mod(n, 10) = 0 THEN 'play' ELSE 'seek' END, 'event-' || n, n * 1000, n,
            now() - n * interval '1 minute', 2, n, md5(n::text)
        FROM streams AS s, generate_series(1, 3000) AS n WHERE n < 4 OR s.id = '{STREAM}'""",
    "ANALYZE streams, playback_events",
)


def test_the_queries_use_their_indexes(store: Store, place: Place) -> None:
    create(store)
    store.close()
    with open_database(place.address).opened(alone=False) as engine, engine.connect() as connection:
        if not place.is_sqlite:
            for statement in FILL:
                connection.exec_driver_sql(statement)
        for query, index in PLANS:
            compiled = query.compile(engine, compile_kwargs={"literal_binds": True})
            explain = "EXPLAIN QUERY PLAN" if place.is_sqlite else "EXPLAIN"
            plan = connection.exec_driver_sql(f"{explain} {compiled}").all()
            assert any(f" {index} " in f"{row[-1]} " for row in plan), plan


# Retention ------------------------------------------------------------------------------


def test_old_events_are_deleted_in_batches(store: Store) -> None:
    several = 2 * LEAST + LEAST // 2
    create(store)
    store.perform([entry(n, SeekAct(float(n))) for n in range(1, several)])
    later = Moment(2000.0, NOW.unix_ms + round(EVENT_RETENTION.total_seconds() * 1000))
    assert store.maintain(later, (STREAM,)).events_deleted == 0
    store.perform([entry(several, PauseAct(1.0), later)])
    done = store.maintain(Moment(2001.0, later.unix_ms + 1), (STREAM,))
    assert (done.events_deleted, done.streams_reset) == (several, 0)
    (read,) = store.perform([ReadSince(STREAM, Cursor(1, 0), 300)])
    assert isinstance(read, ReadEvents)
    assert [event.seq for event in read.events] == [several + 1]
    assert read.record.seq == several + 1


WAITS = {"1": False, "2": True, "off": False, "on": True}
"""For the disk: what SQLite and PostgreSQL say of it."""


def test_an_append_waits_for_the_disk_and_a_deletion_does_not(store: Store, place: Place) -> None:
    waits: list[tuple[str, bool]] = []

    def look(connection: sa.Connection, _cursor: object, statement: str, *_more: object) -> None:
        what = "delete" if "cleanup_old" in statement else statement.split()[0].lower()
        if what in ("delete", "insert"):
            asked = "PRAGMA synchronous" if place.is_sqlite else "SHOW synchronous_commit"
            cursor = connection.connection.cursor()
            cursor.execute(asked)
            waits.append((what, WAITS[str(cursor.fetchall()[0][0])]))
            cursor.close()

    create(store)
    event.listen(sa.Engine, "after_cursor_execute", look)
    try:
        store.perform([entry(1, PlayAct())])
        week = round(EVENT_RETENTION.total_seconds() * 1000)
        assert store.maintain(Moment(2000.0, NOW.unix_ms + week + 1), (STREAM,)).events_deleted
        store.perform([entry(2, PauseAct(1.0))])
    finally:
        event.remove(sa.Engine, "after_cursor_execute", look)
    assert list(dict.fromkeys(waits)) == [("insert", True), ("delete", False)]
    assert waits[-1] == ("insert", True)


def test_inactive_streams_are_put_back_to_their_beginning(store: Store) -> None:
    create(store)
    create(store, OTHER)
    for stream_id in (STREAM, OTHER):
        store.perform([entry(1, PlayAct(), NOW, stream_id)])
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


def test_maintenance_of_a_file_nobody_serves(store: Store, place: Place) -> None:
    create(store)
    store.perform([entry(1, PlayAct())])
    store.close()
    assert admin.maintain(place.address).streams_reset in (0, 1)


def test_maintenance_refuses_when_the_clock_is_in_doubt(store: Store, place: Place) -> None:
    create(store)
    store.set_anchor(ClockAnchor("another boot", 0.0, 50.0, 50.0, 9e9))
    store.close()
    with pytest.raises(StoreError, match="the clock has moved"):
        admin.maintain(place.address)
    assert admin.maintain(place.address, accept_clock=True)


# History --------------------------------------------------------------------------------


def test_history_tells_past_streams_and_their_events(store: Store, place: Place) -> None:
    record = create(store)
    later = Moment(0.0, NOW.unix_ms + 1000)
    create(store, OTHER, later)
    store.perform([entry(1, PlayAct()), entry(2, PauseAct(3.0)), entry(3, PlayAct())])
    store.close()
    latest, first = admin.past_streams(place.address)
    assert (latest.record.stream_id, latest.events) == (OTHER, 1)
    assert (first.record.stream_id, first.events) == (record.stream_id, 4)
    assert first.created_at == at(NOW.unix_ms)
    assert admin.find_stream(place.address, STREAM[:31] + "2") == latest
    events = admin.past_events(place.address, STREAM)
    assert [event.event_type for event in events] == ["media", "play", "pause", "play"]
    plays = admin.past_events(place.address, STREAM, ("play",))
    assert [event.seq for event in plays] == [2, 4]


def test_the_tables_are_those_of_the_requirement() -> None:
    for table in (streams, playback_events):
        assert set(COLUMNS[table.name].split()) <= set(table.columns.keys())
