"""One evening with matinee and with Syncplay: how soon two real players are in step, how closely.

Every seat runs as a process of its own with null outputs, behind a proxy that delays what it
sends and receives. Positions are read through mpv's IPC sockets, not through anything that
either program measures. Then, on a screen in memory, both windows side by side show which
frames were seen together.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import screen
from bench.evening import PHASES, Evening, Plan
from bench.links import WAYS
from bench.parties import INSTALL, Place, has_syncplay, party_named
from bench.table import table
from bench.traces import Figures, median_of
from bench.trials import until_told
from tests.cast import NULL_OUTPUTS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from bench.screen import Seen

PROGRAMS: Final = ("matinee", "syncplay")
QUICK: Final = 8.0
PARTS: Final = ("positions", "screen")
SCREEN_SECONDS: Final = 10.0


class Results:
    """What was found, by link and program."""

    def __init__(self) -> None:
        self.figures: dict[tuple[str, str, str], list[Figures]] = {}
        """By phase, too."""
        self.seen: dict[tuple[str, str], list[Seen]] = {}


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--link", action="append", choices=WAYS, help="all of them if left out")
    parser.add_argument("--only", choices=PROGRAMS, help="this program alone")
    parser.add_argument("--runs", type=int, default=3, help="medians over so many")
    parser.add_argument("--seconds", type=float, default=60.0, help="of steady play (60)")
    parser.add_argument("--within", type=float, default=50.0, help="ms that count as in step (50)")
    parser.add_argument("--quick", action="store_true", help="shorter phases, for a short look")
    parser.add_argument("--part", choices=PARTS, help="one alone; both if left out")
    parser.add_argument(
        "--film", type=Path, help="a local film; a built-in one is made if left out"
    )
    parser.add_argument("--trace", type=Path, help="a folder for all positions and lines")


def run(options: Namespace) -> None:
    """Measure and print one table for each link."""
    programs: list[str] = [options.only] if options.only else [*PROGRAMS]
    if "syncplay" in programs and not has_syncplay():
        print(INSTALL)
        programs = ["matinee"]
    parts: list[str] = [options.part] if options.part else [*PARTS]
    if "screen" in parts and not screen.has_screen():
        print(screen.INSTALL)
        parts.remove("screen")
    results = Results()
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(until_told(_measure(options, programs, parts, results)))
    for name in options.link or WAYS:
        if "positions" in parts:
            print(f"\n{_table(name, programs, options, results)}")
    if "screen" in parts:
        print(f"\n{_screen_table(programs, options, results)}")


async def _measure(
    options: Namespace, programs: list[str], parts: list[str], results: Results
) -> None:
    phase = QUICK if options.quick else 12.0
    steady = min(options.seconds, QUICK) if options.quick else options.seconds
    plan = Plan(steady, phase, options.within / 1000)
    with tempfile.TemporaryDirectory(prefix="mb-") as name:
        film = options.film or await _film(Path(name), plan.film)
        for number in range(options.runs):
            for link in options.link or WAYS:
                for program in programs[:: 1 if number % 2 == 0 else -1]:
                    print(f"run {number + 1}, {link}, {program}", file=sys.stderr)
                    folder = Path(name) / f"{number}-{link}-{program[0]}"
                    if "positions" in parts:
                        place = Place(_made(folder), film, WAYS[link], (NULL_OUTPUTS,) * 2)
                        found = await _evening(program, place, plan, options.trace)
                        for phase_name, row in found.items():
                            key = (link, program, phase_name)
                            results.figures.setdefault(key, []).append(row)
                    if "screen" in parts:
                        folder = _made(folder.with_name(f"{folder.name}-x"))
                        place = Place(folder, film, WAYS[link], screen.outputs(), video=True)
                        if (seen := await _on_screen(program, place)) is not None:
                            results.seen.setdefault((link, program), []).append(seen)


async def _on_screen(program: str, place: Place) -> Seen | None:
    try:
        async with (
            asyncio.timeout(120),
            screen.display(),
            party_named(program, place) as party,
        ):
            seen = await screen.watch(party, SCREEN_SECONDS)
    except (AssertionError, TimeoutError, OSError) as error:
        print(f"  {program} was not seen: {error!r}", file=sys.stderr)
        return None
    print(f"  {program:9} {seen}", file=sys.stderr)
    return seen


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _evening(
    program: str, place: Place, plan: Plan, traces: Path | None
) -> dict[str, Figures]:
    evening = None
    try:
        async with asyncio.timeout(plan.bound), party_named(program, place) as party:
            evening = Evening(party, plan)
            try:
                await evening.spend()
            finally:
                if traces is not None:
                    _keep(traces / f"{place.folder.name}.json", evening)
    except (AssertionError, TimeoutError, OSError) as error:
        print(f"  {program} did not get through: {error!r}", file=sys.stderr)
    return evening.figures if evening is not None else {}


def _keep(file: Path, evening: Evening) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(evening.record()), encoding="utf-8")


def _table(link: str, programs: list[str], options: Namespace, results: Results) -> str:
    head = ["phase"]
    for program in programs:
        head += [f"{program}: in step", "median", "p95", "max"]
    if len(programs) == 2:
        head += ["sooner", "closer"]
    rows: list[list[str]] = []
    for phase in PHASES:
        row = [phase]
        medians: list[Figures] = []
        for program in programs:
            runs = results.figures.get((link, program, phase))
            if not runs:
                row += ["failed", "", "", ""]
                continue
            found = median_of(runs)
            medians.append(found)
            took = f"{found.settled:.2f} s" if found.settled < math.inf else "never"
            row += [took, *(f"{value:.1f}" for value in found[1:])]
        if len(programs) == 2:
            row += _factors(*medians) if len(medians) == 2 else ["", ""]
        rows.append(row)
    title = (
        f"{WAYS[link].title}: seconds until within {options.within:.0f} ms for good,"
        f" then distance in ms; medians of {options.runs}"
    )
    return table(title, head, rows)


def _screen_table(programs: list[str], options: Namespace, results: Results) -> str:
    rows: list[list[str]] = []
    for link in options.link or WAYS:
        for program in programs:
            runs = results.seen.get((link, program))
            if not runs:
                rows.append([link, program, "failed", "", "", "", "", ""])
                continue
            seen = screen.median_seen(runs)
            shares = (f"{seen.same:.1%}", f"{seen.near:.1%}")
            rest = (f"{value:.0f}" for value in (seen.median, seen.p95, seen.paused))
            rows.append([link, program, f"{seen.grabs:.0f}", *shares, *rest])
    head = ["link", "program", "grabs", "same", "or next", "median", "p95", "paused"]
    title = f"on screen, 60 frames a second: frames apart in one grab; medians of {options.runs}"
    return table(title, head, rows)


def _factors(ours: Figures, theirs: Figures) -> list[str]:
    """How many times sooner and (by the median distance) closer we are."""
    return [_factor(ours.settled, theirs.settled), _factor(ours.median, theirs.median)]


def _factor(ours: float, theirs: float) -> str:
    if ours == theirs:
        return "1"
    if theirs == math.inf or ours == 0:
        return "∞"
    return f"{theirs / ours:.1f}" if ours < math.inf else "0"


async def _film(folder: Path, seconds: int) -> Path:
    from tests.films import Films

    print(f"making a film of {seconds} s", file=sys.stderr)
    return await asyncio.to_thread(Films(folder).counter_film, seconds, 60)
