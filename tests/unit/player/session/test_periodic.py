"""What a session does by the clock: here, that it notices when time went by without it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import msgspec
import pytest

from player.session import periodic
from player.session.periodic import PeriodicTasks
from tests.doubles.surroundings import SeatAround


@dataclass
class Clocks:
    """Stands for the module `time`; both clocks can be put forward."""

    CLOCK_MONOTONIC = 1
    CLOCK_BOOTTIME = 2
    stopped: float = 0.0
    """Seconds that the program stood still."""
    slept: float = 0.0
    """Seconds that the machine stood still, which its monotonic clock leaves out."""

    def monotonic(self) -> float:
        return time.monotonic() + self.stopped

    def clock_gettime(self, clock: int) -> float:
        return self.monotonic() + (self.slept if clock == self.CLOCK_BOOTTIME else 0.0)


@pytest.mark.parametrize("which", ["slept", "stopped"])
async def test_a_sleep_or_a_stop_is_noticed_once(
    monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    clocks, seat = Clocks(), SeatAround()
    monkeypatch.setattr(periodic, "time", clocks)
    beats: asyncio.Queue[object] = asyncio.Queue()
    seat.emit = beats.put_nowait
    seat.config = msgspec.structs.replace(seat.config, status_interval=0.01)
    beating = asyncio.create_task(PeriodicTasks(seat).run())
    for missed in (1.0, 1800.0, 0.0):
        setattr(clocks, which, getattr(clocks, which) + missed)
        for _ in range(2):
            await beats.get()
    beating.cancel()
    assert seat.said == ["slept 1800 s"]
