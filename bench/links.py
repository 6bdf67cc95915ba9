"""Three kinds of way between a seat and its server, each a proxy that can also be cut."""

from __future__ import annotations

import asyncio
import contextlib
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.slow_link import SlowLink

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Way(NamedTuple):
    """What lies between a seat and its server; all in seconds."""

    name: str
    round_trip: float
    jitter: float
    stall: float = 0.0
    """How long nothing gets through, now and then; 0 for never."""

    @property
    def title(self) -> str:
        """For a table."""
        text = f"{self.name.upper()}: {self.round_trip * 1000:.0f} ms"
        text += f" ± {self.jitter * 1000:.0f} ms" if self.jitter else ""
        return text + (f", stalls of {self.stall:.0f} s" if self.stall else "")


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


class SeatLink(SlowLink):
    """One seat's way to the server, which `cut` closes: what is sent meanwhile comes late."""

    def __init__(self, target: int, way: Way, seed: int) -> None:
        # Half of the round trip in each direction, and half of its jitter.
        super().__init__(target, way.round_trip / 2, way.jitter / 2, seed)
        self._way = way
        self._stalls = random.Random(seed)
        self._open = asyncio.Event()
        self._open.set()
        self._cut = False

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[SeatLink]:
        """Listen on a free port of loopback until left."""
        stalling = asyncio.create_task(self._stall())
        try:
            async with super().running():
                yield self
        finally:
            stalling.cancel()

    def cut(self) -> None:
        """Let nothing through until `mend`."""
        self._cut = True
        self._open.clear()

    def mend(self) -> None:
        """Let everything through again, what was held first."""
        self._cut = False
        self._open.set()

    async def _stall(self) -> None:
        while self._way.stall:
            await asyncio.sleep(self._stalls.uniform(*STALL_EVERY))
            self._open.clear()
            await asyncio.sleep(self._way.stall)
            if not self._cut:
                self._open.set()

    async def _send(
        self, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
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
        sink.close()
