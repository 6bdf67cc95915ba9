"""One stream under a soak: a host and viewers who act at random, and what they were told."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from bench.soak.ledger import Ledger, breaches
from bench.soak.seats import Seat
from protocol.wire.messages import (
    Act,
    CreateStream,
    LoadAct,
    Media,
    Note,
    PauseAct,
    PlayAct,
    RateAct,
    Report,
    SeekAct,
    SettingsAct,
)

if TYPE_CHECKING:
    from random import Random

    from bench.soak.places import Place

FILM: Final = Media("film-0001", "file", title="The Film", duration=5400.0)
SETTLE: Final = 20.0
"""Seconds in which all seats must agree once nobody acts any more."""
_LOOK: Final = 0.1


class Party:
    """A stream, its seats, its ledger."""

    def __init__(self, server: str, chance: Random, *, pace: float, viewers: int) -> None:
        self._server = server
        self._chance = chance
        self._pace = pace
        self.ledger = Ledger()
        self.gone: list[Seat] = []
        """Seats that have stopped."""
        self.host = Seat(server, "Ana", self.ledger, create=CreateStream(media=FILM))
        self.viewers: list[Seat] = []
        self._wanted = viewers
        self._key = ""
        self._invite = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._names = 0

    async def begin(self) -> Party:
        """Returns once everybody is there; they act from now on."""
        await _wait(self.host.back)
        self._key, self._invite = self.host.host_key, self.host.invite
        for _ in range(self._wanted):
            await _wait(self.join().back)
        self._tasks = [asyncio.create_task(self._command()), asyncio.create_task(self._note())]
        return self

    @property
    def stream_id(self) -> str:
        """Of the stream."""
        welcome = self.host.protocol.welcome
        assert welcome is not None
        return welcome.stream_id

    @property
    def seats(self) -> list[Seat]:
        """Those that have not stopped."""
        return [self.host, *self.viewers]

    def join(self) -> Seat:
        """One more viewer."""
        self._names += 1
        seat = Seat(
            self._server,
            f"Ben {self._names}",
            self.ledger,
            stream_id=self.stream_id,
            token=self._invite,
        )
        self.viewers.append(seat)
        return seat

    async def leave(self) -> None:
        """The first viewer goes."""
        if self.viewers:
            seat = self.viewers.pop(0)
            self.gone.append(seat)
            await seat.stop()

    def take_over(self) -> None:
        """Another seat with the key becomes the host; the old one is told."""
        self._names += 1
        stream_id = self.stream_id
        self.gone.append(self.host)
        self.host = Seat(
            self._server,
            f"Cleo {self._names}",
            self.ledger,
            stream_id=stream_id,
            token=self._key,
            take_over=True,
        )

    async def rest(self) -> None:
        """Nobody acts any more; returns once all agree, or after `SETTLE`."""
        for task in self._tasks:
            task.cancel()
        for _ in range(round(SETTLE / _LOOK)):
            if self._is_settled():
                return
            await asyncio.sleep(_LOOK)

    def _is_settled(self) -> bool:
        cursors = {seat.protocol.state.cursor for seat in self.seats if seat.protocol.state}
        busy = any(seat.protocol.unsent or not seat.protocol.joined for seat in self.seats)
        return len(cursors) == 1 and not busy

    async def end(self) -> None:
        """Everybody stops."""
        for task in self._tasks:
            task.cancel()
        for seat in (*self.seats, *self.gone):
            await seat.stop()

    def check(self, place: Place) -> list[str]:
        """What is wrong; the server must have ended."""
        record, log = place.log(self.stream_id)
        states = {seat.name: seat.protocol.state for seat in self.seats if seat.protocol.state}
        wrong = breaches(self.ledger, record, log, states)
        for seat in self.seats:
            if seat.failure or not seat.protocol.state:
                wrong.append(f"I5 {seat.name} gave up: {seat.failure or 'never let in'}")
            elif seat.protocol.unsent:
                wrong.append(f"I1 {seat.name} has {seat.protocol.unsent} entries without an answer")
        return wrong

    # What they do -----------------------------------------------------------------------

    async def _command(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self._pace))
            # A few at once: what is in flight at a kill matters most.
            for _ in range(self._chance.choice((1, 1, 1, 4))):
                act, event_id, now = self._act(), uuid4().hex, time.monotonic()
                protocol = self.host.protocol
                if isinstance(act, PlayAct | PauseAct) and protocol.joined and not protocol.unsent:
                    self.ledger.asked[event_id] = now
                protocol.request(act, event_id, now)
            self.host.flush()

    def _act(self) -> Act:
        position = round(self._chance.uniform(0, 5000), 3)
        match self._chance.randrange(100):
            case 0:
                film = Media(uuid4().hex, "file", title="Another Film", duration=5400.0)
                return LoadAct(film, playing=self._chance.random() < 0.5)
            case 1 | 2:
                return SettingsAct(sync_tolerance_ms=self._chance.randrange(100, 900))
            case roll if roll < 30:
                return PlayAct()
            case roll if roll < 60:
                return PauseAct(position)
            case roll if roll < 70:
                return RateAct(self._chance.choice((0.5, 1.0, 1.25)))
            case _:
                return SeekAct(position)

    async def _note(self) -> None:
        while True:
            # A seat sends one a second.
            await asyncio.sleep(self._chance.expovariate(0.5 * max(1, len(self.viewers))))
            if self.viewers:
                seat = self._chance.choice(self.viewers)
                kind = self._chance.choice(("sync_request", "buffer_start", "buffer_end"))
                seat.protocol.note(Note(uuid4().hex, kind, round(self._chance.uniform(0, 5e3), 3)))
                seat.protocol.report(Report("playing", drift_ms=1.0, buffer=20.0))
                seat.flush()


async def _wait(event: asyncio.Event, within: float = 15.0) -> None:
    async with asyncio.timeout(within):
        await event.wait()
