"""PostgreSQL goes away under a running party, and comes back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from protocol.exceptions import StoreError
from protocol.server.core.store_calls import ReadEvents, ReadSince, StoreFailed
from protocol.server.log.requests import Appended, Duplicate
from protocol.wire.messages import (
    Ack,
    Command,
    Cursor,
    Event,
    Note,
    PauseAct,
    Ping,
    PlayAct,
    Pong,
    Refusal,
    SeekAct,
    Snapshot,
)
from server_stub.app import Running, ServeOptions, maintain, running
from server_stub.storage import admin
from server_stub.storage.engines.postgres import PostgresDatabase
from server_stub.timing import ServerTiming
from tests.databases import STREAM, create, entry
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from server_stub.storage.sql.sql_store import SqlStore
    from tests.databases import Place
    from tests.postgres import Postgres


@pytest.fixture
def store(postgres_place: Place) -> Generator[SqlStore]:
    opened = postgres_place.open()
    yield opened
    opened.close()


# Connections that are lost --------------------------------------------------------------


def test_a_connection_that_was_lost_while_nothing_was_asked_is_made_anew(
    store: SqlStore, postgres: Postgres, postgres_place: Place
) -> None:
    record = create(store)
    for counter in (1, 2):
        postgres.end_connections(postgres_place.address)
        (answer,) = store.perform([entry(counter, PlayAct())])
        assert isinstance(answer, Appended)
        postgres.end_connections(postgres_place.address)
        assert store.records([STREAM]) == [answer.record]
    assert answer.record.seq == record.seq + 2
    assert not store.is_in_doubt


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the next commit go unheard, whether it is ``kept`` or not."""
    commit = PGDialect_psycopg.do_commit

    def fail(*, kept: bool, away: bool = False) -> None:
        def lose(dialect: PGDialect_psycopg, connection: Any) -> None:
            if kept:
                commit(dialect, connection)
            connection.dbapi_connection.close()
            monkeypatch.setattr(PGDialect_psycopg, "do_commit", commit)
            if away:
                monkeypatch.setattr(PGDialect_psycopg, "connect", refuse)
            raise dialect.loaded_dbapi.OperationalError("the server closed the connection")

        def refuse(dialect: PGDialect_psycopg, *_: object, **__: object) -> None:
            raise dialect.loaded_dbapi.OperationalError("connection refused")

        monkeypatch.setattr(PGDialect_psycopg, "do_commit", lose)

    return fail


@pytest.mark.parametrize("kept", [True, False])
def test_a_commit_that_was_not_heard_of_is_looked_up(
    store: SqlStore, commits: Callable[..., None], kept: bool
) -> None:
    commits(kept=kept)
    create(store)
    commits(kept=kept)
    answers = store.perform([entry(1, PlayAct()), entry(1, PlayAct()), entry(2, PauseAct(3.0))])
    first, again, last = answers
    assert isinstance(first, Appended)
    assert again == Duplicate(first.event.cursor)
    assert isinstance(last, Appended)
    assert not store.is_in_doubt
    (read,) = store.perform([ReadSince(STREAM, Cursor(1, 0), 300)])
    assert isinstance(read, ReadEvents)
    assert read.events[1:] == (first.event, last.event)
    assert read.record == last.record


