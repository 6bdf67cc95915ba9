"""The store in PostgreSQL: several servers on it, its own functions, how it is reached."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from protocol.exceptions import SettingsError, StoreError, StoreLocked, StoreUnusable
from protocol.server.core.store_calls import (
    OpenedStream,
    OpenStream,
    ReadEvents,
    ReadSince,
    StoreFailed,
)
from protocol.server.log.requests import Appended, AppendRequest, Duplicate, HostChange
from protocol.server.moment import Moment
from protocol.wire.messages import Cursor, PlayAct, Refusal, SeekAct
from server_stub.cli.main import main
from server_stub.clock import ClockAnchor
from server_stub.storage import admin
from server_stub.storage.engines.postgres_retention import CLEANUP_LOCK
from server_stub.storage.factory import open_database
from server_stub.storage.sql.queries import LOCK_STREAM
from server_stub.timing import ServerTiming
from tests.databases import DAY_MS, NOW, OTHER, STREAM, Place, create, entry
from tests.postgres import database_name

if TYPE_CHECKING:
    from collections.abc import Generator

    from protocol.server.core.store_calls import StoreResult
    from server_stub.storage.sql.sql_store import SqlStore
    from tests.postgres import Postgres

ROUNDS = 40
HASTY = ServerTiming(schema_lock_timeout=0.01)
LATER = Moment(5000.0, NOW.unix_ms + 25 * 3600 * 1000)


@pytest.fixture
def place(postgres_place: Place) -> Place:
    return postgres_place


@pytest.fixture
def store(place: Place) -> Generator[SqlStore]:
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture
def second(store: SqlStore, place: Place) -> Generator[SqlStore]:
    """Another server on the same database."""
    del store
    opened = place.open()
    yield opened
    opened.close()


# Two servers ----------------------------------------------------------------------------


def test_two_servers_that_race_on_one_stream_never_break_its_log(
    store: SqlStore, second: SqlStore
) -> None:
    create(store)
    together = Barrier(2)

    def race(one: SqlStore, ids: str, same: bool) -> list[StoreResult]:
        answers: list[StoreResult] = []
        for counter in range(1, ROUNDS + 1):
            mine = entry(counter, SeekAct(float(counter)))
            if not same:
                mine = AppendRequest(
                    STREAM, f"{ids}-{counter:05}", mine.member_id, "Ana", mine.change, NOW
                )
            together.wait(20)
            answers += one.perform([mine])
        return answers

    def both(same: bool) -> list[tuple[StoreResult, StoreResult]]:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(race, store, "first", same)
            other = pool.submit(race, second, "other", same)
            return list(zip(first.result(), other.result(), strict=True))

    for counter, answers in enumerate(both(same=False), 1):
        (won,) = (answer for answer in answers if isinstance(answer, Appended))
        (lost,) = (answer for answer in answers if isinstance(answer, Refusal))
        assert won.record.host_counter == counter
        assert (lost.code, lost.expected) == ("out_of_order", counter + 1)
    (read,) = store.perform([ReadSince(STREAM, Cursor(1, 0), 10_000)])
    assert isinstance(read, ReadEvents)
    assert [event.seq for event in read.events] == list(range(1, ROUNDS + 2))
    assert len({event.event_id for event in read.events}) == ROUNDS + 1
    assert read.record.seq == ROUNDS + 1

    store.perform([AppendRequest(STREAM, "change-01", "a" * 32, "Ana", HostChange(), NOW)])
    refusals = [code_of(answer) for pair in both(same=True) for answer in pair]
    assert set(refusals) == {"stale_host"}


def test_one_event_sent_to_two_servers_at_once_is_there_once(
    store: SqlStore, second: SqlStore
) -> None:
    create(store)
    together = Barrier(2)

    def send(one: SqlStore) -> list[StoreResult]:
        answers: list[StoreResult] = []
        for counter in range(1, ROUNDS + 1):
            together.wait(20)
            answers += one.perform([entry(counter, PlayAct())])
        return answers

    with ThreadPoolExecutor(2) as pool:
        first, other = pool.map(send, (store, second))
    for pair in zip(first, other, strict=True):
        (won,) = (answer for answer in pair if isinstance(answer, Appended))
        (again,) = (answer for answer in pair if isinstance(answer, Duplicate))
        assert again.cursor == won.event.cursor


def code_of(answer: StoreResult) -> str:
    return answer.code if isinstance(answer, Refusal) else type(answer).__name__


def test_groups_that_want_the_same_streams_do_not_stop_each_other(
    store: SqlStore, second: SqlStore
) -> None:
    create(store)
    create(store, OTHER)

    def write(one: SqlStore, streams: tuple[str, str]) -> int:
        kept = 0
        for _ in range(10):
            # A question in between parts the group: its locks come one after the other.
            question = ReadSince(STREAM, Cursor(1, 0), 1)
            answers = one.perform(
                [note(one, streams[0], kept), question, note(one, streams[1], kept)]
            )
            kept += sum(isinstance(answer, Appended) for answer in answers)
        return kept

    def note(one: SqlStore, stream_id: str, number: int) -> AppendRequest:
        event_id = f"change-{id(one)}-{number}-{stream_id[-1]}"
        return AppendRequest(stream_id, event_id, "b" * 32, "Bo", HostChange(), NOW)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(write, store, (STREAM, OTHER))
        other = pool.submit(write, second, (OTHER, STREAM))
        assert (first.result(), other.result()) == (20, 20)
    assert [record.seq for record in store.records([STREAM, OTHER])] == [21, 21]


def test_a_new_key_does_not_wait_for_whoever_writes_to_its_stream(
    store: SqlStore, place: Place
) -> None:
    record = create(store)
    with open_database(place.address).opened(alone=False) as engine, engine.begin() as connection:
        connection.execute(LOCK_STREAM, {"stream_id": STREAM})
        call = OpenStream(STREAM, f"host-{STREAM}", NOW, "fresh-invite", NOW.unix_ms + DAY_MS)
        assert store.perform([call]) == [OpenedStream(record, "host")]


def test_servers_keep_one_clock(store: SqlStore, second: SqlStore) -> None:
    together = Barrier(2)

    def keep(one: SqlStore) -> None:
        for number in range(20):
            together.wait(20)
            one.set_anchor(ClockAnchor("boot", 1.0, float(number), 3.0, 4.0))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(keep, (store, second)))
    assert store.anchor() == ClockAnchor("boot", 1.0, 19.0, 3.0, 4.0)


# Retention in the database --------------------------------------------------------------


def test_the_database_looks_after_itself_too(store: SqlStore, place: Place) -> None:
    create(store)
    create(store, OTHER)
    store.perform([entry(n, SeekAct(float(n))) for n in range(1, 31)])
    place.execute("UPDATE playback_events SET created_at = now() - seq * interval '1 day'")
    place.execute("UPDATE streams SET last_sync_at = now() - interval '25 hours'")
    assert place.execute("SELECT * FROM maintain_playback_sync_data()") == [(25, 1)]
    assert place.execute("SELECT * FROM maintain_playback_sync_data()") == [(0, 0)]
    reset, other = store.records([STREAM, OTHER])
    assert (reset.epoch, reset.seq, reset.timeline.position) == (2, 0, 0.0)
    assert (other.epoch, other.seq) == (1, 1)
    store.set_anchor(ClockAnchor("boot", 0.0, 0.0, 0.0, 9e9))
    with pytest.raises(StoreError, match="the clock has moved back"):
        place.execute("SELECT cleanup_old_playback_events()")


def test_one_server_at_a_time_looks_after_it(
    store: SqlStore, second: SqlStore, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    create(store)
    store.perform([entry(1, PlayAct())])
    caplog.set_level("INFO")
    with open_database(place.address).opened(alone=False) as engine, engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({CLEANUP_LOCK})")
        assert store.maintain(LATER, ()).streams_reset == 0
        assert "event=maintained_elsewhere" in caplog.text
        assert place.execute("SELECT * FROM maintain_playback_sync_data()") == [(0, 0)]
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({CLEANUP_LOCK})")
    assert store.maintain(LATER, ()).streams_reset == 1
    # Nothing of it is held.
    assert second.maintain(LATER, ()).streams_reset == 0
    assert caplog.text.count("maintained_elsewhere") == 1


def test_a_stream_that_is_being_written_to_is_not_reset(store: SqlStore, place: Place) -> None:
    create(store)
    store.perform([entry(1, PlayAct())])
    with open_database(place.address).opened(alone=False) as engine, engine.begin() as connection:
        connection.exec_driver_sql("UPDATE streams SET host_counter = host_counter")
        assert store.maintain(LATER, ()).streams_reset == 0
    assert store.maintain(LATER, ()).streams_reset == 1


def test_maintenance_that_fails_lets_others_do_it(
    store: SqlStore, second: SqlStore, place: Place
) -> None:
    create(store)
    (source,) = place.execute(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'cleanup_old_playback_events'"
    )[0]
    place.execute("DROP FUNCTION cleanup_old_playback_events(timestamptz, bigint)")
    with pytest.raises(StoreError, match="could not do it"):
        store.maintain(NOW, ())
    place.execute(source)
    assert second.maintain(Moment(0.0, NOW.unix_ms + 8 * DAY_MS), (STREAM,)) == (1, 0, ())


def test_nothing_is_deleted_when_our_clock_and_the_databases_differ(
    store: SqlStore, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(store)
    assert abs(store.wall_ahead()) < 60.0
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 8 * 24 * 3600)
    with pytest.raises(StoreError, match="the clock has moved"):
        admin.maintain(place.address)


# Schema ---------------------------------------------------------------------------------


def test_a_schema_is_not_changed_under_a_server(
    store: SqlStore, second: SqlStore, place: Place
) -> None:
    create(store)
    second.close()
    with pytest.raises(StoreLocked, match="a server is using the database"):
        admin.change_schema(place.address, "down", HASTY)
    assert admin.schema_status(place.address).is_current
    assert len(admin.past_streams(place.address)) == 1
    store.close()
    assert not admin.change_schema(place.address, "down").status.is_current


def test_a_server_waits_for_nobody_who_changes_the_schema(place: Place) -> None:
    place.open().close()
    with (
        open_database(place.address).opened(alone=True),
        pytest.raises(StoreUnusable, match="the schema is being changed"),
    ):
        place.open(HASTY)
    admin.change_schema(place.address, "down")
    with (
        open_database(place.address).opened(alone=True),
        pytest.raises(StoreLocked, match="with an older schema"),
    ):
        place.open(HASTY)


def test_a_server_that_comes_back_to_another_schema_writes_nothing(
    store: SqlStore, postgres: Postgres, place: Place
) -> None:
    create(store)
    place.execute("UPDATE alembic_version SET version_num = '9999'")
    postgres.end_connections(place.address)
    assert store.perform([entry(1, PlayAct())]) == [StoreFailed("try_again")]


def test_somebody_elses_database_is_left_alone(postgres: Postgres) -> None:
    place = Place(postgres.create())
    place.execute("CREATE TABLE songs (title text)")
    with pytest.raises(StoreUnusable, match="belongs to another program"):
        place.open()
    assert place.execute("SELECT count(*) FROM pg_class WHERE relname = 'streams'") == [(0,)]


def test_the_commands_take_an_address_too(
    store: SqlStore, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    create(store)
    store.perform([entry(1, PlayAct())])

    def told(*words: str) -> tuple[int, str, str]:
        status = main([*words, "--database", place.address])
        out, err = capsys.readouterr()
        return status, out, err

    # Beside a server, as long as the schema stays.
    assert told("migrate", "status") == (0, "schema: 0007\nnewest: 0007\n", "")
    assert told("history", STREAM)[1].count("0:00:00.0") == 2
    assert told("maintain", "--accept-clock") == (0, "events deleted: 0\nstreams reset: 0\n", "")
    status, out, err = told("migrate", "down")
    assert (status, out) == (1, "")
    assert "stop every server of it first" in err
    store.close()
    assert told("migrate", "down") == (0, "schema: 0006\nnewest: 0007\n", "")
    assert "run matinee migrate up" in told("history")[2]
    assert told("migrate", "up", "--json")[1].count("backup") == 0
    assert told("history")[1].count("Film") == 1


# How it is reached ----------------------------------------------------------------------


def test_whatever_the_server_is_set_to_a_commit_is_durable_and_sees_the_last(
    postgres: Postgres,
) -> None:
    place = Place(postgres.create())
    name = database_name(place.address)
    postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = serializable")
    postgres.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    assert place.execute("SHOW synchronous_commit") == [("on",)]
    assert place.execute("SHOW transaction_isolation") == [("read committed",)]
    assert place.execute("SHOW timezone") == [("UTC",)]


def test_a_database_that_cannot_be_used_is_told_in_one_sentence(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, words in (
        (postgres.create("LATIN1"), "keeps text as LATIN1"),
        (postgres.address("nothing"), 'database "nothing" does not exist'),
        ("postgresql://ana:secret@127.0.0.1:1/party", "cannot be reached .* refused.*: start it"),
    ):
        with pytest.raises(StoreUnusable, match=words) as told:
            open_database(address).open_store()
        assert "secret" not in str(told.value)
        assert "\n" not in str(told.value)
    with pytest.raises(SettingsError, match="database: is no address") as wrong:
        open_database("postgresql://ana:secret@host:port/party")
    assert "secret" not in str(wrong.value)
    shown = open_database("postgres://ana:secret@host/party?password=secret&sslmode=require").name
    assert shown == "postgresql://ana@host/party?sslmode=require"
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnusable, match=r"pip install 'psycopg\[binary\]'"):
        open_database(postgres.address()).open_store()
