"""The host's own server: started, started again on its port, ended with us."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from protocol.exceptions import ListenError, StoreLocked
from tui.processes.server import EmbeddedServer

if TYPE_CHECKING:
    from pathlib import Path


def server(tmp_path: Path, listen: str = "127.0.0.1:0", *options: str) -> EmbeddedServer:
    database, log = str(tmp_path / "db.sqlite"), tmp_path / "server.log"
    return EmbeddedServer(listen, database, options=options, log_file=log)


async def test_it_answers_and_is_gone_after_stop(tmp_path: Path) -> None:
    own = server(tmp_path)
    url = (await own.start()).local
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/healthz")).status_code == 200
        pid = own.pid
        assert pid is not None
        await own.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/healthz")


async def test_killed_it_is_back_on_the_same_port_and_that_is_said(tmp_path: Path) -> None:
    own = server(tmp_path)
    url = (await own.start()).local
    said: asyncio.Queue[str] = asyncio.Queue()
    watching = asyncio.create_task(own.watch(said.put_nowait))
    assert own.pid is not None
    os.kill(own.pid, signal.SIGKILL)
    assert await said.get() == "the sync server ended (signal 9, SIGKILL); starting it again"
    assert await said.get() == "the sync server is back"
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/healthz")).status_code == 200
    await own.stop()
    await watching
    assert said.empty(), "an end that was wished is not reported"


async def test_why_it_cannot_listen_is_said(tmp_path: Path) -> None:
    first = server(tmp_path)
    url = (await first.start()).local
    port = int(url.rpartition(":")[2])
    (tmp_path / "other").mkdir()
    second = server(tmp_path / "other", f"127.0.0.1:{port}")
    with pytest.raises(ListenError, match=f"port {port}") as caught:
        await second.start()
    assert caught.value.remedy
    await first.stop()
    assert (await second.start()).local == url
    await second.stop()


async def test_a_database_that_another_server_uses_is_an_error_of_its_own(tmp_path: Path) -> None:
    first, second = server(tmp_path), server(tmp_path)
    await first.start()
    with pytest.raises(StoreLocked):
        await second.start()
    await first.stop()


async def test_a_server_that_says_nothing_is_an_error_that_names_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "server.log"
    mute = EmbeddedServer("127.0.0.1:0", "", log_file=log, command=(sys.executable, "-c", "1/0"))
    with pytest.raises(ListenError, match="did not start") as caught:
        await mute.start()
    assert str(log) in caught.value.remedy
    assert "ZeroDivisionError" in log.read_text()


async def test_a_server_tells_where_the_local_network_reaches_it(tmp_path: Path) -> None:
    alone, shared = server(tmp_path), server(tmp_path, "0.0.0.0:0", "--insecure-lan")
    assert (await alone.start()).lan == ""
    await alone.stop()
    urls = await shared.start()
    await shared.stop()
    assert urls.local.startswith("http://127.0.0.1:")
    # A machine without a network has none.
    assert urls.lan == "" or urls.lan.rpartition(":")[2] == urls.local.rpartition(":")[2]
