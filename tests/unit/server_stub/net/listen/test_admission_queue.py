"""Who comes when there is no place waits for a moment, in order."""

from __future__ import annotations

import asyncio

import pytest

from server_stub.net.listen import admission_queue
from server_stub.net.listen.admission_queue import AdmissionQueue


class House:
    """Some places, and a door."""

    def __init__(self) -> None:
        self.free = 0
        self._looked = asyncio.Event()
        self.came: list[str] = []
        self.door = AdmissionQueue(self._places)

    def _places(self) -> int:
        self._looked.set()
        return self.free

    async def looked_at(self) -> None:
        """Until it has been asked for places once more."""
        self._looked.clear()
        await self._looked.wait()

    async def come(self, address: str) -> None:
        await self.door.wait(address)
        self.came.append(address)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_queue, "INTERVAL", 0.001)


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


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_queue, "PATIENCE", 0.01)
    house = House()
    await asyncio.wait_for(house.come("10.0.0.1"), 1.0)
    monkeypatch.setattr(admission_queue, "PATIENCE", 60.0)
    late = asyncio.create_task(house.come("10.0.0.2"))
    await asyncio.sleep(0)
    await house.looked_at()
    house.free = 1
    await asyncio.wait_for(late, 1.0)


async def test_one_address_does_not_fill_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_queue, "EACH", 1)
    house = House()
    first = asyncio.create_task(house.come("10.0.0.1"))
    await asyncio.sleep(0)
    await asyncio.wait_for(house.come("10.0.0.1"), 1.0)
    monkeypatch.setattr(admission_queue, "LONGEST", 1)
    await asyncio.wait_for(house.come("10.0.0.2"), 1.0)
    assert not first.done()
    house.free = 1
    await asyncio.wait_for(first, 1.0)
