"""What benches have in common: options, runs, a folder and a film for each, medians, a table."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import resource
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from bench.heartbeat import heartbeat
from bench.links import WAYS
from bench.table import table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Coroutine, Iterable, Sequence

    from bench.links import Way

Found = dict[str, tuple[float, ...]]
"""Rows by name, one figure for each column."""


class Column(NamedTuple):
    """A title, and how a figure is written."""

    title: str
    form: str = ".1f"


MACHINE: Final = (Column("others", ".2f"), Column("late p99"), Column("late max"))
"""What the machine did meanwhile: see ``docs/bench.md``."""


class Setting(NamedTuple):
    """What one run is held with."""

    folder: Path
    """Empty, and gone afterwards."""
    film: Path
    way: Way
    seconds: float
    quick: bool
    trace: Path | None
    """Where to keep what was seen."""

    def keep(self, record: object) -> None:
        """Write down what was seen, when asked to."""
        if self.trace is not None:
            self.trace.mkdir(parents=True, exist_ok=True)
            text = json.dumps(record, default=_plain)
            (self.trace / f"{self.folder.name}.json").write_text(text, encoding="utf-8")


class Trial(Protocol):
    """One bench: a party held once for each link and run."""

    title: str
    columns: tuple[Column, ...]

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film that is watched for ``seconds``."""
        ...

    async def hold(self, setting: Setting) -> Found:
        """Hold one party and look."""
        ...


def arguments(
    parser: ArgumentParser, *, seconds: float, of: str, quick: float, links: Sequence[str]
) -> None:
    """Add the options that all have."""
    names = ", ".join(links)
    parser.add_argument("--link", action="append", choices=WAYS, help=f"{names} if left out")
    parser.add_argument("--runs", type=int, default=3, help="medians over so many (3)")
    parser.add_argument("--seconds", type=float, help=f"{of} ({seconds:.0f})")
    parser.add_argument("--quick", action="store_true", help="one short run on one link")
    parser.add_argument("--trace", type=Path, help="a folder for everything seen, as JSON")
    parser.set_defaults(full_seconds=seconds, quick_seconds=quick, default_links=links)


def run(trial: Trial, options: Namespace) -> None:
    """Hold all parties and print one table."""
    results: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(until_told(_hold_all(trial, options, results)))
    columns = (*trial.columns, *MACHINE)
    rows = [
        [link, name, str(len(runs)), *_row(columns, runs)] for (link, name), runs in results.items()
    ]
    head = ["link", "", "runs", *(column.title for column in columns)]
    print(f"\n{table(f'{trial.title}; medians of the runs', head, rows)}")


async def until_told(work: Coroutine[None, None, None]) -> None:
    """End what runs when told to; asyncio does so for ctrl+c by itself."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await work


async def _hold_all(
    trial: Trial, options: Namespace, results: dict[tuple[str, str], list[tuple[float, ...]]]
) -> None:
    seconds = options.seconds or (options.quick_seconds if options.quick else options.full_seconds)
    links: Sequence[str] = options.link or options.default_links
    if options.quick:
        links = links[:1]
    with tempfile.TemporaryDirectory(prefix="mb-") as name:
        print("making a film", file=sys.stderr)
        film = await asyncio.to_thread(trial.film, Path(name), seconds)
        for number in range(1 if options.quick else options.runs):
            for link in links:
                folder = Path(name) / f"{number}-{link}"
                folder.mkdir()
                setting = Setting(folder, film, WAYS[link], seconds, options.quick, options.trace)
                print(f"run {number + 1}, {link}", file=sys.stderr)
                for row, figures in (await _held(trial, setting)).items():
                    results.setdefault((link, row), []).append(figures)
                    print(f"  {row}: {_said(trial.columns, figures)}", file=sys.stderr)


async def _held(trial: Trial, setting: Setting) -> Found:
    before = Load.now()
    try:
        async with asyncio.timeout(setting.seconds * 15 + 300), heartbeat() as late:
            found = await trial.hold(setting)
    except (AssertionError, TimeoutError, OSError) as error:
        print(f"  did not get through: {error!r}", file=sys.stderr)
        return {"failed": (math.nan,) * (len(trial.columns) + len(MACHINE))}
    others = Load.now().others_since(before)
    return {name: (*figures, others, late[1], late[0]) for name, figures in found.items()}


class Load(NamedTuple):
    """Processor time spent since whenever, in seconds."""

    instant: float
    machine: float
    """What a host of virtual machines has taken away included; nan where it is not told."""
    ours: float

    @classmethod
    def now(cls) -> Load:
        """Of children, only those that have ended count."""
        used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ours = sum(usage.ru_utime + usage.ru_stime for usage in used)
        return cls(time.monotonic(), _machine_seconds(), ours)

    def others_since(self, before: Load) -> float:
        """How many processors were busy with what is not ours."""
        spent = self.machine - before.machine - (self.ours - before.ours)
        return max(0.0, spent / (self.instant - before.instant))


def _machine_seconds() -> float:
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return math.nan
    user, nice, system, _, _, irq, softirq, stolen = map(int, fields[:8])
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")


def _row(columns: Sequence[Column], runs: Sequence[tuple[float, ...]]) -> Iterable[str]:
    medians = (statistics.median(values) for values in zip(*runs, strict=True))
    return (_cell(column, value) for column, value in zip(columns, medians, strict=True))


def _said(columns: Sequence[Column], figures: Sequence[float]) -> str:
    titled = zip((*columns, *MACHINE), figures, strict=True)
    return ", ".join(f"{column.title} {_cell(column, value)}" for column, value in titled)


def _cell(column: Column, value: float) -> str:
    return "" if math.isnan(value) else format(value, column.form)


def _plain(value: object) -> object:
    return str(value)
