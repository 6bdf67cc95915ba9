"""A million old events are deleted while a party goes on.

How long one batch takes, and what the party's appends take meanwhile and in pauses between, so
that whatever else the machine does is in both.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from bench.soak.filling import entry, fill, found, settle
from bench.soak.places import add_engine, place
from bench.table import percentile, table
from protocol.server.core.effects import AskStore
from protocol.server.log.requests import Appended
from protocol.server.moment import Moment
from server_stub.storage.factory import open_database
from server_stub.storage.worker import StoreWorker

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from server_stub.storage.base import Store
    from server_stub.storage.worker import StoreAnswer

BATCH_WITHIN: Final = 0.1
RATIO: Final = 1.5
"""How much longer the p99 of an append may be meanwhile: two looks at nothing differ too."""
STRETCH: Final = 12.0
"""Seconds of cleanup between two pauses."""
PAUSE: Final = 6.0
"""Seconds of a pause."""
SETTLING: Final = 0.5
"""Seconds before a pause that count for neither: the disk ends with what it was told."""
INTERVAL: Final = 0.02
"""Seconds between two appends."""
HEAD: Final = (
    "old events",
    "batches",
    "batch p50 ms",
    "p99",
    "max",
    "all with pauses s",
    "appends without p50 ms",
    "p99",
    "max",
    "meanwhile p50",
    "p99",
    "max",
    "p99 ratio",
    "noise",
)


def arguments(parser: ArgumentParser) -> None:
    """Add this soak's options."""
    add_engine(parser)
    parser.add_argument("--rows", type=int, default=1_000_000)


def run(options: Namespace) -> list[str]:
    """Fill, clean up, print a table; returns what is wrong."""
    return asyncio.run(_cleanup(options))


async def _cleanup(options: Namespace) -> list[str]:
    async with place(options.engine) as where:
        await asyncio.to_thread(fill, where.address, options.rows, days=8.0)
        await asyncio.to_thread(settle, where.address)
        party = Party(where.address)
        living = asyncio.create_task(party.live())
        began = time.monotonic()
        deleted, batches = await party.clean_up()
        whole = time.monotonic() - began
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        await party.thread.close()
    even, odd = sorted(party.pauses[0]), sorted(party.pauses[1])
    without, meanwhile = sorted(even + odd), sorted(party.meanwhile)
    ordered = sorted(batches)
    ratio = percentile(meanwhile, 99) / percentile(without, 99)
    row = [
        f"{options.rows:,}",
        str(len(batches)),
        *_ms(ordered, 50, 99, 100),
        f"{whole:.0f}",
        *_ms(without, 50, 99, 100),
        *_ms(meanwhile, 50, 99, 100),
        f"{ratio:.2f}",
        f"{percentile(odd, 99) / percentile(even, 99):.2f}" if odd else "",
    ]
    print(table(f"cleanup, {options.engine}", HEAD, [row]))
    wrong = [] if deleted == options.rows - 1 else [f"{deleted} events were deleted"]
    if ordered[-1] > BATCH_WITHIN:
        wrong.append(f"a batch took {ordered[-1] * 1000:.0f} ms")
    if ratio > RATIO:
        wrong.append(f"the p99 of appends was {ratio:.2f} times as long meanwhile")
    return wrong


def _ms(ordered: Sequence[float], *percents: float) -> list[str]:
    return [f"{percentile(ordered, percent) * 1000:.1f}" for percent in percents]


class Party:
    """Appends to a log of its own, through the thread that a server has."""

    def __init__(self, address: str) -> None:
        store = open_database(address).open_store()
        self._stream_id = uuid4().hex
        found(store, self._stream_id)
        self.thread = StoreWorker(store, self._delivered, lambda _: None)
        self.pauses: list[list[float]] = [[], []]
        """Seconds from a question to its answer, in every other pause and in the rest of them."""
        self.meanwhile: list[float] = []
        self._took: list[float] = []
        self._answered = asyncio.Event()

    def _delivered(self, answers: list[StoreAnswer]) -> None:
        assert all(isinstance(answer.result, Appended) for answer in answers)
        self._answered.set()

    async def live(self) -> None:
        """Append one after the other, until cancelled."""
        counter = 0
        while True:
            counter += 1
            self._answered.clear()
            began = time.monotonic()
            self.thread.ask(AskStore(counter, entry(self._stream_id, counter)))
            await self._answered.wait()
            self._took.append(time.monotonic() - began)
            await asyncio.sleep(INTERVAL)

    async def clean_up(self) -> tuple[int, list[float]]:
        """As a server does, but for the pauses; how many were deleted, and each batch's seconds."""
        now = Moment(2e6, time.time_ns() // 1_000_000)

        def work(store: Store) -> Iterator[tuple[int, float]]:
            began = time.monotonic()
            for step in store.maintenance(now, (self._stream_id,)):
                yield step.events_deleted, time.monotonic() - began
                began = time.monotonic()

        deleted, batches, pause_at = 0, list[float](), 0.0
        async for count, took in self.thread.in_turns(work):
            deleted += count
            batches.append(took)
            if time.monotonic() >= pause_at:
                await self._pause()
                pause_at = time.monotonic() + STRETCH
        return deleted, batches

    async def _pause(self) -> None:
        """Let the party go on without a cleanup."""
        self._took = []
        await asyncio.sleep(SETTLING)
        self._took = self.pauses[0]
        await asyncio.sleep(PAUSE)
        self.pauses.reverse()
        self._took = self.meanwhile
