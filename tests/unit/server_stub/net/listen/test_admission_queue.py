"""Who comes when there is no place waits for a moment, in order."""

from __future__ import annotations

import asyncio

from server_stub.capacity import Capacity
from server_stub.net.listen.admission_queue import AdmissionQueue
from server_stub.timing import ServerTiming

QUICK = 0.001
"""Seconds between two looks for a place."""


class House:
    """Some places, and a queue for them."""

    def __init__(self, timeout: float = 60.0, capacity: Capacity | None = None) -> None:
        self.free = 0
        self._looked = asyncio.Event()
        self.came: list[str] = []
        timing = ServerTiming(admission_timeout=timeout, admission_interval=QUICK)
        self.queue = AdmissionQueue(self._places, timing, capacity or Capacity())

    def _places(self) -> int:
        self._looked.set()
        return self.free

    async def looked_at(self) -> None:
        """Until it has been asked for places once more."""
        self._looked.clear()
        await self._looked.wait()

    async def come(self, address: str) -> None:
        await self.queue.wait(address)
        self.came.append(address)


async def test_with_a_place_nobody_waits() -> None:
    house = House()
    house.free = 1
    await asyncio.wait_for(house.come("10.0.0.1"), 1.0)


async def test_who_waits_comes_in_order_as_places_become_free() -> None:
    house = House()
    tasks = [asyncio.create_task(house.come(f"10.0.0.{i}")) for i in range(3)]
    await asyncio.sleep(0)
    await house.looked_at()
    assert house.came == []
    house.free = 2
    await asyncio.wait(tasks[:2])
    house.free = 1
    await asyncio.wait_for(tasks[2], 1.0)
    assert house.came == ["10.0.0.0", "10.0.0.1", "10.0.0.2"]


async def test_nobody_waits_for_ever() -> None:
    house = House(timeout=0.01)
    await asyncio.wait_for(house.come("10.0.0.1"), 1.0)
    assert house.free == 0


async def test_a_queue_that_was_empty_for_a_while_is_looked_at_again() -> None:
    house = House()
    for number in range(2):
        late = asyncio.create_task(house.come(f"10.0.0.{number}"))
        await asyncio.sleep(0)
        await house.looked_at()
        house.free = 1
        await asyncio.wait_for(late, 1.0)
        house.free = 0


async def test_one_address_does_not_fill_the_queue() -> None:
    house = House(capacity=Capacity(queue=2, queue_each=1))
    first = asyncio.create_task(house.come("10.0.0.1"))
    await asyncio.sleep(0)
    await asyncio.wait_for(house.come("10.0.0.1"), 1.0)
    second = asyncio.create_task(house.come("10.0.0.2"))
    await asyncio.sleep(0)
    await asyncio.wait_for(house.come("10.0.0.3"), 1.0)
    assert house.came == ["10.0.0.1", "10.0.0.3"], "the queue is full for them"
    house.free = 2
    await asyncio.wait_for(asyncio.gather(first, second), 1.0)
