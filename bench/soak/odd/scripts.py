"""What is done in each case, and what must then be seen."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from bench.soak.odd.films import LENGTH, LONG
from bench.soak.odd.lists import LISTS
from bench.soak.odd.reader import gap, place_gap
from bench.soak.odd.row import APART

if TYPE_CHECKING:
    from pathlib import Path

    from bench.soak.odd.cases import Case
    from bench.soak.odd.party import OddParty, OddSeat
    from bench.soak.odd.row import Row
    from tests.doubles.odd_web.handler import OddWebServer

FORWARD: Final = 9.0
BACK: Final = 4.0
REST: Final = 13.4
SEEKS: Final = (FORWARD, BACK, REST)
SETTLE: Final = 2.5
"""Seconds from a key until the seats must be in step."""
WINDOW: Final = 1.2
"""Seconds for which they are watched then."""
LATE: Final = 3.0
"""Seconds that a start, or a seek while it plays, may take."""
NEAR: Final = 0.25
"""Seconds by which a place read from a picture may be off."""
LANDED: Final = 0.1
"""The same at rest."""
HEARD: Final = 0.25
"""The same of a sound alone: what is on its way to the device is not heard yet."""
CLAIMED: Final = 0.35
APART_AT_REST: Final = 0.06
"""Seconds between the pictures of two seats at rest: one picture and a bit."""
SEGMENT: Final = 2.6
"""Seconds by which two seats may differ on a broadcast without a clock."""
BACK_WITHIN: Final = 12.0
"""Seconds after an outage."""
END_NEAR: Final = 0.6
TONE: Final = 0.8
"""Seconds by which a place told by a tone is unsure."""


class FilmScript:
    """Play, seek forward, seek back, pause, seek at rest, play to the end."""

    def __init__(self, case: Case, party: OddParty, row: Row) -> None:
        self._case = case
        self._party = party
        self._row = row
        self._key = 0.0
        """When the last key was pressed."""
        self._grain = case.grain + (TONE if case.listens else 0.0)

    async def run(self) -> None:
        """All of it."""
        host = self._party.host
        self._key = time.monotonic()
        host.ask("play")
        await self._playing("play", 0.0)
        for phase, position in (("seek", FORWARD), ("back", BACK)):
            self._key = time.monotonic()
            host.ask(f"seek {position}")
            await self._playing(phase, position)
        host.ask("pause")
        await asyncio.sleep(1.5)
        await self._resting("pause", None)
        host.ask(f"seek {REST}")
        await asyncio.sleep(2.0)
        await self._resting("rest", REST)
        await self._to_the_end()

    async def _playing(self, phase: str, asked: float) -> None:
        await asyncio.sleep(SETTLE)
        await self._party.watch(WINDOW)
        first, second = (seat.reader for seat in self._party.seats)
        still = [seat.name for seat in self._party.seats if not seat.reader.moves]
        if still:
            self._row.wrong.append(f"{phase}: {' and '.join(still)} stand still")
            return
        self._row.apart(phase, gap(first, second))
        seen = place_gap(first, second)
        if seen is not None and abs(seen) > NEAR + self._grain:
            self._row.wrong.append(f"{phase}: shown {seen:+.1f} s apart")
        for seat in self._party.seats:
            self._check_place(phase, seat, asked, self._key)

    def _check_place(self, phase: str, seat: OddSeat, asked: float, key: float | None) -> None:
        """It shows what it claims, and what was asked for; ``key`` is when, unless it rests."""
        shown = [place for place in seat.reader.places if place.seconds is not None]
        if not shown:
            return
        place = shown[len(shown) // 2]
        position = (place.seconds or 0.0) - self._offset
        latest = asked if key is None else asked + place.instant - key
        if not asked - self._grain - LANDED <= position <= latest + self._grain + LANDED:
            self._row.wrong.append(f"{phase}: {seat.name} is at {position:.2f}")
        claim = seat.claim(place.instant)
        if claim is None:
            self._row.wrong.append(f"{phase}: {seat.name} claims no position")
        elif not -CLAIMED - self._grain <= position - claim <= CLAIMED + self._early:
            self._row.wrong.append(f"{phase}: {seat.name} says {claim:.2f}, is at {position:.2f}")

    @property
    def _offset(self) -> float:
        """Place in the film at position 0."""
        landings = self._row.alone.landings
        if self._case.as_alone and landings and landings[0] is not None:
            return landings[0] - SEEKS[0]
        return self._case.offset

    @property
    def _early(self) -> float:
        """How far what is shown may be ahead of the place."""
        if self._case.film.startswith("late-picture"):
            return self._grain
        return TONE if self._case.listens else 0.0

    @property
    def _landed(self) -> float:
        return HEARD if self._is_heard else LANDED

    @property
    def _is_heard(self) -> bool:
        return self._case.listens or self._case.heard

    async def _resting(self, phase: str, asked: float | None) -> None:
        await self._party.watch(0.6)
        first, second = (seat.reader for seat in self._party.seats)
        for seat in self._party.seats:
            if seat.reader.moves:
                self._row.wrong.append(f"{phase}: {seat.name} goes on")
            elif asked is not None and not self._case.listens:
                self._check_place(phase, seat, asked, None)
            position = seat.status.get("position")
            if position is None:
                self._row.wrong.append(f"{phase}: {seat.name} has no position")
            elif asked is not None and abs(position - asked) > self._landed:
                self._row.wrong.append(f"{phase}: {seat.name} says {position:.2f}")
        pictures = [reader.picture[-1].position for reader in (first, second) if reader.picture]
        # Of a sound at rest, players tell what they have handed on, which is not exact.
        if (
            not self._is_heard
            and len(pictures) == 2
            and pictures[0] is not None
            and pictures[1] is not None
        ):
            self._row.apart(phase, pictures[1] - pictures[0])
        if first.seconds is not None and second.seconds is not None:
            # One picture apart may be two sides of one instant.
            apart = second.seconds - first.seconds
            if abs(apart) > max(APART_AT_REST, self._grain):
                self._row.wrong.append(f"{phase}: pictures {apart:+.2f} s apart")

    async def _to_the_end(self) -> None:
        marks = [seat.mark for seat in self._party.seats]
        self._party.host.ask("play")
        within = self._case.end - REST + 8.0
        ended = [
            seat.wait_for("pause", _is_end, after=mark, within=within)
            for seat, mark in zip(self._party.seats, marks, strict=True)
        ]
        results = await asyncio.gather(*ended, return_exceptions=True)
        await asyncio.sleep(1.2)
        states = [str(seat.status.get("state")) for seat in self._party.seats]
        self._row.end = " ".join(sorted(set(states)))
        if self._case.breaks:
            seats = self._party.seats
            if not any(seat.said("error") or seat.status.get("reason") for seat in seats):
                self._row.wrong.append("end: nobody was told that the film breaks off")
            return
        if any(isinstance(result, BaseException) for result in results):
            at = self._party.host.status.get("position")
            self._row.wrong.append(f"end: not told; {self._row.end} at {at}")
            return
        self._row.end += " (told)"
        end = self._case.end - self._case.offset
        ends = (end, self._row.alone.length or end) if self._case.as_alone else (end,)
        for seat in self._party.seats:
            position = seat.status.get("position")
            if position is None or min(abs(position - end) for end in ends) > END_NEAR:
                self._row.wrong.append(f"end: {seat.name} rests at {position}")


def _is_end(line: dict[str, object]) -> bool:
    return line.get("reason_code") == "end_of_film"


class LiveScript:
    """Both look in at different times; both must play, and go on."""

    def __init__(self, case: Case, party: OddParty, row: Row) -> None:
        self._case = case
        self._party = party
        self._row = row

    async def run(self) -> None:
        """From when the guest has come."""
        host = self._party.host
        host.ask("play")
        await asyncio.sleep(13.0)
        dated = "/dated/" in self._case.path or "-now" in self._case.film
        if self._case.film in LISTS:
            loop = LISTS[self._case.film].seconds
        else:
            loop = LENGTH if self._case.listens else LONG
        most = SEGMENT + (TONE if self._case.listens else 0.0)
        for phase in ("play", "seek"):
            await self._party.watch(2.0, looks=12)
            still = [seat.name for seat in self._party.seats if not seat.reader.moves]
            if still:
                self._row.wrong.append(f"{phase}: {' and '.join(still)} stand still")
            first, second = (seat.reader for seat in self._party.seats)
            apart = place_gap(first, second)
            if apart is not None and not still:
                # A broadcast begins anew after its last segment.
                apart = (apart + loop / 2) % loop - loop / 2
                self._row.apart(phase, apart, APART if dated else most)
            await asyncio.sleep(8.0)
        told = self._party.host.said("media")[-1]
        if not told.get("is_live"):
            self._row.wrong.append(f"not known as live; length {told.get('duration')}")
        self._row.end = " ".join(sorted({str(s.status.get("state")) for s in self._party.seats}))


class OutageScript:
    """The network is away for a while in the middle of the film."""

    def __init__(self, case: Case, party: OddParty, row: Row, odd: OddWebServer) -> None:
        self._case = case
        self._party = party
        self._row = row
        self._odd = odd

    async def run(self) -> None:
        """Play, lose it, get it back."""
        self._party.host.ask("play")
        await asyncio.sleep(4.0)
        setattr(self._odd, self._case.fault, 403 if self._case.fault == "refuses" else True)
        await asyncio.sleep(self._case.seconds)
        reasons = {str(seat.status.get("reason") or "") for seat in self._party.seats} - {""}
        self._row.told += sorted(f"meanwhile: {reason}" for reason in reasons)
        setattr(self._odd, self._case.fault, 0 if self._case.fault == "refuses" else False)
        back = time.monotonic()
        apart: float | None = None
        while time.monotonic() < back + BACK_WITHIN:
            await self._party.watch(WINDOW)
            first, second = (seat.reader for seat in self._party.seats)
            apart = gap(first, second) if first.moves and second.moves else None
            if apart is not None and abs(apart) <= APART:
                self._row.end = f"back after {time.monotonic() - back:.1f} s"
                self._row.apart("play", apart)
                return
        states = [str(seat.status.get("state")) for seat in self._party.seats]
        how = f"{apart * 1000:+.0f} ms apart" if apart is not None else "not both play"
        self._row.wrong.append(f"not in step {BACK_WITHIN:.0f} s after: {states}, {how}")


class GrowingScript:
    """The film is being recorded while it is watched."""

    def __init__(self, party: OddParty, row: Row, film: Path, rest: bytes) -> None:
        self._party = party
        self._row = row
        self._film = film
        self._rest = rest

    async def run(self) -> None:
        """Play over what was its end when it was opened."""
        growing = asyncio.create_task(self._grow())
        try:
            self._party.host.ask("play")
            await asyncio.sleep(GROWN_BY)
            await self._party.watch(WINDOW)
        finally:
            growing.cancel()
            await asyncio.gather(growing, return_exceptions=True)
        first, second = (seat.reader for seat in self._party.seats)
        still = [seat.name for seat in self._party.seats if not seat.reader.moves]
        if still:
            self._row.wrong.append(f"play: {' and '.join(still)} stand still")
        self._row.apart("play", gap(first, second))
        self._row.end = f"at {self._party.host.status.get('position')}"

    async def _grow(self) -> None:
        step = len(self._rest) // 20 + 1
        for start in range(0, len(self._rest), step):
            with self._film.open("ab") as file:
                file.write(self._rest[start : start + step])
            await asyncio.sleep(0.4)


GROWN_BY: Final = 9.0
"""Seconds after which it is longer than when it was opened."""


class QueueScript:
    """Two films in an evening: what was chosen for one holds for the next."""

    def __init__(self, party: OddParty, row: Row) -> None:
        self._party = party
        self._row = row

    async def run(self) -> None:
        """Choose the second language, go on."""
        host = self._party.host
        host.ask("audio")
        await asyncio.sleep(1.0)
        before = await host.reader.socket.ask("get_property", "current-tracks/audio/lang")
        mark = host.mark
        host.ask("next")
        with contextlib.suppress(AssertionError):
            await host.wait_for("media", after=mark, within=15.0)
        await asyncio.sleep(1.0)
        after = await host.reader.socket.ask("get_property", "current-tracks/audio/lang")
        self._row.end = f"{before}, then {after}"
        if before != after or before != "fre":
            self._row.wrong.append(f"the sound was {before}, and then {after}")