@pytest.mark.parametrize("kept", [True, False])
def test_what_stays_in_doubt_is_refused_and_settled_later(
    store: SqlStore,
    commits: Callable[..., None],
    kept: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = create(store)
    connect = PGDialect_psycopg.connect
    commits(kept=kept, away=True)
    answers = store.perform([entry(1, PlayAct()), ReadSince(STREAM, record.cursor, 9)])
    assert answers == [StoreFailed("try_again")] * 2
    assert store.is_in_doubt
    with pytest.raises(StoreError, match="cannot be reached just now"):
        store.settle()
    assert store.is_in_doubt
    monkeypatch.setattr(PGDialect_psycopg, "connect", connect)
    (settled,) = store.settle()
    assert settled.seq == record.seq + kept
    assert not store.is_in_doubt
    assert "event=store_failed code=try_again cause='connection refused'" in caplog.text
    # The host sends it once more, under its id.
    (answer,) = store.perform([entry(1, PlayAct())])
    assert isinstance(answer, Duplicate if kept else Appended)


def test_a_connection_that_takes_long_to_fail_is_not_tried_for_everybody(
    postgres_place: Place, commits: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, tries = [100.0], list[float]()
    store = PostgresDatabase(postgres_place.address, monotonic=lambda: now[0]).open_store()
    create(store)

    def slow(dialect: PGDialect_psycopg, *_: object, **__: object) -> None:
        tries.append(now[0])
        now[0] += 3.0
        raise dialect.loaded_dbapi.OperationalError("no answer")

    commits(kept=False)
    monkeypatch.setattr(PGDialect_psycopg, "connect", slow)
    for _ in range(20):
        assert store.perform([entry(1, PlayAct())]) == [StoreFailed("try_again")]
        now[0] += 0.5
    # As long as the last try took nobody else tries.
    assert tries == [100.0, 106.0, 112.0, 118.0]
    store.close()


def test_a_database_that_froze_is_given_up_in_time_and_heals(
    postgres: Postgres, postgres_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    timing, ahead = ServerTiming(answer_timeout=0.3, connect_timeout=2), 0.0
    database = PostgresDatabase(postgres_place.address, timing, lambda: time.monotonic() + ahead)
    store = database.open_store()
    create(store)
    commit = PGDialect_psycopg.do_commit

    def freeze_then_commit(dialect: PGDialect_psycopg, connection: Any) -> None:
        monkeypatch.setattr(PGDialect_psycopg, "do_commit", commit)
        postgres.freeze()
        commit(dialect, connection)

    monkeypatch.setattr(PGDialect_psycopg, "do_commit", freeze_then_commit)
    try:
        began = time.monotonic()
        assert store.perform([entry(1, PlayAct())]) == [StoreFailed("try_again")]
        # What came meanwhile does not wait as long.
        assert store.perform([entry(1, PlayAct())]) == [StoreFailed("try_again")]
        assert time.monotonic() - began < 5.0
        assert store.is_in_doubt
    finally:
        postgres.thaw()
    ahead = 10.0
    # The commit had been sent: it is done when the database goes on.
    (settled,) = store.settle()
    assert settled.seq == 2
    assert isinstance(store.perform([entry(1, PlayAct())])[0], Duplicate)
    store.close()


# A party in the meantime ----------------------------------------------------------------


def options(place: Place) -> ServeOptions:
    return ServeOptions(listen="127.0.0.1:0", database=place.address)


async def join(server: Running, host: Wire, name: str) -> Wire:
    created = host.welcome.created
    assert created is not None
    return await Wire.join(server.listening.url, host.welcome.stream_id, created.invite_token, name)


async def test_an_outage_is_told_nobody_is_lied_to_and_all_catch_up(
    postgres: Postgres, postgres_place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = options(postgres_place)
    async with (
        running(chosen) as server,
        await Wire.create(server.listening.url) as host,
        await join(server, host, "Bo") as viewer,
    ):
        cursor = host.snapshot.cursor
        await host.send(Command("event-0001", 1, 1, cursor, PlayAct()))
        await host.wait_for(Ack)
        await viewer.wait_for(Event)
        await asyncio.to_thread(postgres.stop)
        try:
            for number in range(2, 6):
                await host.send(Command(f"event-000{number}", 1, number, cursor, SeekAct(5.0)))
            await viewer.send(Note("note-0001", "sync_request", 5.0))
            refused = [await host.wait_for(Refusal) for _ in range(4)]
            assert {no.code for no in refused} == {"try_again"}
            assert (await viewer.wait_for(Refusal)).code == "try_again"
            # Whoever is here stays, on a clock that goes on; whoever comes is asked to wait.
            await viewer.send(Ping(1.0))
            assert (await viewer.wait_for(Pong)).t0 == 1.0
            newcomer = await Wire.open(server.listening.url)
            await newcomer.hello("Cy")
            newcomer = await Wire.open(server.listening.url, host.welcome.stream_id, "wrong")
            await newcomer.hello("Cy")
            assert (await newcomer.wait_for(Refusal)).code == "try_again"
            assert await newcomer.wait_closed() == 1008
            with pytest.raises(StoreError, match="cannot be reached just now"):
                await maintain(server)
        finally:
            await asyncio.to_thread(postgres.start)
        # A client sends again what was refused for a passing reason, under the same id.
        for number in (2, 3):
            await host.send(Command(f"event-000{number}", 1, number, cursor, SeekAct(5.0)))
            assert (await host.wait_for(Ack)).event_id == f"event-000{number}"
        seen = [await viewer.wait_for(Event) for _ in range(2)]
        assert [event.seq for event in seen] == [3, 4]
        async with await join(server, host, "Di") as late:
            assert late.snapshot.cursor == Cursor(1, 4)
        assert not host.got(Snapshot)[1:]
    events = admin.past_events(chosen.database, host.welcome.stream_id)
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert "event=store_failed code=try_again" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


async def test_what_was_kept_although_it_was_refused_is_told_to_everybody(
    postgres_place: Place, commits: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    timing = ServerTiming(settle_interval=0.02)
    connect = PGDialect_psycopg.connect
    async with (
        running(options(postgres_place), timing=timing) as server,
        await Wire.create(server.listening.url) as host,
        await join(server, host, "Bo") as viewer,
    ):
        cursor = host.snapshot.cursor
        commits(kept=True, away=True)
        await host.send(Command("event-0001", 1, 1, cursor, PauseAct(12.5)))
        assert (await host.wait_for(Refusal)).code == "try_again"
        monkeypatch.setattr(PGDialect_psycopg, "connect", connect)
        for wire in (host, viewer):
            snapshot = await wire.wait_for(Snapshot, lambda told: told.reason == "reset")
            assert (snapshot.seq, snapshot.timeline.position) == (2, 12.5)
        # The host's next command has the counter that a refused one leaves free.
        await host.send(Command("event-0002", 1, 1, cursor, SeekAct(5.0)))
        no = await host.wait_for(Refusal)
        assert (no.code, no.expected) == ("out_of_order", 2)
        await host.send(Command("event-0002", 1, 2, cursor, SeekAct(5.0)))
        assert (await host.wait_for(Ack)).seq == 3
        assert (await viewer.wait_for(Event)).seq == 3
