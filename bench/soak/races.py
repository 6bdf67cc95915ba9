"""Hosts race for one stream, say things a hundred times, out of turn, or after their time.

Each round is one of these, at random, in several streams at once; then the logs are checked.
The server is a real one, with bounds on rates that are out of the way.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING, Final

from websockets.exceptions import ConnectionClosed

from bench.soak.ledger import Ledger, breaches
from bench.soak.places import add_engine, place
from bench.table import table
from player.ids import new_id
from protocol.server.limits.config import Limits
from protocol.wire.messages import (
    Ack,
    Act,
    Bye,
    Command,
    Event,
    Note,
    PauseAct,
    Refusal,
    SeekAct,
    StateNow,
    Welcome,
)
from protocol.wire.rate_limit import RateLimit
from server_stub.app import ServeOptions, running
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from random import Random

    from bench.soak.places import Place

MUCH: Final = RateLimit(10_000.0, 10_000)
LIMITS: Final = Limits(
    rates={Command: MUCH, Note: MUCH}, strikes=MUCH, opens=MUCH, creations=MUCH, failures=MUCH
)
TIMES: Final = 100
"""That one event is sent."""
ROUNDS: Final = ("duplicates", "conflict", "skips", "race", "stale host")
HEAD: Final = (*ROUNDS, "terms", "acknowledged", "answered duplicate", "in the logs", "breaches")


def arguments(parser: ArgumentParser) -> None:
    """Add this soak's options."""
    add_engine(parser)
    parser.add_argument("--rounds", type=int, default=300, help="of all streams together")
    parser.add_argument("--streams", type=int, default=6, help="at the same time")
    parser.add_argument("--seed", type=int, default=None, help="of what comes in which order")


def run(options: Namespace) -> list[str]:
    """Race, check, print a table; returns what is wrong."""
    return asyncio.run(_races(options))


