"""Compatibility: seats of an older commit in a party with today's, on either server.

`scripts/compat [COMMIT]` takes the commit out of the history into a temporary folder, holds two
parties with real players and tells what was seen; the exit status is 1 if anything was not.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tarfile
import tempfile
from argparse import ArgumentParser
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from bench.links import WAYS, Link
from bench.table import table
from tests.cast import Process, SeatProcess, ServerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

ROOT: Final = Path(__file__).resolve().parent.parent
FIRST: Final = "063fa1d"
"""The commit before the wire knew versions."""
FILM: Final = ROOT / "tui" / "demo" / "film.mp4"
NEAR_MS: Final = 150.0
"""Drift of a seat that follows, on a machine that may be busy."""
OUTAGE: Final = 16.0
"""Seconds without a link: longer than a seat waits for a word."""


class _Rooted(Process):
    """A child that runs the code of one tree."""

    root = ROOT

    async def launch(
        self, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> Self:
        """As `Process.launch`, with the tree first on the path."""
        del cwd
        more = {**(env or {}), "PYTHONPATH": str(self.root)}
        return await super().launch(*arguments, cwd=self.root, env=more)


class _Seat(_Rooted, SeatProcess):
    """A seat of either tree."""


class _Server(_Rooted, ServerProcess):
    """A server of either tree."""


class Step(NamedTuple):
    """One thing that was tried."""

    party: str
    what: str
    seen: bool


class _Evening:
    """One party: a host, and two viewers of either age behind links of their own."""

    def __init__(self, name: str, steps: list[Step]) -> None:
        self._name = name
        self._steps = steps
        self.seats: dict[str, SeatProcess] = {}
        self.links: dict[str, Link] = {}

    async def see(self, what: str, *waits: Awaitable[object]) -> None:
        """Note whether all of it came to pass."""
        results = await asyncio.gather(*waits, return_exceptions=True)
        wrong = [result for result in results if isinstance(result, BaseException)]
        self._steps.append(Step(self._name, what, not wrong))
        for problem in wrong:
            sys.stderr.write(f"{self._name}, {what}: {problem}\n")

    async def everybody(self, what: str, event: str, asker: str, line: str, **found: Any) -> None:
        """One asks; every seat is told."""
        marks = {name: seat.mark for name, seat in self.seats.items()}
        self.seats[asker].ask(line)
        await self.see(
            what,
            *(
                seat.wait_for(event, lambda told: found.items() <= told.items(), after=marks[name])
                for name, seat in self.seats.items()
            ),
        )

    async def in_step(self, what: str, state: str, position: float) -> None:
        """Every seat is where the party is."""

        def is_there(told: dict[str, Any]) -> bool:
            drift, here = told.get("drift_ms"), told.get("position")
            return (
                told.get("state") == state
                and drift is not None
                and abs(drift) < NEAR_MS
                and here is not None
                and here >= position
            )

        await self.see(
            what,
            *(seat.wait_for("status", is_there, after=seat.mark) for seat in self.seats.values()),
        )


async def _hold(name: str, steps: list[Step], server_root: Path, roots: dict[str, Path]) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="matinee-")))
        server = _Server()
        server.root = server_root
        await server.start(folder / "party.sqlite")
        stack.push_async_callback(server.end)
        evening = _Evening(name, steps)
        invite = ""
        for who, root in roots.items():
            link = await stack.enter_async_context(_link(server.port))
            seat = _Seat()
            seat.root = root
            url = f"http://127.0.0.1:{link.port}"
            if invite:
                await seat.join(invite, str(FILM), server=url, name=who)
            else:
                await seat.host(url, str(FILM), name=who)
            stack.push_async_callback(seat.end)
            evening.seats[who], evening.links[who] = seat, link
            await evening.see(f"{who} joins", seat.wait_for("ready"), seat.wait_for("media"))
            invite = invite or str(seat.last("ready")["invite"])
        await _act(evening, *roots)


@asynccontextmanager
async def _link(port: int) -> AsyncGenerator[Link]:
    async with Link(port, WAYS["lan"]).running() as link:
        yield link


async def _act(evening: _Evening, host: str, viewer: str, other: str) -> None:
    await evening.everybody("play", "play", host, "play")
    await evening.in_step("all play in step", "playing", 0.5)
    await evening.everybody("seek", "seek", host, "seek 40")
    await evening.in_step("all are at the new place", "playing", 40.0)
    await evening.everybody("rate", "rate", host, "rate 1.25")
    await evening.everybody("pause", "pause", host, "pause")
    await evening.in_step("all rest at one place", "paused", 40.0)
    await evening.everybody("play again", "play", host, "play")
    await evening.everybody("chat", "chat", other, "say hello", text="hello")
    mark = evening.seats[viewer].mark
    evening.seats[viewer].ask("resync")
    await evening.see("resync", evening.seats[viewer].wait_for("resync", after=mark))
    await _reconnect(evening, viewer)
    await _reconnect(evening, other)
    await evening.everybody("hand-over", "host_change", host, f"give {viewer}", name=viewer)
    await evening.everybody("the new host pauses", "pause", viewer, "pause")
    await evening.everybody("the new host seeks", "seek", viewer, "seek 10")
    await evening.everybody("the old host takes it back", "host_change", host, "take", name=host)
    await evening.everybody("and plays", "play", host, "play")
    await evening.in_step("all play in step at the end", "playing", 10.0)
    for who, seat in evening.seats.items():
        lost = sum(line.get("event") == "recovered" for line in seat.lines)
        expected = 0 if who == host else 1
        await evening.see(f"{who} reconnected {lost} times", _true(lost == expected))


async def _reconnect(evening: _Evening, who: str) -> None:
    """The link of one is gone for a while, and the host goes elsewhere meanwhile."""
    seat, link = evening.seats[who], evening.links[who]
    mark = seat.mark
    link.cut()
    await evening.see(
        f"{who} sees the outage", seat.wait_for("reconnecting", after=mark, within=30)
    )
    await asyncio.sleep(max(0.0, OUTAGE - 12.0))
    link.mend()
    await evening.see(f"{who} is back", seat.wait_for("recovered", after=mark, within=30))
    await evening.in_step(f"{who} is in step again", "playing", 0.0)


async def _true(fact: bool) -> None:
    if not fact:
        raise AssertionError("another number was expected")


def _take_out(commit: str, folder: Path) -> None:
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit], check=True, stdout=subprocess.PIPE
    )
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tree:
        tree.extractall(folder, filter="data")


def main() -> int:
    """Hold both parties; the exit status."""
    parser = ArgumentParser(prog="scripts/compat", description=__doc__)
    parser.add_argument("commit", nargs="?", default=FIRST)
    commit = parser.parse_args().commit
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="matinee-old-") as folder:
        old = Path(folder)
        _take_out(commit, old)
        parties = {
            "old host, new server": (ROOT, {"Ana": old, "Ben": ROOT, "Cleo": old}),
            "new host, new server": (ROOT, {"Ana": ROOT, "Ben": old, "Cleo": ROOT}),
            "new host, old server": (old, {"Ana": ROOT, "Ben": ROOT, "Cleo": old}),
        }
        for name, (server, roots) in parties.items():
            sys.stderr.write(f"{name}\n")
            asyncio.run(_hold(name, steps, server, roots))
    rows = [[step.party, step.what, "yes" if step.seen else "NO"] for step in steps]
    print(table(f"{commit} beside this tree", ["party", "what", "seen"], rows))
    return 0 if all(step.seen for step in steps) else 1


if __name__ == "__main__":
    sys.exit(main())
