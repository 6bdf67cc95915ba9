"""One evening with matinee and with Syncplay: how soon two real players are in step, how closely.

Every seat runs as a process of its own with null outputs, behind a proxy that delays what it
sends and receives. Positions are read through mpv's IPC sockets, not through anything that
either program measures.
"""

from __future__ import annotations

import asyncio
import json
import math
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.evening import PHASES, Evening, Plan
from bench.links import WAYS
from bench.parties import INSTALL, Place, has_syncplay, party_named
from bench.table import table
from bench.traces import Figures, median_of
from tests.cast import NULL_OUTPUTS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

PROGRAMS: Final = ("matinee", "syncplay")
QUICK: Final = 8.0
Results = dict[tuple[str, str, str], list[Figures]]
"""By link, program and phase."""


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--link", action="append", choices=WAYS, help="all of them if left out")
    parser.add_argument("--only", choices=PROGRAMS, help="this program alone")
    parser.add_argument("--runs", type=int, default=3, help="medians over so many")
    parser.add_argument("--seconds", type=float, default=60.0, help="of steady play (60)")
    parser.add_argument("--within", type=float, default=50.0, help="ms that count as in step (50)")
    parser.add_argument("--quick", action="store_true", help="shorter phases, for a short look")
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
    results = asyncio.run(_interruptible(options, programs))
    for name in options.link or WAYS:
        print()
        print(_table(name, programs, options, results))


async def _interruptible(options: Namespace, programs: list[str]) -> Results:
    """End what runs when told to; asyncio does so for ctrl+c by itself."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await _measure(options, programs)


async def _measure(options: Namespace, programs: list[str]) -> Results:
    phase = QUICK if options.quick else 12.0
    steady = min(options.seconds, QUICK) if options.quick else options.seconds
    plan = Plan(steady, phase, options.within / 1000)
    results: Results = {}
    with tempfile.TemporaryDirectory(prefix="mb-") as name:
        film = options.film or await _film(Path(name), plan.film)
        for number in range(options.runs):
            for link in options.link or WAYS:
                for program in programs[:: 1 if number % 2 == 0 else -1]:
                    print(f"run {number + 1}, {link}, {program}", file=sys.stderr)
                    folder = Path(name) / f"{number}-{link}-{program[0]}"
                    folder.mkdir()
                    outputs = (NULL_OUTPUTS, NULL_OUTPUTS)
                    place = Place(folder, film, WAYS[link], outputs)
                    found = await _evening(program, place, plan, options.trace)
                    for phase_name, row in found.items():
                        results.setdefault((link, program, phase_name), []).append(row)
    return results


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
            runs = results.get((link, program, phase))
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
