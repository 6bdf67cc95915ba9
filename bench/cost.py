"""What a seat costs beside mpv alone, in processor time; and what a busy face does to its step.

All play the same film at the same time into null outputs: a seat without a face, a seat with
the screen (120 x 36, in a terminal in memory), and mpv without matinee. Nobody looks into the
players while the time is taken.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from typing import TYPE_CHECKING, Final

from bench import trials
from bench.evening import SETTLE
from bench.families import seconds_used
from bench.locked import alone
from bench.parties import MatineeParty, Place
from bench.terminals import Face, face
from bench.traces import Trace, apart, steady
from bench.trials import Column, Found, Setting
from tests.cast import NULL_OUTPUTS
from tests.films import Films

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Coroutine
    from pathlib import Path

LEAD_IN: Final = 8.0
NAN: Final = float("nan")
KEYS: Final = ("\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~", "\t", "?", "\x1b")
"""Up, down, a page up, a page down, the next part, help and away again."""
SIZES: Final = ((120, 36), (80, 24), (160, 50), (60, 20))


class Cost:
    """The trial."""

    title = (
        "cost in % of one processor, mpv's own taken off for more; below, watched from outside,"
        " ms between the host's player and that of the seat with the screen"
    )
    columns = (
        Column("used %"),
        Column("more %"),
        Column("seen", ".3f"),
        Column("median", ".2f"),
        Column("p95", ".2f"),
        Column("max", ".2f"),
    )

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film; like most, it has 24 frames a second and a picture to decode."""
        return Films(folder).counter_film(round(3 * seconds) + 90, 24, "640x360")

    async def hold(self, setting: Setting) -> Found:
        """Play; take the time; then look at the players, with the screen calm and busy."""
        place = Place(setting.folder, setting.film, setting.way, (NULL_OUTPUTS,) * 2)
        socket = setting.folder / "screen.sock"
        async with MatineeParty(place) as party:
            await party.ready()
            with face(setting.folder, _join(party.invite, setting.film, socket)) as screen:
                seen = Trace(socket)
                await seen.opened(30.0)
                await asyncio.sleep(SETTLE)
                party.play()
                async with alone(setting.film, NULL_OUTPUTS) as mpv:
                    await asyncio.sleep(LEAD_IN)
                    for trace in party.traces:
                        await trace.stop()
                    pids = {
                        "mpv alone": mpv.pid,
                        "host's seat": party.seats[0].process.pid,
                        "viewer's seat": party.seats[1].process.pid,
                        "seat and screen": screen.pid,
                    }
                    used = await _used(pids, setting.seconds)
                pair = [party.traces[0], seen]
                for trace in pair:
                    trace.start()
                await asyncio.sleep(1.0)
                calm = await _apart(pair, setting.seconds, screen)
                busy = await _apart(pair, setting.seconds, screen, _storm)
                await seen.stop()
        floor = used["mpv alone"]
        found: Found = {
            name: (share, NAN if name == "mpv alone" else share - floor, NAN, NAN, NAN, NAN)
            for name, share in used.items()
        }
        found["screen calm"] = calm
        found["screen busy"] = busy
        return found


def _join(invite: str, film: Path, socket: Path) -> list[str]:
    return [
        *("join", invite, str(film), "--name", "Cleo", "--video", "none"),
        *("--mpv", "ao=null", "--mpv", f"input-ipc-server={socket}"),
    ]


async def _used(pids: dict[str, int], seconds: float) -> dict[str, float]:
    """% of one processor that each and all it started used."""
    before = {name: seconds_used(pid) for name, pid in pids.items()}
    since = time.monotonic()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - since
    return {name: (seconds_used(pid) - before[name]) / elapsed * 100 for name, pid in pids.items()}


async def _apart(
    pair: list[Trace],
    seconds: float,
    screen: Face,
    meanwhile: Callable[[Face], Coroutine[None, None, None]] | None = None,
) -> tuple[float, ...]:
    since = time.monotonic()
    busy = asyncio.create_task(meanwhile(screen)) if meanwhile else None
    try:
        used = await _used({"": screen.pid}, seconds)
    finally:
        if busy is not None:
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)
    return (used[""], NAN, *steady(apart(pair, since, time.monotonic())))


async def _storm(screen: Face) -> None:
    """Keys and new sizes, faster than anybody's fingers."""
    for key, number in zip(itertools.cycle(KEYS), itertools.count(), strict=False):
        screen.press(key)
        if number % 5 == 0:
            screen.resize(*SIZES[number // 5 % len(SIZES)])
        await asyncio.sleep(0.04)


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    trials.arguments(parser, seconds=60, of="of each part", quick=12, links=("lan",))


def run(options: Namespace) -> None:
    """Measure and print one table."""
    if not os.path.exists("/proc/self/stat"):
        print("what a process uses is read from /proc, which this machine does not have")
        return
    trials.run(Cost(), options)
