"""A seat in step for ten minutes: what it does to its player, and whether anybody hears it.

The viewer plays a pure tone into a recorded sound device; beside it, into the other device,
mpv plays the same film alone. A gap is a silence, a click a step in the tone.
"""

from __future__ import annotations

import asyncio
import contextlib
from array import array
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from bench import trials
from bench.evening import SETTLE
from bench.films import SOUND_RATE, TONE, tone_film
from bench.flaws import Flaws, flaws
from bench.mpv_socket import observed
from bench.parties import MatineeParty, Place, end_process
from bench.speakers import INSTALL, channels, has_speakers, outputs, recorded, speakers
from bench.traces import apart, steady
from bench.trials import Column, Found, Setting
from tests.cast import NULL_OUTPUTS, Process

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from bench.mpv_socket import Change

LEAD_IN: Final = 10.0
"""Seconds from the key until it counts as steady play."""


class Locked:
    """The trial."""

    title = (
        "locked: the largest change of rate in %, jumps and rates written, ms between the players,"
        " gaps and clicks in what is heard; alone: mpv without matinee at the same time"
    )
    columns = (
        Column("rate %", ".3f"),
        Column("written", ".0f"),
        Column("jumps", ".0f"),
        Column("seen", ".3f"),
        Column("median", ".2f"),
        Column("p95", ".2f"),
        Column("max", ".2f"),
        Column("gaps", ".0f"),
        Column("silent ms", ".1f"),
        Column("clicks", ".0f"),
    )

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film: a pure tone."""
        return tone_film(folder, seconds + LEAD_IN + 30)

    async def hold(self, setting: Setting) -> Found:
        """Play and listen."""
        file = setting.folder / "party.raw"
        place = Place(setting.folder, setting.film, setting.way, (NULL_OUTPUTS, outputs(0)))
        async with (
            speakers(setting.folder, SOUND_RATE),
            MatineeParty(place) as party,
            alone(setting.film, outputs(1)),
        ):
            await party.ready()
            await asyncio.sleep(SETTLE)
            party.play()
            await asyncio.sleep(LEAD_IN)
            viewer = party.seats[1]
            mark = viewer.process.mark
            loop = asyncio.get_running_loop()
            async with (
                observed(viewer.trace.path, "speed") as changes,
                recorded(file, SOUND_RATE),
            ):
                since = loop.time()
                await asyncio.sleep(setting.seconds)
                until = loop.time()
            lines = viewer.process.lines[mark:]
            found = apart(party.traces, since, until)
            seat, mpv = await asyncio.to_thread(_flaws, file)
            record = {"rates": changes, "lines": lines, "apart": found, "seat": seat, "mpv": mpv}
            setting.keep(record)
        nothing = (float("nan"),) * 7
        return {
            "seat": (
                max((abs(rate - 1) * 100 for rate in rates(changes)), default=0.0),
                max(0, len(rates(changes)) - 1),
                jumps(changes, lines),
                *steady(found),
                *_counts(seat),
            ),
            "alone": (*nothing, *_counts(mpv)),
        }


def rates(changes: Sequence[Change]) -> list[float]:
    """All rates a player was told, the one at the beginning first."""
    return [float(c.value) for c in changes if c.name == "speed" and c.value is not None]


def jumps(changes: Sequence[Change], lines: Sequence[dict[str, object]]) -> int:
    """Seeks in a player that nobody asked for; what the seat says of it counts as well."""
    told = sum(line.get("event") == "correction" for line in lines)
    return max(told, sum(change.name == "seek" for change in changes))


@asynccontextmanager
async def alone(film: Path, options: Sequence[tuple[str, str]]) -> AsyncGenerator[Process]:
    """The same film in mpv without matinee until left."""
    process = Process()
    await process.launch(
        *("mpv", "--no-config", "--no-terminal", "--load-scripts=no"),
        *(f"--{name}={value}" for name, value in options),
        str(film),
    )
    try:
        yield process
    finally:
        await end_process(process)


def _flaws(file: Path) -> tuple[Flaws, Flaws]:
    heard = channels(file)
    with contextlib.suppress(OSError):
        file.unlink()
    # The first moment of a recording may be silent before the recorder is connected.
    first, second = (array("h", sound[SOUND_RATE // 2 :]) for sound in heard)
    return flaws(first, SOUND_RATE, TONE), flaws(second, SOUND_RATE, TONE)


def _counts(found: Flaws) -> tuple[float, ...]:
    return len(found.gaps), found.silent * 1000, len(found.clicks)


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    trials.arguments(parser, seconds=600, of="of steady play", quick=30, links=("wan",))


def run(options: Namespace) -> None:
    """Measure and print one table."""
    if not has_speakers():
        print(INSTALL)
        return
    trials.run(Locked(), options)
