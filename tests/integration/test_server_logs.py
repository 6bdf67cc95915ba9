"""Nothing that somebody has typed, and no key, ever stands in the server's log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from protocol.server.limits.config import Limits
from protocol.wire.messages import (
    Ack,
    Command,
    Cursor,
    LoadAct,
    Media,
    Note,
    PlayAct,
    Presence,
    Refusal,
    Report,
    SendChat,
)
from server_stub.app import ServeOptions, running
from server_stub.observability import logging as log
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

SECRET = "Sesame"
"""Stands in whatever is sent here."""
URL = f"https://films.example.com/{SECRET}.mp4?key={SECRET}"


@pytest.fixture
def log_file(tmp_path: Path) -> Generator[Path]:
    """The server's own log, at its most talkative, for as long as the test lasts."""
    file = tmp_path / "server.log"
    root = logging.getLogger()
    client = ("httpx", "httpcore")
    names = ("matinee", "websockets", *client)
    levels = {name: logging.getLogger(name).level for name in names}
    handlers, level = root.handlers[:], root.level
    log.set_up(file)
    root.setLevel(logging.DEBUG)
    logging.getLogger("matinee").setLevel(logging.DEBUG)
    for name in client:
        # Of this test, not of the server.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield file
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


async def an_evening(url: str) -> list[str]:
    """A party that does everything, some of it wrong; returns its keys."""
    media = Media("film-0001", "url", url=URL, title=SECRET)
    async with await Wire.create(url, f"Ana{SECRET}", media) as host:
        created, stream_id = host.welcome.created, host.welcome.stream_id
        assert created is not None
        keys = [created.host_key, created.invite_token]
        async with await Wire.join(url, stream_id, keys[1], f"Ben{SECRET}") as guest:
            await guest.send(SendChat(f"the word is {SECRET}"))
            await guest.send(Note("note-0001", "sync_request", 1.0, SECRET, 1.0, 2.0))
            await guest.send(Report("playing", drift_ms=1.0))
            await guest.send(Command("event-000009", 1, 1, Cursor(1, 1), PlayAct()))
            await guest.wait_for(Refusal)
        await host.send(Command("event-000001", 1, 1, Cursor(1, 1), PlayAct()))
        await host.wait_for(Ack)
        bad = LoadAct(Media("film-0002", "url", url=f"file:///etc/{SECRET}", title=SECRET))
        await host.send(Command("event-000002", 1, 2, Cursor(1, 2), bad))
        await host.wait_for(Refusal)
        await host.socket.send(f'{{"type":"say","text":["{SECRET}"]}}')
        await host.wait_for(Refusal)
        await host.socket.send(SECRET.encode())
        await host.wait_for(Refusal)
    with contextlib.suppress(Exception):
        await Wire.join(url, stream_id, SECRET * 4)
    async with httpx.AsyncClient(trust_env=False) as http:
        for path in (f"/{SECRET}", f"/ws?token={SECRET}", f"/streams/{stream_id}/state?k={SECRET}"):
            await http.get(url + path, headers={"Authorization": f"Bearer {keys[1]}x{SECRET}"})
    return [*keys, SECRET, "films.example.com"]


async def test_an_evening_leaves_no_word_of_it(tmp_path: Path, log_file: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options) as server:
        secrets = await an_evening(server.listening.url)
    text = read(log_file)
    assert "event=refused" in text
    assert [secret for secret in secrets if secret in text] == []


async def test_an_error_is_told_without_what_it_quotes(tmp_path: Path, log_file: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options, Limits(presence_interval=0.05)) as server:
        asyncio.get_running_loop().set_exception_handler(log.log_unhandled)
        async with await Wire.create(server.listening.url, SECRET) as host:
            await host.wait_for(Presence)

            def broken(_connection: object, _cursor: object, *asked: object) -> None:
                try:
                    raise ValueError(repr(asked), SECRET)
                except ValueError as error:
                    raise RuntimeError(SECRET) from error

            event.listen(sa.Engine, "before_cursor_execute", broken)
            await host.send(Command("event-000001", 1, 1, Cursor(1, 1), PlayAct()))
            refused = await host.wait_for(Refusal)
            assert refused.code == "try_again"
            asyncio.get_running_loop().call_exception_handler(
                {"message": SECRET, "exception": KeyError(SECRET)}
            )
            event.remove(sa.Engine, "before_cursor_execute", broken)
    text = read(log_file)
    for told in ("event=store_failed", "builtins.RuntimeError", "event=unhandled", "in broken"):
        assert told in text
    said = [line for line in text.splitlines() if "raise " not in line]
    assert [line for line in said if SECRET in line] == []
