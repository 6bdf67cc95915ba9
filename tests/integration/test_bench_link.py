"""The way that benches put between a seat and its server."""

from __future__ import annotations

import asyncio

import pytest

from bench.links import Link, Way


@pytest.mark.parametrize("there", [0.3, 0.5, 0.7])
async def test_each_direction_takes_its_share(there: float) -> None:
    loop = asyncio.get_running_loop()
    arrived: list[float] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        arrived.append(loop.time())
        writer.write(b"b")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    way = Way("way", 0.200, 0.0, there=there)
    async with server, Link(server.sockets[0].getsockname()[1], way).running() as link:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        sent = loop.time()
        writer.write(b"a")
        await reader.readexactly(1)
        back = loop.time() - arrived[0]
        writer.close()
    # A busy machine may be late, never early.
    assert 0.2 * there <= arrived[0] - sent < 0.2 * there + 0.05
    assert 0.2 * (1 - there) <= back < 0.2 * (1 - there) + 0.05


async def test_what_is_sent_over_a_cut_link_comes_when_it_is_mended() -> None:
    came = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(2) == b"ab"
        came.set()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with (
        server,
        Link(server.sockets[0].getsockname()[1], Way("way", 0.0, 0.0)).running() as link,
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", link.port)
        link.cut()
        writer.write(b"ab")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(came.wait(), 0.05)
        link.mend()
        await asyncio.wait_for(came.wait(), 5.0)
        writer.close()
