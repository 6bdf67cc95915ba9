"""A TCP proxy on loopback that delays both directions, as a long way would."""

from __future__ import annotations

import asyncio
import contextlib
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class SlowLink:
    """Forwards connections to a port; each chunk arrives ``delay`` +- ``jitter`` s later.

    Order is kept, as TCP keeps it: a late chunk holds up those behind it.
    """

    def __init__(self, target: int, delay: float, jitter: float, seed: int = 1) -> None:
        self._target = target
        self._delay = delay
        self._jitter = jitter
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where to connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[SlowLink]:
        """Listen on a free port of loopback until left."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield self
        finally:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._forward(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sender = asyncio.create_task(self._send(queue, sink))
        loop = asyncio.get_running_loop()
        try:
            with contextlib.suppress(ConnectionError):
                while chunk := await source.read(65536):
                    late = self._delay + self._random.uniform(-self._jitter, self._jitter)
                    queue.put_nowait((loop.time() + max(0.0, late), chunk))
            queue.put_nowait((loop.time() + self._delay, b""))
            await sender
        finally:
            sender.cancel()

    async def _send(
        self, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while True:
                due, chunk = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not chunk:
                    break
                sink.write(chunk)
                await sink.drain()
        sink.close()
