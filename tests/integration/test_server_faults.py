"""A server process under scripted seats: what each row of docs/faults.md promises on the wire."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from protocol.wire.messages import (
    Ack,
    Act,
    Bye,
    Command,
    Cursor,
    Event,
    PauseAct,
    Refusal,
    Resume,
    SeekAct,
    Snapshot,
    StateNow,
)
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

GUESSES = int(os.environ.get("MATINEE_GUESSES", "60"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """Where a server listens, which is a process of its own; it must end without a traceback."""
    folder = tmp_path_factory.mktemp("faults")
    words = ("--listen", "127.0.0.1:0", "--json", "--database", str(folder / "party.db"))
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "server_stub", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            assert server.stdout is not None
            yield str(json.loads(server.stdout.readline())["url"])
        finally:
            server.terminate()
            server.communicate(timeout=10)
    assert "event=stopped" in (folder / "log").read_text()
    assert "Traceback" not in (folder / "log").read_text()


@asynccontextmanager
async def party(url: str) -> AsyncGenerator[tuple[Wire, Wire]]:
    """A host and one viewer."""
    async with await Wire.create(url) as host:
        created = host.welcome.created
        assert created is not None
        stream_id = host.welcome.stream_id
        async with await Wire.join(url, stream_id, created.invite_token) as viewer:
            yield host, viewer


def command(host: Wire, counter: int, act: Act, event_id: str = "") -> Command:
    base = host.snapshot.cursor
    name = event_id or f"event-{counter:05d}"
    return Command(name, host.welcome.host_term, counter, base, act)


async def refused(wire: Wire) -> Refusal:
    return await wire.wait_for(Refusal)


async def test_the_same_id_with_other_content_is_a_conflict(url: str) -> None:
    async with party(url) as (host, viewer):
        await host.send(command(host, 1, SeekAct(10.0)))
        await host.send(command(host, 2, SeekAct(20.0), "event-00001"))
        await host.send(command(host, 2, SeekAct(30.0)))
        assert (await refused(host)).code == "event_id_conflict"
        places = [(await viewer.wait_for(Event)).timeline.position for _ in range(2)]
        assert places == [10.0, 30.0]


async def test_a_skipped_counter_is_told_which_is_due_and_heals(url: str) -> None:
    async with party(url) as (host, viewer):
        for counter in (1, 3, 4):
            await host.send(command(host, counter, SeekAct(float(counter))))
        expected = {(no.code, no.expected) for no in [await refused(host), await refused(host)]}
        assert expected == {("out_of_order", 2)}
        for counter in (2, 3, 4):
            await host.send(command(host, counter, SeekAct(float(counter))))
        places = [(await viewer.wait_for(Event)).timeline.position for _ in range(4)]
        assert places == [1.0, 2.0, 3.0, 4.0]


async def test_what_an_old_host_still_sends_never_reaches_a_viewer(url: str) -> None:
    async with party(url) as (host, viewer):
        stream_id, created = host.welcome.stream_id, host.welcome.created
        assert created is not None
        key = created.host_key
        # Its machine stands still: it hears of nothing.
        host.socket.transport.pause_reading()
        async with await Wire.join(url, stream_id, key, "Zoe", take_over=True) as zoe:
            # Its machine goes on, and what waited is sent before anything is read.
            for counter in range(1, 6):
                await host.send(command(host, counter, SeekAct(1000.0 + counter)))
            host.socket.transport.resume_reading()
            assert await host.wait_closed() == 1008
            assert host.got(Bye)[-1].code == "replaced"
            await zoe.send(command(zoe, 1, PauseAct(7.0)))
            await zoe.wait_for(Ack)
            # It does not come back by itself either.
            awake = await Wire.open(url, stream_id, key)
            await awake.hello("Ana", cursor=host.snapshot.cursor)
            assert (await refused(awake)).code == "host_present"
            assert await awake.wait_closed() == 1008
            await viewer.wait_for(Event, lambda event: event.event_type == "pause")
        assert [event.event_type for event in viewer.got(Event)] == ["host_change", "pause"]


async def test_the_third_command_of_a_viewer_closes_his_connection(url: str) -> None:
    async with party(url) as (host, viewer):
        for counter in (1, 2, 3):
            await viewer.send(command(viewer, counter, SeekAct(5.0)))
        assert await viewer.wait_closed() == 1008
        assert [no.code for no in viewer.got(Refusal)] == ["forbidden"] * 3
        await host.send(command(host, 1, PauseAct(7.0)))
        await host.wait_for(Event)
        assert [event.event_type for event in host.got(Event)] == ["pause"]


async def test_any_cursor_is_answered_by_events_or_a_reason(url: str) -> None:
    async with party(url) as (host, viewer):
        await host.send(command(host, 1, SeekAct(10.0)))
        await viewer.wait_for(Event)
        for cursor, expected in (
            (Cursor(1, 2**53), "from_the_future"),
            (Cursor(2**53, 0), "from_the_future"),
            (Cursor(0, 0), "wrong_epoch"),
            (Cursor(1, 1), "seek"),
        ):
            count = len(viewer.heard)
            await viewer.send(Resume(cursor))
            await viewer.wait_for(StateNow)
            heard = [m for m in viewer.heard[count:] if isinstance(m, Event | Snapshot)]
            told = [m.reason if isinstance(m, Snapshot) else m.event_type for m in heard]
            assert told == [expected]


async def test_a_negative_cursor_names_its_field(url: str) -> None:
    async with party(url) as (host, viewer):
        await viewer.socket.send('{"type":"resume","cursor":{"epoch":1,"seq":-1}}')
        no = await refused(viewer)
        assert (no.code, no.field) == ("invalid_field", "cursor.seq")
        await host.send(command(host, 1, SeekAct(10.0)))
        assert (await viewer.wait_for(Event)).timeline.position == 10.0


async def test_whoever_guesses_is_answered_alike_and_then_not_at_all(url: str) -> None:
    async with party(url) as (host, viewer):
        created = host.welcome.created
        assert created is not None
        state = f"{url}/streams/{host.welcome.stream_id}/state"
        key = created.host_key
        wrong = [f"{key[:-1]}{'x' if key[-1] != 'x' else 'y'}", key[:-1], "y", "x" * 43]
        answers: list[tuple[int, str]] = []
        clock = asyncio.get_running_loop().time
        began = clock()
        # What is counted is the address: the other tests go on from theirs.
        from_elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.9", trust_env=False)
        async with httpx.AsyncClient(transport=from_elsewhere) as client:
            for number in range(GUESSES):
                token = wrong[number % len(wrong)]
                answer = await client.get(state, headers={"Authorization": f"Bearer {token}"})
                answers.append((answer.status_code, answer.text))
            right = await client.get(state, headers={"Authorization": f"Bearer {key}"})
        assert len(set(answers[:10])) == 1
        codes = [code for code, _ in answers]
        # Ten, and one more every six seconds.
        assert 10 <= codes.count(401) <= 12 + (clock() - began) / 6
        assert codes.count(401) + codes.count(429) == GUESSES
        assert right.status_code == 429
        # Who is in is not touched by it.
        await host.send(command(host, 1, SeekAct(10.0)))
        assert (await viewer.wait_for(Event)).timeline.position == 10.0
