"""A seat on a server that keeps no rules: each broken frame costs that server its connection."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from player.api.config import SeatConfig
from protocol.timeline import Timeline
from protocol.wire.codec import encode
from protocol.wire.messages import Member, Pong, Snapshot, Welcome
from tests.cast import SeatProcess

if TYPE_CHECKING:
    from pathlib import Path

STREAM, YOU, HOST = "ab" * 16, "11" * 16, "22" * 16
STATE: Final = '{"type":"state","epoch":1,"seq":1,"timeline":{"position":%s,"at":0,"rate":1}}'
HOSTILE: Final[tuple[str | bytes, ...]] = (
    STATE % "NaN",
    STATE % "1e400",
    STATE % '"12"',
    "null",
    "[" * 100_000,
    '{"type":"event","epoch":true}',
    '{"type":"chat","member_id":"22","name":"\\u0000","text":"hi","timestamp_ms":1}',
    "x" * 3_000_000,
    b"\x00\x01",
)


async def _greet(socket: ServerConnection) -> None:
    await socket.recv()
    await socket.send(encode(Welcome(1, "clock-0001", STREAM, YOU, "viewer", host_term=1)))
    line = Timeline(5.0, at=1e12, playing=True)
    members = (Member(HOST, "Eve", "host"), Member(YOU, "Ben", "viewer"))
    await socket.send(
        encode(
            Snapshot(
                stream_id=STREAM,
                epoch=1,
                seq=1,
                timeline=line,
                host_id=HOST,
                host_term=1,
                members=members,
            )
        )
    )


async def _answer_pings(socket: ServerConnection) -> None:
    async for frame in socket:
        message = msgspec.json.decode(frame)
        if message["type"] == "ping":
            now = time.monotonic() + 1000.0
            await socket.send(encode(Pong(message["t0"], now, now)))


@pytest.mark.slow
async def test_a_seat_lives_through_whatever_a_server_sends(tmp_path: Path) -> None:
    left = list(HOSTILE)
    calm = asyncio.Event()

    async def handle(socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await _greet(socket)
            if left:
                await socket.send(left.pop(0))
            else:
                calm.set()
            await _answer_pings(socket)

    log = tmp_path / "seat.log"
    async with serve(handle, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        seat = await SeatProcess().start(
            SeatConfig(
                role="viewer",
                name="Ben",
                instance_id="i" * 16,
                server=f"http://127.0.0.1:{port}",
                stream_id=STREAM,
                token="t" * 20,
                mpv=(("vo", "null"), ("ao", "null")),
                video="none",
                log_file=str(log),
            )
        )
        try:
            # Each time it is back at once, not only when silence has told it.
            async with asyncio.timeout(20):
                await calm.wait()
            reasons = [line["reason"] for line in seat.lines if line["event"] == "reconnecting"]
            assert len(reasons) == len(HOSTILE)
            assert "timeline.position" in reasons[0]
            mark = seat.mark
            seat.ask("nonsense")
            await seat.wait_for("error", after=mark)
            seat.ask("quit")
            assert await seat.wait() == 0
        finally:
            await seat.end()
    assert not log.exists() or "Traceback" not in log.read_text()
