"""What programs read over HTTP: states and logs that many ask for, and the metrics."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from protocol.server.limits.config import Limits
from protocol.wire.messages import Ack, Command, Cursor, Leave, PauseAct, PlayAct, Welcome
from protocol.wire.rate_limit import RateLimit
from server_stub.app import Running, ServeOptions, running
from server_stub.timing import ServerTiming
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

METRICS_TOKEN = "0123456789abcdef0123"


class Reader(NamedTuple):
    """A program with a host's token."""

    http: httpx.AsyncClient
    at: str
    """Address of the stream."""
    host: Wire

    async def get(self, what: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.get(f"{self.at}/{what}", headers=named)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Running]:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options) as server:
        yield server


@pytest.fixture
async def reader(server: Running) -> AsyncGenerator[Reader]:
    async with await Wire.create(server.listening.url) as host:
        created = host.welcome.created
        assert created is not None
        headers = {"Authorization": f"Bearer {created.invite_token}"}
        async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
            at = f"{server.listening.url}/streams/{host.welcome.stream_id}"
            yield Reader(http, at, host)


async def test_a_reader_sees_each_acknowledged_change_at_once(reader: Reader) -> None:
    for number in range(1, 6):
        act = PlayAct() if number % 2 else PauseAct(float(number))
        command = Command(f"event-{number:06}", 1, number, Cursor(1, 1), act)
        await reader.host.send(command)
        await reader.host.wait_for(Ack)
        state = (await reader.get("state")).json()
        assert (state["seq"], state["timeline"]["playing"]) == (number + 1, bool(number % 2))
        events = (await reader.get("events?after=0")).json()
        assert [event["seq"] for event in events] == list(range(1, number + 2))


async def test_many_readers_of_one_state_cost_one_query(reader: Reader) -> None:
    asked: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FROM streams" in statement:
            asked.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", look)
    try:
        replies = await asyncio.gather(*(reader.get("state") for _ in range(40)))
    finally:
        event.remove(sa.Engine, "before_cursor_execute", look)
    assert {reply.status_code for reply in replies} == {200}
    # One a second at most, however slow this machine is.
    assert 1 <= len(asked) <= 3


async def test_what_a_reader_has_is_not_sent_again(reader: Reader) -> None:
    first = await reader.get("state")
    tag = first.headers["etag"]
    assert "no-cache" in first.headers["cache-control"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = await reader.get("state", If_None_Match=known)
        assert (again.status_code, again.content) == (304, b"")
    command = Command("event-000001", 1, 1, Cursor(1, 1), PlayAct())
    await reader.host.send(command)
    await reader.host.wait_for(Ack)
    changed = await reader.get("state", If_None_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_another_token_is_asked_about_by_itself(reader: Reader) -> None:
    assert (await reader.get("state")).status_code == 200
    assert (await reader.get("state", Authorization="Bearer wrong")).status_code == 401


# Metrics --------------------------------------------------------------------------------


async def test_the_metrics_follow_what_happens(server: Running, reader: Reader) -> None:
    await reader.host.send(Command("event-000001", 1, 1, Cursor(1, 1), PlayAct()))
    await reader.host.send(Command("event-000003", 1, 3, Cursor(1, 2), PlayAct()))
    await reader.host.wait_for(Ack)
    await asyncio.wait_for(reader.host.socket.recv(), 5.0)
    url = f"{server.listening.url}/metrics"
    async with httpx.AsyncClient(trust_env=False) as http:
        reply = await http.get(url)
        assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = reply.text.splitlines()
        assert "matinee_streams 1.0" in lines
        assert "matinee_seats 1.0" in lines
        assert 'matinee_events_total{type="play"} 1.0' in lines
        assert 'matinee_refusals_total{code="out_of_order"} 1.0' in lines
        assert "matinee_fanout_seconds_count 1.0" in lines
        through = await http.get(url, headers={"X-Forwarded-For": "203.0.113.9"})
        assert through.status_code == 401


async def test_behind_a_proxy_the_metrics_ask_for_their_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(METRICS_TOKEN)
    options = ServeOptions(
        listen="127.0.0.1:0",
        database=str(tmp_path / "party.db"),
        public_url="https://films.example.com",
        metrics_token_file=file,
    )
    async with running(options) as server, httpx.AsyncClient(trust_env=False) as http:
        url = f"{server.listening.url}/metrics"
        assert (await http.get(url)).status_code == 401
        headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        assert (await http.get(url, headers=headers)).status_code == 200
        codes = [(await http.get(url)).status_code for _ in range(12)]
        assert codes[-1] == 429


async def test_each_visitor_of_a_trusted_proxy_has_bounds_of_his_own(tmp_path: Path) -> None:
    options = ServeOptions(
        listen="127.0.0.1:0", database=str(tmp_path / "party.db"), trusted_proxies=("127.0.0.1",)
    )
    async with running(options) as server, httpx.AsyncClient(trust_env=False) as http:
        url = f"{server.listening.url}/streams/{'a' * 32}/state"
        guesser, other = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.10"}
        codes = [(await http.get(url, headers=guesser)).status_code for _ in range(12)]
        assert codes[-1] == 429
        assert (await http.get(url, headers=other)).status_code == 401
        forged = {"X-Forwarded-For": "203.0.113.10, 203.0.113.9"}
        assert (await http.get(url, headers=forged)).status_code == 429


async def test_who_reads_again_and_again_is_told_when_to_come_again(tmp_path: Path) -> None:
    timing = ServerTiming(refused_read_delay=0.0)
    options = ServeOptions(
        listen="127.0.0.1:0", database=str(tmp_path / "party.db"), trusted_proxies=("127.0.0.1",)
    )
    async with (
        running(options, Limits(reads=RateLimit(0.001, 3)), timing) as server,
        httpx.AsyncClient(trust_env=False) as http,
        await Wire.create(server.listening.url) as host,
    ):
        assert host.welcome.created is not None
        url = f"{server.listening.url}/streams/{host.welcome.stream_id}/events"
        key = {"Authorization": f"Bearer {host.welcome.created.host_key}"}
        reader, other = {**key, "X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
        replies = [await http.get(url, headers=reader) for _ in range(4)]
        assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
        assert replies[-1].headers["retry-after"] == "1000"
        assert (await http.get(url, headers={**key, **other})).status_code == 200
        assert [(await http.get(url, headers=key)).status_code for _ in range(9)] == [200] * 9


async def test_a_seat_that_waits_behind_a_read_is_let_in_after_it(tmp_path: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    may_go_on = threading.Event()
    async with (
        running(options, Limits(failures=RateLimit(0.001, 1))) as server,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        url = server.listening.url
        async with await Wire.create(url) as host:
            stream_id, created = host.welcome.stream_id, host.welcome.created
            assert created is not None
            # Nobody else's news shall wake the server.
            await host.send(Leave())
            await host.socket.wait_closed()
        async with await Wire.open(url, stream_id, created.invite_token) as guest:
            headers = {"Authorization": f"Bearer {created.invite_token}"}
            busy = asyncio.create_task(server.thread.run(lambda _: may_go_on.wait(5.0)))
            at = f"{url}/streams/{stream_id}/state"
            read = asyncio.create_task(http.get(at, headers=headers))
            await http.get(f"{url}/healthz")
            await guest.hello("Ben")
            await (await guest.socket.ping())
            may_go_on.set()
            assert (await read).status_code == 200
            await guest.wait_for(Welcome, within=3.0)
        await busy
