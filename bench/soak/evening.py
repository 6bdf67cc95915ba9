"""Twenty minutes of coming and going, with a kill every other minute; then the log is checked.

Beside it: the server's memory and descriptors, each life after its warm-up. Two minutes are
too short for a slope, so the last life goes on for longer, and its memory is what counts.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.soak.kills import Evening
from bench.soak.places import add_engine, place
from bench.table import percentile, table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from bench.soak.places import Place

WARM: Final = 0.35
"""The share of each life that is not counted: memory is taken for the first time."""
LOOK: Final = 2.0
SLOPE: Final = 1.0
"""MB an hour, at most."""
SPARE: Final = 3
"""Descriptors beyond one for each seat may vary by so many: a seat just left, one just came."""
HEAD: Final = ("life", "RSS MB first", "last", "descriptors", "beyond seats", "ack p50 ms", "p99")


class Look(NamedTuple):
    """The server, once."""

    at: float
    """Seconds since its life began."""
    rss: float
    """MB."""
    descriptors: int
    seats: int


def arguments(parser: ArgumentParser) -> None:
    """Add this soak's options."""
    add_engine(parser)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--every", type=float, default=120.0, help="seconds between two kills")
    parser.add_argument("--calm", type=float, default=10.0, help="minutes of the last life")
    parser.add_argument("--seed", type=int, default=None, help="of what they do and when")


def run(options: Namespace) -> list[str]:
    """Live through it, print tables; returns what is wrong."""
    return asyncio.run(_evening(options))


async def _evening(options: Namespace) -> list[str]:
    chance = random.Random(options.seed)
    async with place(options.engine) as where:
        evening = Churning(where, chance)
        async with asyncio.timeout(60):
            await evening.begin(streams=6, viewers=3, pace=0.5)
        try:
            for _ in range(max(1, round(options.minutes * 60 / options.every))):
                await evening.live(options.every)
                await evening.kill()
                await evening.all_back()
            await evening.live(options.calm * 60)
            wrong = await evening.judge()
        finally:
            await evening.end()
        wrong += evening.flaws()
        print(table(f"evening, {options.engine}", HEAD, evening.rows))
        print(
            f"{sum(evening.killed.values())} kills, {evening.churned} came and went,"
            f" {evening.acknowledged:,} acknowledged, seats back after"
            f" {max(evening.back, default=0.0):.2f} s at most,"
            f" memory {evening.slope():+.2f} MB an hour, {len(wrong)} breaches"
        )
        return wrong


class Churning(Evening):
    """Seats come and go all the time."""

    def __init__(self, where: Place, chance: random.Random) -> None:
        super().__init__(where, chance, "server_stub")
        self.churned = 0
        self.lives: list[list[Look]] = []
        self.rows: list[list[str]] = []

    @property
    def acknowledged(self) -> int:
        """Entries."""
        return sum(len(party.ledger.acked) for party in self.parties)

    async def live(self, seconds: float) -> None:
        """One life of the server."""
        began, looks = time.monotonic(), list[Look]()
        while (at := time.monotonic() - began) < seconds:
            await asyncio.sleep(LOOK)
            await self._churn()
            if at > seconds * WARM:
                looks.append(self._look(at))
        self.lives.append(looks)
        self._tell(looks)

    async def _churn(self) -> None:
        party = self.chance.choice(self.parties)
        self.churned += 1
        match self.chance.randrange(10):
            case 0:
                party.take_over()
            case roll if roll < 4:
                await self.chance.choice(party.seats).drop()
            case _:
                party.join()
                await party.leave()

    def _look(self, at: float) -> Look:
        proc = Path(f"/proc/{self.server.pid}")
        pages = int((proc / "statm").read_text().split()[1])
        seats = sum(seat.protocol.joined for party in self.parties for seat in party.seats)
        rss = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        return Look(at, rss, len(os.listdir(proc / "fd")), seats)

    def _tell(self, looks: Sequence[Look]) -> None:
        took = sorted(one * 1000 for party in self.parties for one in party.ledger.take_times())
        beyond = [look.descriptors - look.seats for look in looks]
        self.rows.append(
            [
                str(len(self.lives)),
                f"{looks[0].rss:.2f}",
                f"{looks[-1].rss:.2f}",
                f"{min(look.descriptors for look in looks)}…"
                f"{max(look.descriptors for look in looks)}",
                f"{min(beyond)}…{max(beyond)}",
                *(f"{percentile(took, percent):.1f}" if took else "" for percent in (50, 99)),
            ]
        )

    def slope(self) -> float:
        """MB an hour, of the last life."""
        looks = self.lives[-1]
        at = sum(look.at for look in looks) / len(looks)
        rss = sum(look.rss for look in looks) / len(looks)
        above = sum((look.at - at) * (look.rss - rss) for look in looks)
        return above / sum((look.at - at) ** 2 for look in looks) * 3600

    def flaws(self) -> list[str]:
        """What is wrong with memory and descriptors."""
        wrong: list[str] = []
        if self.slope() > SLOPE:
            wrong.append(f"I8 memory grows by {self.slope():.2f} MB an hour")
        for life, looks in enumerate(self.lives, 1):
            third = max(1, len(looks) // 3)
            first, last = (
                min(look.descriptors - look.seats for look in part)
                for part in (looks[:third], looks[-third:])
            )
            if last - first > SPARE:
                wrong.append(f"I8 life {life}: {last - first} descriptors more than at first")
        return wrong
