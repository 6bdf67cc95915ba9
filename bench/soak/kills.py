"""The server is killed at random moments, again and again; then its log is checked.

Hosts and viewers act all the time. With PostgreSQL some kills are PostgreSQL's, or of both.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Final

from bench.soak.party import Party
from bench.soak.places import Place, Server, add_engine, free_port, place
from bench.table import percentile, table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

BACK_WITHIN: Final = 5.0
"""Seconds from where the server can be reached again until every seat is back."""
GIVEN_UP: Final = 20.0
BROKEN: Final = "bench.soak.broken_server"


def arguments(parser: ArgumentParser) -> None:
    """Add this soak's options."""
    add_engine(parser)
    parser.add_argument("--times", type=int, default=100, help="kills")
    parser.add_argument("--streams", type=int, default=6)
    parser.add_argument("--viewers", type=int, default=3, help="of each stream")
    parser.add_argument("--seed", type=int, default=None, help="of what they do and when")
    parser.add_argument(
        "--broken", action="store_true", help="a server that acknowledges before it commits"
    )


def run(options: Namespace) -> list[str]:
    """Kill, check, print a table; returns what is wrong."""
    return asyncio.run(_kills(options))


async def _kills(options: Namespace) -> list[str]:
    seed = random.randrange(10**6) if options.seed is None else options.seed
    async with place(options.engine) as where:
        evening = Evening(where, random.Random(seed), BROKEN if options.broken else "server_stub")
        async with asyncio.timeout(60):
            await evening.begin(options.streams, options.viewers)
        try:
            for _ in range(options.times):
                await evening.kill()
            wrong = await evening.judge()
        finally:
            await evening.end()
        print(table(f"kills, {options.engine}, seed {seed}", HEAD, [evening.row(len(wrong))]))
        return wrong


HEAD: Final = (
    "killed: server",
    "PostgreSQL",
    "both",
    "acknowledged",
    "answered duplicate",
    "in the log",
    "told",
    "back p50 s",
    "p99",
    "max",
    "breaches",
)


class Evening:
    """Parties on one server that dies."""

    def __init__(self, where: Place, chance: random.Random, module: str) -> None:
        self.where = where
        self.chance = chance
        self._module = module
        self._port = free_port()
        self.server = Server(where, self._port, module)
        self.parties: list[Party] = []
        self.back: list[float] = []
        """Seconds from each restart until the last seat was back."""
        self.killed = {"server": 0, "postgres": 0, "both": 0}
        self._wrong: list[str] = []
        self._logged = 0

    async def begin(self, streams: int, viewers: int, pace: float = 0.12) -> None:
        """Returns once all are there."""
        await self.server.open()
        for _ in range(streams):
            party = Party(self.server.url, self.chance, pace=pace, viewers=viewers)
            self.parties.append(await party.begin())

    async def end(self) -> None:
        """Nothing is left running."""
        for party in self.parties:
            await party.end()
        await self.server.end()

    async def kill(self) -> None:
        """One kill, and the restart."""
        # Now and then while they are still coming back.
        if self.chance.random() < 0.8:
            await self.all_back()
            await asyncio.sleep(self.chance.uniform(0.0, 1.0))
        else:
            await asyncio.sleep(self.chance.uniform(0.0, 0.5))
        what = "server"
        if self.where.postgres is not None:
            what = self.chance.choices(("server", "postgres", "both"), (60, 25, 15))[0]
        self.killed[what] += 1
        if what != "postgres":
            await self._kill_server()
        if what != "server":
            await self._kill_postgres()
        if what != "postgres":
            self.server = Server(self.where, self._port, self._module)
            await self.server.open()
            self._restarted = time.monotonic()

    async def _kill_server(self) -> None:
        await self.server.crash()
        for party in self.parties:
            for seat in party.seats:
                seat.lost()

    async def _kill_postgres(self) -> None:
        postgres = self.where.postgres
        assert postgres is not None
        await asyncio.to_thread(postgres.stop)
        await asyncio.sleep(self.chance.uniform(0.0, 0.5))
        await asyncio.to_thread(postgres.start, durable=True)

    async def all_back(self) -> None:
        """Wait for everybody; after a restart of the server the time is kept."""
        seats = [seat for party in self.parties for seat in party.seats]
        try:
            async with asyncio.timeout(GIVEN_UP):
                for seat in seats:
                    await seat.back.wait()
        except TimeoutError:
            away = [seat.name for seat in seats if not seat.back.is_set()]
            self._wrong.append(f"row 1: {away} were not back after {GIVEN_UP:.0f} s")
        if self._restarted:
            took = max(seat.back_at for seat in seats) - self._restarted
            self.back.append(took)
            if took > BACK_WITHIN:
                last = max(seats, key=lambda seat: seat.back_at)
                self._wrong.append(
                    f"row 1: {last.name} was back {took:.1f} s after the restart at"
                    f" {self._restarted:.2f}: {'; '.join(last.story)}"
                )
        self._restarted = 0.0

    _restarted = 0.0

    async def judge(self) -> list[str]:
        """Let all come to rest, end the server, and say what is wrong."""
        await self.all_back()
        await asyncio.gather(*(party.rest() for party in self.parties))
        await self.server.crash()
        for party in self.parties:
            self._wrong += party.check(self.where)
            self._logged += len(self.where.log(party.stream_id)[1])
        text = self.server.log_file.read_text(encoding="utf-8")
        if "Traceback" in text:
            start = text.index("Traceback")
            self._wrong.append(f"I6 the server's log has a traceback: {text[start:][:1500]}")
        return self._wrong

    def row(self, wrong: int) -> list[str]:
        """For the table."""
        back = sorted(self.back) or [0.0]
        return [
            *(str(count) for count in self.killed.values()),
            f"{sum(len(party.ledger.acked) for party in self.parties):,}",
            str(sum(party.ledger.duplicates for party in self.parties)),
            f"{self._logged:,}",
            f"{sum(len(party.ledger.told) for party in self.parties):,}",
            *(f"{percentile(back, percent):.2f}" for percent in (50, 99)),
            f"{back[-1]:.2f}",
            str(wrong),
        ]
