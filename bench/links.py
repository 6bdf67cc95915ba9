"""The ways between a seat and its server, each a proxy on loopback that delays and can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine


class Way(NamedTuple):
    """What lies between a seat and its server; all in seconds."""

    name: str
    round_trip: float
    jitter: float
    """Of the round trip, more or less."""
    stall: float = 0.0
    """How long nothing gets through, now and then; 0 for never."""
    there: float = 0.5
    """Share of the round trip that the direction to the server takes."""

    @property
    def title(self) -> str:
        """For a table."""
        text = f"{self.name.upper()}: {self.round_trip * 1000:.0f} ms"
        text += f" ± {self.jitter * 1000:.0f} ms" if self.jitter else ""
        text += f", stalls of {self.stall:.0f} s" if self.stall else ""
        there = round(self.there * 100)
        return text + (f", {there} % there and {100 - there} % back" if there != 50 else "")


WAYS: Final = {
    way.name: way
    for way in (
        Way("lan", 0.002, 0.0),
        Way("wan", 0.120, 0.010),
        Way("bad", 0.300, 0.030, stall=1.0),
    )
}
STALL_EVERY: Final = (8.0, 20.0)
"""Seconds between two stalls, drawn evenly."""

Queue = asyncio.Queue[tuple[float, bytes]]


class Link:
    """Forwards connections to a port; `cut` closes it: what is sent meanwhile comes late.

    Order is kept, as TCP keeps it: a late chunk holds up those behind it.
    """

    def __init__(self, target: int, way: Way, seed: int = 1) -> None:
        self._target = target
        self._way = way
        self._random = random.Random(seed)
        self._stalls = random.Random(seed)
        self._open = asyncio.Event()
        self._open.set()
        self._cut = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where to connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Link]:
        """Listen on a free port of loopback until left."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._keep(self._stall())
        try:
            yield self
        finally:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Let nothing through until `mend`."""
        self._cut = True
        self._open.clear()

    def mend(self) -> None:
        """Let everything through again, what was held first."""
        self._cut = False
        self._open.set()

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stall(self) -> None:
        while self._way.stall:
            await asyncio.sleep(self._stalls.uniform(*STALL_EVERY))
            self._open.clear()
            await asyncio.sleep(self._way.stall)
            if not self._cut:
                self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        there = self._way.round_trip * self._way.there
        self._keep(self._forward(reader, far_writer, there))
        self._keep(self._forward(far_reader, writer, self._way.round_trip - there))

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float
    ) -> None:
        queue: Queue = asyncio.Queue()
        sender = asyncio.create_task(self._send(queue, sink))
        loop = asyncio.get_running_loop()
        jitter = self._way.jitter / 2
        try:
            with contextlib.suppress(ConnectionError):
                while chunk := await source.read(65536):
                    late = delay + self._random.uniform(-jitter, jitter)
                    queue.put_nowait((loop.time() + max(0.0, late), chunk))
            queue.put_nowait((loop.time() + delay, b""))
            await sender
        finally:
            sender.cancel()
            sink.close()

    async def _send(self, queue: Queue, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while True:
                due, chunk = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                await self._open.wait()
                if not chunk:
                    break
                sink.write(chunk)
                await sink.drain()
