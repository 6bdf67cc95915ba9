"""What is asked of the server's port without a websocket, or with a broken one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import socket
import struct
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from protocol.server.limits.config import Limits
from protocol.wire.messages import Ping, Pong, Refusal
from protocol.wire.rate_limit import RateLimit
from server_stub.app import Running, ServeOptions, running
from server_stub.capacity import Capacity
from server_stub.net.http.connection import UNWANTED
from server_stub.timing import ServerTiming
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Running]:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options) as server:
        yield server


async def raw(server: Running, opening: bytes, then: bytes = b"", within: float = 8.0) -> bytes:
    """Send bytes as they are, the second part after an answer to the first.

    Returns:
        All that comes after that, until the other side closes.
    """
    port = int(server.listening.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(within):
            writer.write(opening)
            if then:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(then)
            return await reader.read()
    finally:
        writer.close()


def request(line: str, *headers: str, host: str = "localhost") -> bytes:
    return "\r\n".join([line, f"Host: {host}", *headers, "", ""]).encode()


UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
TWO_TOKENS = ("Authorization: Bearer one", "Authorization: Bearer two")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request("GET /healthz HTTP/1.1"), 200),
        (request("GET /healthz HTTP/1.1", host="127.0.0.1:99"), 200),
        (request("GET /nothing HTTP/1.1"), 404),
        (request("GET / HTTP/1.1"), 404),
        (request("GET /../../etc/passwd HTTP/1.1"), 404),
        (request("GET /j/../healthz HTTP/1.1"), 404),
        (request("GET /j/%2e%2e%2fx HTTP/1.1"), 404),
        (request("GET /ws?token=secret HTTP/1.1", *UPGRADE), 404),
        (request("POST /healthz HTTP/1.1"), 405),
        (request("PUT /ws HTTP/1.1", *UPGRADE), 405),
        (request("GET /ws HTTP/1.1", *UPGRADE, "Origin: https://evil.example"), 403),
        (request("GET /healthz HTTP/1.1", "Origin: null"), 403),
        (request("GET /healthz HTTP/1.1", host="evil.example"), 421),
        (request("GET /ws HTTP/1.1", *UPGRADE, host="127.0.0.1.evil.example"), 421),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 421),
        (request("GET /healthz HTTP/1.1", "Host: localhost"), 421),
        (request("GET /ws HTTP/1.1"), 426),
        (request("GET /ws HTTP/1.1", *UPGRADE, *TWO_TOKENS), 400),
        (request("GET /streams/abcdefgh/state HTTP/1.1", *TWO_TOKENS), 400),
        (request("GET /metrics HTTP/1.1", *TWO_TOKENS), 400),
        (request("GET /healthz HTTP/1.1", "If-None-Match: a", "If-None-Match: b"), 400),
        (request("GET /streams/abcdefgh/state HTTP/1.1"), 401),
        (request("GET /streams/abcdefgh/events?after=x HTTP/1.1"), 400),
        (request("GET /streams/abcdefgh/events?after=-1 HTTP/1.1"), 400),
        (request("GET /" + "x" * 9000 + " HTTP/1.1"), 414),
        (request("GET / HTTP/1.1", "X: " + "x" * 9000), 431),
    ],
)
async def test_each_request_has_its_answer(server: Running, sent: bytes, status: int) -> None:
    answer = await raw(server, sent)
    assert int(answer.split(b" ")[1]) == status
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9\r\n\r\n"]
)
async def test_what_is_no_http_is_closed_without_a_word(server: Running, sent: bytes) -> None:
    assert await raw(server, sent) == b""


async def test_the_invite_page_tells_how_to_join_and_keeps_the_key(server: Running) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        page = await http.get(f"{server.listening.url}/j/{'a' * 32}")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "matinee join" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    for tag in ("script", "style"):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


async def test_state_and_events_are_read_with_the_token(server: Running) -> None:
    url = server.listening.url
    async with await Wire.create(url) as host, httpx.AsyncClient(trust_env=False) as http:
        created = host.welcome.created
        assert created is not None
        at = f"{url}/streams/{host.welcome.stream_id}"
        for token in (created.invite_token, created.host_key):
            headers = {"Authorization": f"Bearer {token}"}
            state = (await http.get(f"{at}/state", headers=headers)).json()
            assert (state["epoch"], state["seq"]) == (1, 1)
            events = (await http.get(f"{at}/events?after=0", headers=headers)).json()
            assert [event["event_type"] for event in events] == ["media"]
            later = await http.get(f"{at}/events?after=1&epoch=1", headers=headers)
            assert later.json() == []
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
            reply = await http.get(f"{at}/state", headers=headers)
            assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")


async def test_guessing_tokens_is_paused(tmp_path: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with (
        running(options, Limits(failures=RateLimit(10 / 60, 5))) as server,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        address = f"{server.listening.url}/streams/{'a' * 32}/state"
        codes = [(await http.get(address)).status_code for _ in range(8)]
    assert codes == [401] * 5 + [429] * 3


async def test_guesses_at_once_are_paused_as_well_and_right_tokens_are_not(tmp_path: Path) -> None:
    options = ServeOptions(
        listen="127.0.0.1:0",
        database=str(tmp_path / "party.db"),
        trusted_proxies=("127.0.0.1",),
    )
    async with (
        running(options, Limits(failures=RateLimit(10 / 60, 5), reads=RateLimit(1, 100))) as server,
        await Wire.create(server.listening.url) as host,
    ):
        created = host.welcome.created
        assert created is not None

        async def status(token: str) -> int:
            path = f"/streams/{host.welcome.stream_id}/state"
            who = (f"Authorization: Bearer {token}", "X-Forwarded-For: 192.0.2.1")
            return int((await raw(server, request(f"GET {path} HTTP/1.1", *who))).split()[1])

        right = [status(created.invite_token) for _ in range(40)]
        assert set(await asyncio.gather(*right)) == {200}
        wrong = [status(f"guess-{number}") for number in range(40)]
        assert sorted(await asyncio.gather(*wrong)) == [401] * 5 + [429] * 35


async def test_too_many_connections_are_told_when_to_come_again(tmp_path: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options, Limits(unauthenticated=1, hurried_hello=9.0)) as server:
        waiting = await Wire.open(server.listening.url)
        answer = await raw(server, request("GET /ws HTTP/1.1", *UPGRADE))
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"Retry-After: 1\r\n" in answer
        await waiting.socket.close()
        await waiting.wait_closed()
        async with await Wire.create(server.listening.url) as host:
            assert host.welcome.role == "host"


async def test_who_says_nothing_gives_his_place_to_who_waits_for_one(tmp_path: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options, Limits(unauthenticated=1, hurried_hello=0.0)) as server:
        silent = await Wire.open(server.listening.url)
        async with await Wire.create(server.listening.url) as host:
            assert host.welcome.role == "host"
        assert (await silent.wait_for(Refusal)).message.startswith("no hello came in time")


async def test_who_leaves_the_line_keeps_no_place(tmp_path: Path) -> None:
    options = ServeOptions(
        listen="127.0.0.1:0",
        database=str(tmp_path / "party.db"),
        trusted_proxies=("127.0.0.1",),
    )
    async with running(options, Limits(unauthenticated=1, open_at_once=1)) as server:
        port = int(server.listening.url.rpartition(":")[2])

        async def come(visitor: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request("GET /ws HTTP/1.1", *UPGRADE, f"X-Forwarded-For: {visitor}"))
            # The server has read it once it has answered who came after it.
            await raw(server, request("GET /healthz HTTP/1.1"))
            return reader, writer

        _, seated = await come("192.0.2.1")
        _, leaving = await come("192.0.2.2")
        next_one, third = await come("192.0.2.3")
        leaving.transport.abort()
        await raw(server, request("GET /healthz HTTP/1.1"))
        seated.transport.abort()
        # Whoever stands behind has a turn only after the one who left had his.
        assert b" 101 " in await next_one.readline()
        third.transport.abort()
        again, last = await come("192.0.2.2")
        assert b" 101 " in await again.readline()
        last.transport.abort()


async def test_who_connects_and_says_nothing_is_gone_before_there_is_no_descriptor_left(
    tmp_path: Path,
) -> None:
    timing, capacity = ServerTiming(handshake_timeout=60.0), Capacity(connections=8)
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(options, timing=timing, capacity=capacity))
        port = int(server.listening.url.rpartition(":")[2])
        host = await stack.enter_async_context(await Wire.create(server.listening.url))
        silent: list[socket.socket] = []
        for _ in range(20):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            one.setblocking(False)
            silent.append(one)
            # Taken, or there would be no answer: the oldest ones have made room.
            answer = await raw(server, request("GET /healthz HTTP/1.1"))
            assert answer.startswith(b"HTTP/1.1 200 ")
        loop = asyncio.get_running_loop()
        assert [await loop.sock_recv(one, 1) for one in silent[:16]] == [b""] * 16
        await host.send(Ping(1.0))
        await host.wait_for(Pong)


def close_code(answer: bytes) -> int:
    """The code of the close frame that ends ``answer``."""
    assert answer[0] == 0x88
    return int(struct.unpack("!H", answer[2:4])[0])


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """Masked with zeros, so that the payload stands as it is."""
    assert len(payload) < 126
    return bytes([opcode | 0x80 * final, 0x80 | len(payload)]) + bytes(4) + payload


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (frame(1, b"\xff\xfe"), 1007),
        (b"\x81\x02hi", 1002),
        (b"\x81\xff" + (2**62).to_bytes(8, "big") + bytes(4), 1009),
        (b"\x81\xfe" + (20_000).to_bytes(2, "big") + bytes(4), 1009),
        (frame(3, b"x"), 1002),
        (frame(0x71, b"x"), 1002),
        (frame(9, b"x", final=False), 1002),
        (frame(0, b"x"), 1002),
    ],
)
async def test_a_broken_frame_is_closed_with_its_code(
    server: Running, frames: bytes, code: int
) -> None:
    opening = request("GET /ws HTTP/1.1", *UPGRADE)
    assert close_code(await raw(server, opening, frames)) == code


async def test_a_flood_of_pings_costs_nobody_else(server: Running) -> None:
    async with await Wire.create(server.listening.url) as host:
        opening = request("GET /ws HTTP/1.1", *UPGRADE)
        flood = asyncio.create_task(raw(server, opening, frame(9, b"x" * 100) * 20_000))
        pong = await host.socket.ping()
        async with asyncio.timeout(2.0):
            await pong
        flood.cancel()
        await asyncio.wait([flood])


async def test_no_message_waits_for_the_one_before_it_to_be_acknowledged(server: Running) -> None:
    async with await Wire.create(server.listening.url):
        (connection,) = server.gateway.connections.values()
        own = connection.transport.get_extra_info("socket")
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_who_goes_on_sending_after_the_end_is_cut_off(tmp_path: Path) -> None:
    timing = ServerTiming(close_timeout=60.0)
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    # No hello: the first frame ends it, and what follows is not for anybody.
    frames = frame(1, b"{}") + frame(1, b"x" * 100) * (UNWANTED // 50)
    async with running(options, timing=timing) as server:
        with suppress(ConnectionError):
            await raw(server, request("GET /ws HTTP/1.1", *UPGRADE), frames)