async def _races(options: Namespace) -> list[str]:
    seed = random.randrange(10**6) if options.seed is None else options.seed
    async with place(options.engine) as where:
        serving = ServeOptions(listen="127.0.0.1:0", database=where.address)
        async with running(serving, LIMITS) as server:
            url = server.listening.url
            streams = [Racing(random.Random(seed + i)) for i in range(options.streams)]
            each = max(1, options.rounds // options.streams)
            await asyncio.gather(*(stream.live(url, each) for stream in streams))
        checked = [stream.check(where) for stream in streams]
    wrong = [breach for found, _ in checked for breach in found]
    done = sum((stream.rounds for stream in streams), Counter[str]())
    row = [
        *(str(done[name]) for name in ROUNDS),
        str(sum(stream.host.welcome.host_term for stream in streams)),
        f"{sum(len(stream.ledger.acked) for stream in streams):,}",
        f"{sum(stream.ledger.duplicates for stream in streams):,}",
        f"{sum(length for _, length in checked):,}",
        str(len(wrong)),
    ]
    print(table(f"races, {options.engine}, seed {seed}", HEAD, [row]))
    return wrong


class Racing:
    """One stream: a host, whoever wants to be it, and a viewer who hears everything."""

    def __init__(self, chance: Random) -> None:
        self.ledger = Ledger()
        self.rounds = Counter[str]()
        self.host: Wire
        self._viewer: Wire
        self._chance = chance
        self._wires: list[Wire] = []
        self._counter = 0
        self._names = 0
        self._never: set[str] = set()
        """Ids of what must not be in the log."""
        self._wrong: list[str] = []

    async def live(self, url: str, rounds: int) -> None:
        """So many rounds."""
        self._url = url
        self.host = await Wire.create(url, "Ana")
        created = self.host.welcome.created
        assert created is not None
        self._key, self.stream_id = created.host_key, self.host.welcome.stream_id
        self._viewer = await Wire.join(url, self.stream_id, created.invite_token, "Ben")
        self._wires += [self.host, self._viewer]
        for _ in range(rounds):
            name = self._chance.choice(ROUNDS)
            self.rounds[name] += 1
            await {
                "duplicates": self._duplicates,
                "conflict": self._conflict,
                "skips": self._skips,
                "race": self._race,
                "stale host": self._stale_host,
            }[name]()
        await self._all_heard()
        for wire in (self.host, self._viewer):
            await wire.socket.close()

    def check(self, where: Place) -> tuple[list[str], int]:
        """What is wrong, and how long the log is; the server must have ended."""
        for wire in self._wires:
            for message in wire.heard:
                if isinstance(message, Ack):
                    self.ledger.acknowledged(message)
                elif isinstance(message, Event):
                    self.ledger.heard(message)
        record, log = where.log(self.stream_id)
        late = [event.event_id for event in log if event.event_id in self._never]
        self._wrong += [f"I4 {event_id} is of a host whose time is over" for event_id in late]
        return self._wrong + breaches(self.ledger, record, log, {}), len(log)

    # Rounds -----------------------------------------------------------------------------

    async def _duplicates(self) -> None:
        """One event, a hundred times at once."""
        command = self._next()
        await asyncio.gather(*(self.host.send(command) for _ in range(TIMES)))
        acks = [await self._answer(command.event_id) for _ in range(TIMES)]
        places = {(a.epoch, a.seq) if isinstance(a, Ack) else a for a in acks}
        first = [a for a in acks if isinstance(a, Ack) and not a.duplicate]
        if len(places) != 1 or len(first) != 1:
            self._wrong.append(f"row 12: {len(places)} places, {len(first)} times the first")

    async def _conflict(self) -> None:
        """The same id says something else."""
        command = self._next()
        await self.host.send(command)
        await self._answer(command.event_id)
        await self.host.send(self._command(self._counter + 1, SeekAct(4999.5), command.event_id))
        self._expect(await self._answer(command.event_id), "event_id_conflict")

    async def _skips(self) -> None:
        """Out of turn first, then in turn."""
        commands = [self._next() for _ in range(3)]
        due = self._counter - 2
        for command in commands[1:]:
            await self.host.send(command)
            no = await self._answer(command.event_id)
            self._expect(no, "out_of_order")
            if isinstance(no, Refusal) and no.expected != due:
                self._wrong.append(f"row 14: {no.expected} was said to be due, not {due}")
        for command in commands:
            await self.host.send(command)
            if not isinstance(await self._answer(command.event_id), Ack):
                self._wrong.append("row 14: in turn, and not taken")

    async def _race(self) -> None:
        """Two more want to host at once, while the host goes on."""
        old, told = self.host, asyncio.create_task(self._go_on(self.host))
        rivals = [await self._rival() for _ in range(2)]
        await asyncio.gather(*(wire.hello(name, take_over=True) for wire, name in rivals))
        await told
        await asyncio.gather(*(self._settled(wire) for wire, _ in rivals))
        await self._all_heard()
        hosts = [event for event in self._viewer.got(Event) if event.event_type == "host_change"]
        for wire in (old, *(wire for wire, _ in rivals)):
            if wire.got(Welcome) and wire.welcome.member_id == hosts[-1].host_id:
                await self._crown(wire, hosts[-1].host_term)
            elif await wire.wait_closed() != 1008:
                self._wrong.append("row 15: a host whose time is over was not closed")

    async def _stale_host(self) -> None:
        """One that stood still wakes after another has taken over."""
        old = self.host
        old.socket.transport.pause_reading()
        wire, name = await self._rival()
        await wire.hello(name, take_over=True)
        await self._settled(wire)
        for counter in range(self._counter + 1, self._counter + 6):
            command = self._command(counter, SeekAct(1000.0 + counter))
            self._never.add(command.event_id)
            await old.send(command)
        old.socket.transport.resume_reading()
        if await old.wait_closed() != 1008 or old.got(Bye)[-1].code != "replaced":
            self._wrong.append("row 15: a host that stood still was not told")
        await self._crown(wire, wire.welcome.host_term)

    # Their parts ------------------------------------------------------------------------

    def _next(self) -> Command:
        """What the host says next."""
        self._counter += 1
        position = round(self._chance.uniform(0, 5000), 3)
        act = SeekAct(position) if self._chance.random() < 0.5 else PauseAct(position)
        return self._command(self._counter, act)

    def _command(self, counter: int, act: Act, event_id: str = "") -> Command:
        base = self.host.snapshot.cursor
        return Command(event_id or new_id(), self.host.welcome.host_term, counter, base, act)

    async def _answer(self, event_id: str) -> object:
        return await self.host.wait_for(
            object, lambda m: isinstance(m, Ack | Refusal) and m.event_id == event_id
        )

    def _expect(self, answer: object, code: str) -> None:
        if not isinstance(answer, Refusal) or answer.code != code:
            self._wrong.append(f"{code} was due, not {answer}")

    async def _go_on(self, host: Wire) -> None:
        """Say things until the connection ends, or for a while."""
        try:
            for _ in range(20):
                await host.send(self._next())
                await asyncio.sleep(0)
        except ConnectionClosed:
            # As it must be for who is not the host any more.
            return

    async def _rival(self) -> tuple[Wire, str]:
        self._names += 1
        wire = await Wire.open(self._url, self.stream_id, self._key)
        self._wires.append(wire)
        return wire, f"Cleo-{self._names}"

    async def _settled(self, wire: Wire) -> None:
        """It has a seat, or was told why not."""
        await wire.wait_for(object, lambda m: isinstance(m, StateNow | Refusal))

    async def _crown(self, wire: Wire, term: int) -> None:
        """This one hosts from now on."""
        if wire.welcome.host_term != term:
            self._wrong.append(f"I4 a host was told of term {wire.welcome.host_term}, not {term}")
        self.host = wire
        # What was under way before it took over counts.
        self._counter = wire.welcome.counter

    async def _all_heard(self) -> None:
        """The viewer has heard all that there is."""
        note = Note(new_id(), "sync_request", 1.0)
        await self._viewer.send(note)
        await self._viewer.wait_for(Ack, lambda ack: ack.event_id == note.event_id)
