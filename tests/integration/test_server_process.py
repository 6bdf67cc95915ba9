"""The server as a process: how it starts, fails to start, ends, and what a kill leaves."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import signal
import socket
import sqlite3
import sys
from contextlib import asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from protocol.wire.messages import Ack, Bye, Command, SeekAct
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator
    from pathlib import Path


async def launch(*arguments: str) -> Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server_stub"), *arguments, stdin=pipe, stdout=pipe, stderr=pipe
    )


@asynccontextmanager
async def serving(*arguments: str) -> AsyncGenerator[tuple[Process, str]]:
    """A server process and where it listens; killed if it is still there at the end."""
    process = await launch(*arguments)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(10):
            line = await process.stdout.readline()
        told: dict[str, Any] = json.loads(line)
        assert told["event"] == "listening"
        yield process, told["url"]
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def failing(*arguments: str) -> tuple[str, dict[str, str]]:
    """Start a server that cannot; returns its sentence and its JSON line."""
    process = await launch("--json", *arguments)
    async with asyncio.timeout(10):
        out, err = await process.communicate()
    assert process.returncode == 1
    sentence = err.decode().strip()
    assert "Traceback" not in sentence
    assert sentence.startswith("matinee serve: ")
    assert len(sentence.splitlines()) == 1
    told: dict[str, str] = json.loads(out)
    assert told["event"] == "error"
    assert told["message"] in sentence
    assert told["remedy"] in sentence
    return sentence, told


BURST = 20
"""Commands that a host may send at once."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


# Failing to start -----------------------------------------------------------------------


async def test_a_port_in_use_is_named_and_another_one_offered(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        database = str(tmp_path / "party.db")
        sentence, told = await failing("--listen", f"127.0.0.1:{port}", "--database", database)
    assert told["code"] == "cannot_listen"
    assert f"port {port} on 127.0.0.1 is in use" in sentence
    assert "--listen 127.0.0.1:" in told["remedy"]


@pytest.mark.parametrize(
    ("listen", "code", "words"),
    [
        ("198.51.100.7:0", "bad_setting", "keys travel unencrypted"),
        ("0.0.0.0:0", "bad_setting", "--insecure-lan"),
        ("nowhere", "bad_setting", "is not an address to listen on"),
        ("127.0.0.1:99999", "bad_setting", "is not an address to listen on"),
    ],
)
async def test_an_address_that_makes_no_sense_is_refused(
    tmp_path: Path, listen: str, code: str, words: str
) -> None:
    database = str(tmp_path / "party.db")
    sentence, told = await failing("--listen", listen, "--database", database)
    assert told["code"] == code
    assert words in sentence


async def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    process = await launch(
        *("--insecure-lan", "--listen", "198.51.100.7:0"),
        *("--database", str(tmp_path / "party.db")),
    )
    async with asyncio.timeout(10):
        out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    warning, sentence = err.decode().splitlines()
    assert warning.startswith("warning: without TLS")
    assert "198.51.100.7 is not an address of this machine" in sentence


async def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("these are my notes " * 100)
    at = ("--listen", "127.0.0.1:0")
    _, told = await failing(*at, "--database", str(notes))
    assert told["code"] == "store_unusable"
    _, told = await failing(*at, "--database", "mysql://localhost/party")
    assert told["code"] == "bad_setting"
    _, told = await failing(*at, "--database", "postgresql://127.0.0.1:1/party")
    assert told["code"] == "store_unusable"
    _, told = await failing(*at, "--database", str(tmp_path / "x.db"), "--log-file", str(tmp_path))
    assert told["code"] == "bad_setting"


async def test_a_second_server_on_one_database_is_refused_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    options = ("--listen", "127.0.0.1:0", "--database", str(tmp_path / "party.db"))
    async with serving(*options) as (_, url):
        sentence, told = await failing(*options)
        assert told["code"] == "store_locked"
        assert "another server uses the database" in sentence
        async with await Wire.create(url) as host:
            assert host.welcome.role == "host"


async def test_an_unknown_option_is_answered_with_the_usage() -> None:
    process = await launch("--colour")
    _, err = await process.communicate()
    assert process.returncode == 2
    assert err.startswith(b"Usage: matinee serve")


# Ending ---------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what another process may do")
async def test_as_many_files_may_be_open_as_the_system_allows(tmp_path: Path) -> None:
    bounds = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (bounds[1] // 2, bounds[1]))
    try:
        process = await launch(*("--listen", "127.0.0.1:0", "--database", str(tmp_path / "p.db")))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, bounds)
    try:
        assert process.stdout is not None
        assert b"listening" in await process.stdout.readline()
        allowed = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        assert allowed == (bounds[1], bounds[1])
    finally:
        process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_says_goodbye_and_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "logs" / "server.log"
    options = ("--listen", "127.0.0.1:0", "--log-file", str(log))
    async with serving(*options, "--database", str(tmp_path / "party.db")) as (process, url):
        host = await Wire.create(url)
        process.send_signal(number)
        assert await host.wait_closed() == 1001
        assert host.got(Bye)[-1].code == "server_stopping"
        async with asyncio.timeout(5):
            assert await process.wait() == 0
    text = log.read_text()
    assert "event=listening" in text
    assert text.rstrip().endswith("event=stopped")
    created = host.welcome.created
    assert created is not None
    for secret in (created.host_key, created.invite_token, "The Film", "Ana"):
        assert secret not in text


async def test_a_server_ends_within_a_second_of_its_parent(tmp_path: Path) -> None:
    options = ("--listen", "127.0.0.1:0", "--database", str(tmp_path / "party.db"))
    async with serving("--parent-pipe", *options) as (process, url), await Wire.create(url):
        process.send_signal(signal.SIGINT)
        assert process.stdin is not None
        process.stdin.write(b"anything\n")
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"{url}/healthz")).status_code == 200
        process.stdin.close()
        async with asyncio.timeout(1.5):
            assert await process.wait() == 0


