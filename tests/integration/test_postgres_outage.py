"""PostgreSQL goes away under a running party, and comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from protocol.messages import (
    Ack,
    Command,
    Cursor,
    Event,
    Note,
    Pause,
    Ping,
    Play,
    Pong,
    Refusal,
    Seek,
    Snapshot,
)
from server_stub import administration, store_thread
from server_stub.serving import Running, ServeOptions, maintain, running
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from tests.databases import Place
    from tests.postgres import Postgres


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
        await host.send(Command("event-0001", 1, 1, cursor, Play()))
        await host.wait_for(Ack)
        await viewer.wait_for(Event)
        await asyncio.to_thread(postgres.stop)
        try:
            for number in range(2, 6):
                await host.send(Command(f"event-000{number}", 1, number, cursor, Seek(5.0)))
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
            with pytest.raises(Exception, match="cannot be reached just now"):
                await maintain(server.thread, server.clock, server.core, server.gateway)
        finally:
            await asyncio.to_thread(postgres.start)
        # A client sends again what was refused for a passing reason, under the same id.
        for number in (2, 3):
            await host.send(Command(f"event-000{number}", 1, number, cursor, Seek(5.0)))
            assert (await host.wait_for(Ack)).event_id == f"event-000{number}"
        seen = [await viewer.wait_for(Event) for _ in range(2)]
        assert [event.seq for event in seen] == [3, 4]
        async with await join(server, host, "Di") as late:
            assert late.snapshot.cursor == Cursor(1, 4)
        assert not host.got(Snapshot)[1:]
    events = administration.past_events(chosen.database, host.welcome.stream_id)
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert "event=store_failed code=try_again" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


async def test_what_was_kept_although_it_was_refused_is_told_to_everybody(
    postgres_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_thread, "_SETTLE_INTERVAL", 0.02)
    commit, connect = PGDialect_psycopg.do_commit, PGDialect_psycopg.connect

    def refuse(dialect: PGDialect_psycopg, *_: object, **__: object) -> None:
        raise dialect.loaded_dbapi.OperationalError("connection refused")

    def lose(dialect: PGDialect_psycopg, connection: Any) -> None:
        commit(dialect, connection)
        connection.dbapi_connection.close()
        monkeypatch.setattr(PGDialect_psycopg, "connect", refuse)
        raise dialect.loaded_dbapi.OperationalError("the server closed the connection")

    async with (
        running(options(postgres_place)) as server,
        await Wire.create(server.listening.url) as host,
        await join(server, host, "Bo") as viewer,
    ):
        cursor = host.snapshot.cursor
        monkeypatch.setattr(PGDialect_psycopg, "do_commit", lose)
        await host.send(Command("event-0001", 1, 1, cursor, Pause(12.5)))
        assert (await host.wait_for(Refusal)).code == "try_again"
        monkeypatch.setattr(PGDialect_psycopg, "do_commit", commit)
        monkeypatch.setattr(PGDialect_psycopg, "connect", connect)
        for wire in (host, viewer):
            snapshot = await wire.wait_for(Snapshot, lambda told: told.reason == "reset")
            assert (snapshot.seq, snapshot.timeline.position) == (2, 12.5)
        # The host's next command has the counter that a refused one leaves free.
        await host.send(Command("event-0002", 1, 1, cursor, Seek(5.0)))
        no = await host.wait_for(Refusal)
        assert (no.code, no.expected) == ("out_of_order", 2)
        await host.send(Command("event-0002", 1, 2, cursor, Seek(5.0)))
        assert (await host.wait_for(Ack)).seq == 3
        assert (await viewer.wait_for(Event)).seq == 3
