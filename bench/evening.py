"""What happens in an evening, key by key, and how far apart the players are in each phase."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.traces import Figures, apart, figures, rest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.parties import Party

SEEK_TO: Final = 30.0
"""Beyond where steady play ends."""
OUTAGE_SEEK: Final = 80.0
"""Beyond where it was when the link was cut."""
STALL: Final = 2.0
OUTAGE: Final = 10.0
SETTLE: Final = 4.0
"""Links are measured and lists exchanged before the first key."""
PHASES: Final = ("start", "steady", "seek", "pause", "resume", "stall", "outage", "late join")


class Plan(NamedTuple):
    """How long each phase is looked at, and what counts as in step; in seconds."""

    steady: float
    phase: float
    within: float

    @property
    def film(self) -> int:
        """How much of a film it takes, with something to spare."""
        return int(self.steady + 6 * self.phase + SEEK_TO + OUTAGE_SEEK + 60)

    @property
    def bound(self) -> float:
        """No run takes longer."""
        return self.steady + 7 * self.phase + 180


class Phase(NamedTuple):
    """A name and the instants between which it was looked at."""

    name: str
    since: float
    until: float


class Evening:
    """One run with one program."""

    def __init__(self, party: Party, plan: Plan) -> None:
        self._party = party
        self._plan = plan
        self.phases: list[Phase] = []
        self.figures: dict[str, Figures] = {}

    async def spend(self) -> None:
        """Press the keys and look; `figures` has what was found."""
        party = self._party
        await party.ready()
        await asyncio.sleep(SETTLE)
        await self._playing("start", party.play)
        await self._playing("steady", seconds=self._plan.steady)
        await self._seek()
        await self._pause()
        await self._playing("resume", party.play)
        await party.stall_viewer(STALL)
        await self._playing("stall")
        await self._outage()
        await party.another_viewer()
        await self._playing("late join")

    def record(self) -> dict[str, object]:
        """Everything seen, to look at later."""
        return {
            "phases": self.phases,
            "figures": self.figures,
            "sound": [trace.sound for trace in self._party.all_traces],
            "picture": [trace.picture for trace in self._party.all_traces],
            "lines": [process.lines for process in self._party.processes],
        }

    def _where(self) -> float:
        """Of the host's player."""
        said = [p.position for p in self._party.traces[0].sound[-50:] if p.position is not None]
        return said[-1]

    async def _playing(
        self,
        name: str,
        key: Callable[[], None] | None = None,
        *,
        seconds: float | None = None,
        target: float = 0.0,
        since: float | None = None,
    ) -> None:
        """Look for a while at two players that play, from ``target`` on."""
        since = time.monotonic() if since is None else since
        if key is not None:
            key()
        await asyncio.sleep(self._plan.phase if seconds is None else seconds)
        until = time.monotonic()
        found = apart(self._party.traces, since, until, lambda _, p: p >= target - 0.5)
        self._note(Phase(name, since, until), figures(found, since, self._plan.within))

    async def _seek(self) -> None:
        target = self._where() + SEEK_TO
        await self._playing("seek", lambda: self._party.seek(round(target)), target=round(target))

    async def _pause(self) -> None:
        since = time.monotonic()
        self._party.pause()
        await asyncio.sleep(max(4.0, self._plan.phase / 2))
        until = time.monotonic()
        found = rest(self._party.traces, since, until, self._plan.within)
        self._note(Phase("pause", since, until), found)

    async def _outage(self) -> None:
        link = self._party.links[1]
        link.cut()
        try:
            await asyncio.sleep(OUTAGE / 2)
            target = round(self._where() + OUTAGE_SEEK)
            self._party.seek(target)
            await asyncio.sleep(OUTAGE / 2)
        finally:
            link.mend()
        await self._playing("outage", target=target)

    def _note(self, phase: Phase, found: Figures) -> None:
        self.phases.append(phase)
        self.figures[phase.name] = found
        print(
            f"  {self._party.name:9} {phase.name:10} in step after {found.settled:6.2f} s,"
            f" median {found.median:8.2f}  p95 {found.p95:8.2f}  max {found.most:8.2f} ms",
            file=sys.stderr,
        )