async def test_a_seat_that_does_not_answer_does_not_hold_the_end_up(tmp_path: Path) -> None:
    options = ("--listen", "127.0.0.1:0", "--database", str(tmp_path / "party.db"))
    async with serving("--parent-pipe", *options) as (process, url):
        deaf = await Wire.create(url)
        deaf.socket.transport.pause_reading()
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(2.0):
            assert await process.wait() == 0
        deaf.socket.transport.abort()


async def test_all_addresses_are_told_for_this_machine_and_its_network(tmp_path: Path) -> None:
    options = ("--insecure-lan", "--listen", "0.0.0.0:0")
    async with serving(*options, "--database", str(tmp_path / "party.db")) as (_, url):
        assert url.startswith("http://127.0.0.1:")
        async with await Wire.create(url) as host:
            assert host.welcome.role == "host"


# A kill ---------------------------------------------------------------------------------


async def test_a_kill_in_the_middle_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    database, at = tmp_path / "party.db", f"127.0.0.1:{free_port()}"
    acked: dict[str, int] = {}
    chance = random.Random(7)
    key = stream_id = ""
    for _ in range(6):
        async with serving("--listen", at, "--database", str(database)) as (process, url):
            if not key:
                host = await Wire.create(url)
                assert host.welcome.created is not None
                key, stream_id = host.welcome.created.host_key, host.welcome.stream_id
            else:
                host = await Wire.join(url, stream_id, key, "Ana")
            assert host.welcome.host_term == 1
            first, base = host.welcome.counter + 1, host.snapshot.cursor
            for counter in range(first, first + BURST):
                act = SeekAct(float(counter))
                await host.send(Command(f"event-{counter:06d}", 1, counter, base, act))
            for _ in range(chance.randint(1, BURST)):
                await host.wait_for(Ack)
            process.kill()
            await host.wait_closed()
            acked |= {ack.event_id: ack.seq for ack in host.got(Ack)}
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT event_id, seq FROM playback_events").fetchall()
    log = dict(rows)
    assert {event_id: log.get(event_id) for event_id in acked} == acked
    assert sorted(log.values()) == list(range(1, len(rows) + 1))
    assert len(log) == len(rows)
