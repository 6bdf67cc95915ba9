"""A running server and real websockets: the flows that seats rely on."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError

from protocol.server.limits.config import Limits
from protocol.wire.messages import (
    Ack,
    Bye,
    Chat,
    Command,
    Cursor,
    Event,
    Leave,
    PauseAct,
    Ping,
    PlayAct,
    Pong,
    Presence,
    Refusal,
    SeekAct,
    SendChat,
    Snapshot,
    StateNow,
    Welcome,
)
from protocol.wire.rate_limit import RateLimit
from server_stub.app import Running, ServeOptions, running
from server_stub.capacity import Capacity
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


USUAL, ANY = Limits(), Capacity()


def server_in(
    folder: Path, limits: Limits = USUAL, capacity: Capacity = ANY
) -> AbstractAsyncContextManager[Running]:
    options = ServeOptions(listen="127.0.0.1:0", database=str(folder / "party.db"))
    return running(options, limits, capacity=capacity)


def command(host: Wire, counter: int, act: PlayAct | PauseAct | SeekAct) -> Command:
    base = max((e.cursor for e in host.got(Event)), default=host.snapshot.cursor)
    return Command(f"event-{counter:05d}", host.welcome.host_term, counter, base, act)


async def test_a_viewer_hears_what_the_host_does(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server:
        url = server.listening.url
        async with await Wire.create(url) as host:
            created = host.welcome.created
            assert created is not None
            stream_id = host.welcome.stream_id
            async with await Wire.join(url, stream_id, created.invite_token) as viewer:
                await host.wait_for(Presence, lambda p: p.changed[0].name == "Bo")
                await host.send(command(host, 1, PlayAct()))
                ack = await host.wait_for(Ack)
                event = await viewer.wait_for(Event)
                assert (ack.epoch, ack.seq) == (event.epoch, event.seq) == (1, 2)
                assert event.timeline.playing
                await viewer.send(SendChat("hi [/]"))
                assert (await host.wait_for(Chat)).text == "hi [/]"
                await viewer.send(command(viewer, 1, PauseAct(3.0)))
                assert (await viewer.wait_for(Refusal)).code == "forbidden"
                await viewer.send(Ping(1.25))
                pong = await viewer.wait_for(Pong)
                assert pong.t0 == 1.25
                assert pong.t1 == pytest.approx(server.clock.instant(), abs=5)
                await viewer.send(Leave())
                left = await host.wait_for(Presence, lambda p: bool(p.left))
                assert left.left == (viewer.welcome.member_id,)
                assert await viewer.wait_closed() == 1000


async def test_a_seat_comes_back_to_what_it_missed(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server:
        url = server.listening.url
        async with await Wire.create(url) as host:
            created = host.welcome.created
            assert created is not None
            where = (host.welcome.stream_id, created.invite_token)
            async with await Wire.join(url, *where) as viewer:
                cursor, member_id = viewer.snapshot.cursor, viewer.welcome.member_id
            for counter in range(1, 6):
                await host.send(command(host, counter, SeekAct(float(counter))))
                await host.wait_for(Ack)
            async with await Wire.join(url, *where, cursor=cursor) as viewer:
                assert [e.seq for e in viewer.got(Event)] == [2, 3, 4, 5, 6]
                assert viewer.got(Snapshot) == []
                assert viewer.welcome.member_id == member_id
            async with await Wire.join(url, *where, cursor=Cursor(7, 7)) as viewer:
                assert viewer.snapshot.reason == "from_the_future"


async def test_a_restarted_server_knows_everybody_and_the_film_has_gone_on(
    tmp_path: Path,
) -> None:
    async with server_in(tmp_path) as server:
        host = await Wire.create(server.listening.url)
        created = host.welcome.created
        assert created is not None
        await host.send(command(host, 1, PlayAct()))
        event = await host.wait_for(Event)
    assert host.got(Bye) == [] or host.got(Bye)[-1].code == "server_stopping"
    assert await host.wait_closed() == 1001
    assert host.got(Bye)[-1].reconnect
    async with server_in(tmp_path) as server:
        again = await Wire.join(
            server.listening.url,
            host.welcome.stream_id,
            created.host_key,
            "Ana",
            cursor=event.cursor,
        )
        async with again:
            assert again.welcome.member_id == host.welcome.member_id
            assert again.welcome.clock_id != host.welcome.clock_id
            assert (again.welcome.host_term, again.welcome.counter) == (1, 1)
            assert again.got(Snapshot) == again.got(Event) == []
            now = server.clock.instant()
            assert event.timeline.at - 2 < now < event.timeline.at + 30
            await again.send(Command("event-00002", 1, 2, event.cursor, PauseAct(1.0)))
            assert (await again.wait_for(Ack)).seq == 3


async def test_a_take_over_ends_the_old_host(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server:
        url = server.listening.url
        host = await Wire.create(url)
        created = host.welcome.created
        assert created is not None
        second = await Wire.open(url, host.welcome.stream_id, created.host_key)
        await second.hello("Zoe")
        assert (await second.wait_for(Refusal)).code == "host_present"
        assert await second.wait_closed() == 1008
        async with await Wire.join(
            url, host.welcome.stream_id, created.host_key, "Zoe", take_over=True
        ) as zoe:
            assert zoe.welcome.host_term == 2
            assert await host.wait_closed() == 1008
            assert host.got(Bye)[-1].code == "replaced"


@pytest.mark.parametrize("token", ["", "x" * 22, "wrong"])
async def test_a_wrong_token_is_refused_over_the_socket(tmp_path: Path, token: str) -> None:
    async with server_in(tmp_path) as server, await Wire.create(server.listening.url) as host:
        wire = await Wire.open(server.listening.url, host.welcome.stream_id, token)
        await wire.hello("Eve")
        assert (await wire.wait_for(Refusal)).code == "unauthorized"
        assert await wire.wait_closed() == 1008


async def test_one_event_sent_a_hundred_times_is_one_row(tmp_path: Path) -> None:
    limits = Limits(rates={Command: RateLimit(1000, 1000)})
    async with (
        server_in(tmp_path, limits) as server,
        await Wire.create(server.listening.url) as host,
    ):
        again = command(host, 1, SeekAct(12.0))
        for _ in range(100):
            await host.send(again)
        acks = [await host.wait_for(Ack) for _ in range(100)]
        assert {(ack.epoch, ack.seq) for ack in acks} == {(1, 2)}
        assert sum(not ack.duplicate for ack in acks) == 1
        assert len(host.got(Event)) == 1


async def test_a_seat_that_says_nothing_is_closed(tmp_path: Path) -> None:
    async with server_in(tmp_path, Limits(hello_timeout=0.2)) as server:
        wire = await Wire.open(server.listening.url)
        assert await wire.wait_closed() == 1008
        assert wire.got(Refusal)[-1].code == "try_again"


async def test_a_binary_frame_is_a_bad_message_and_the_third_closes(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server:
        wire = await Wire.create(server.listening.url)
        for _ in range(3):
            await wire.socket.send(b"\x00\xff")
        assert await wire.wait_closed() == 1008
        assert [r.code for r in wire.got(Refusal)] == ["bad_message"] * 3


async def test_a_frame_that_is_too_large_is_closed_with_its_code(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server:
        wire = await Wire.create(server.listening.url)
        await wire.socket.send("x" * 20_000)
        assert await wire.wait_closed() == 1009


async def test_a_flood_is_closed_and_nobody_else_notices(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server, await Wire.create(server.listening.url) as host:
        flood = await Wire.create(server.listening.url, "Eve")

        async def pour() -> None:
            while True:
                await flood.send(SendChat("x" * 400))

        pouring = asyncio.create_task(pour())
        await host.send(Ping(1.0))
        await host.wait_for(Pong, within=1.0)
        assert await flood.wait_closed() == 1008
        with pytest.raises(ConnectionClosedError):
            await pouring
        assert flood.got(Bye)[-1].code == "rate_limited"
        # It was read 20 times a second; what it sent has waited at its own end.
        assert len(flood.got(Refusal)) < 200


async def with_a_small_ear(url: str, host: Wire) -> Wire:
    """A viewer with little room on its side: little is lost in the system's buffers."""
    created = host.welcome.created
    assert created is not None
    ear = socket.socket()
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    ear.connect(("127.0.0.1", int(url.rpartition(":")[2])))
    viewer = await Wire.open(url, host.welcome.stream_id, created.invite_token, ear)
    await viewer.hello("Bo")
    await viewer.wait_for(StateNow)
    return viewer


async def test_a_seat_that_never_reads_is_dropped_and_others_go_on(tmp_path: Path) -> None:
    limits = Limits(
        rates={SendChat: RateLimit(1e6, 1e6)}, characters=RateLimit(1e9, 1e9), behind=0.2
    )
    async with server_in(tmp_path, limits) as server:
        url = server.listening.url
        host = await Wire.create(url)
        deaf = await with_a_small_ear(url, host)
        deaf.socket.transport.pause_reading()
        async with asyncio.timeout(30):
            while len(server.gateway.connections) > 1:
                for _ in range(100):
                    await host.send(SendChat("x" * 490))
                for _ in range(100):
                    await host.wait_for(Chat)
        async with host:
            await host.send(Ping(2.0))
            await host.wait_for(Pong, within=1.0)
        deaf.socket.transport.abort()


async def test_a_seat_that_reads_late_has_everything_in_order_also_in_a_large_party(
    tmp_path: Path,
) -> None:
    limits = Limits(rates={SendChat: RateLimit(1e6, 1e6)}, characters=RateLimit(1e9, 1e9))
    async with server_in(tmp_path, limits, Capacity(parallel_from=1)) as server:
        url = server.listening.url
        async with await Wire.create(url) as host:
            late = await with_a_small_ear(url, host)
            theirs = list(server.gateway.connections.values())[-1]
            theirs.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, 4096
            )
            late.socket.transport.pause_reading()
            said = [f"{number} " + "x" * 480 for number in range(200)]
            for text in said:
                await host.send(SendChat(text))
            await host.wait_for(Chat, lambda chat: chat.text == said[-1])
            assert theirs.transport.get_write_buffer_size()
            late.socket.transport.resume_reading()
            await host.send(SendChat("the end"))
            await late.wait_for(Chat, lambda chat: chat.text == "the end")
            assert [chat.text for chat in late.got(Chat)] == [*said, "the end"]


async def test_healthz_counts(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server, await Wire.create(server.listening.url):
        async with httpx.AsyncClient(trust_env=False) as http:
            reply = await http.get(f"{server.listening.url}/healthz")
        assert reply.json() == {"status": "ok", "streams": 1, "seats": 1}


async def test_a_lost_welcome_costs_nothing(tmp_path: Path) -> None:
    async with server_in(tmp_path) as server:
        wire = await Wire.open(server.listening.url)
        await wire.hello("Ana")
        assert (await wire.wait_for(Refusal)).field == "create"
        assert wire.got(Welcome) == []
