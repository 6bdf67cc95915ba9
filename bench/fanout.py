"""How soon N viewers, or M streams of a few, hear of an event, and what that costs the server.

Beside matinee's server, in the same run and with messages of the same size: a loop that only
writes, which is the floor, and Syncplay's server where it is installed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench.fanout_load import Task
from bench.parties import LOOPBACK_SERVER, free_port, syncplay_python
from bench.table import table
from tests.cast import Process, ServerProcess

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import AsyncGenerator

HEAD: Final = (
    "server", "last p50 ms", "p99", "max", "each p50", "p99", "CPU us", "bytes", "all in s",
    "joins/s", "CPU ms", "KiB each", "closed",
)  # fmt: skip
TICK: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE") / 1024
WITHIN: Final = 180.0


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--viewers", type=int, default=1000, help="of each stream")
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--events", type=int, default=50, help="of each stream")
    parser.add_argument("--interval", type=float, default=0.2, help="seconds between two of them")
    parser.add_argument("--runs", type=int, default=3, help="medians over so many")
    parser.add_argument("--only", choices=["matinee", "syncplay", "floor"], action="append")
    parser.add_argument("--quick", action="store_true", help="one run, 200 viewers, 10 events")


class Server:
    """One that is measured, and what it takes of the machine."""

    def __init__(self, name: str, process: Process, port: int, dialect: str) -> None:
        self.name, self.process, self.port, self.dialect = name, process, port, dialect

    def cpu(self) -> float:
        """Seconds, user and system, since its start."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / TICK

    def memory(self) -> float:
        """KiB that are its own."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return (int(pages[1]) - int(pages[2])) * PAGE


@asynccontextmanager
async def started(name: str, folder: Path, size: int) -> AsyncGenerator[Server]:
    """A server of this name for as long as the context lasts."""
    process: Process = Process()
    if name == "matinee":
        process = ServerProcess()
        await process.start(folder / f"{os.urandom(4).hex()}.db")
        server = Server(name, process, process.port, "matinee")
    elif name == "floor":
        await process.launch(sys.executable, "-m", "bench.fanout_floor", str(size))
        url = str((await process.wait_for("listening"))["url"])
        server = Server(name, process, int(url.rpartition(":")[2]), "bare")
    else:
        port = free_port()
        await process.launch(
            *("sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh"),
            *(*syncplay_python(), "-c", LOOPBACK_SERVER, "--port", str(port)),
            cwd=folder,
            env={"PYTHONPATH": ""},
        )
        await _reachable(port)
        server = Server(name, process, port, "syncplay")
    try:
        yield server
    finally:
        await process.end()


async def _reachable(port: int) -> None:
    async with asyncio.timeout(WITHIN):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


class Load(Process):
    """The process with the clients."""

    async def start(self) -> Load:
        """Ready for tasks."""
        await self.launch(sys.executable, "-m", "bench.fanout_load")
        await self.wait_for("ready")
        return self

    async def do(self, task: Task, answer: str) -> dict[str, Any]:
        """One task, to its end."""
        after = self.mark
        self.ask(msgspec.json.encode(task).decode())
        return await self.wait_for(answer, after=after, within=WITHIN)


class Figures(msgspec.Struct):
    """Of one run."""

    last: list[float]
    each: list[float]
    cpu: float
    size: float
    joined: float
    joins: float
    join_cpu: float
    memory: float
    closed: int


async def measure(name: str, folder: Path, options: Namespace, size: int) -> Figures:
    """One server, one crowd."""
    load = await Load().start()
    try:
        async with started(name, folder, size) as server:
            task = Task(
                "join",
                port=server.port,
                streams=options.streams,
                seats=options.viewers,
                events=options.events,
                interval=options.interval,
                dialect=server.dialect,
                size=size,
            )
            memory, cpu = server.memory(), server.cpu()
            joined = await load.do(task, "joined")
            seats = options.streams * (options.viewers + 1)
            if int(joined["joined"]) < seats:
                print(f"{name}: only {joined['joined']} of {seats} were let in")
            join_cpu = (server.cpu() - cpu) / seats
            await asyncio.sleep(1.0)
            memory = (server.memory() - memory) / seats
            cpu = server.cpu()
            sent = await load.do(msgspec.structs.replace(task, do="events"), "sent")
            cpu = server.cpu() - cpu
            if sent["deliveries"] < sent["expected"]:
                print(f"{name}: {sent['deliveries']} of {sent['expected']} deliveries")
            if sent["behind"] > 0.05:
                print(f"{name}: the clients were {sent['behind']:.2f} s behind with sending")
            return Figures(
                last=[1000 * s for s in sent["last"]],
                each=[1000 * s for s in sent["each"]],
                cpu=1e6 * cpu / max(1, sent["frames"]),
                size=sent["bytes"] / max(1, sent["frames"]),
                joined=joined["seconds"],
                joins=options.streams * options.viewers / joined["seconds"],
                join_cpu=1000 * join_cpu,
                memory=memory,
                closed=int(sent["closed"]) + int(joined["closed"]),
            )
    finally:
        await load.end()


async def _run(options: Namespace) -> None:
    if options.quick:
        options.runs, options.viewers, options.events = 1, min(options.viewers, 200), 10
    names = options.only or ["matinee", "floor", "syncplay"]
    found: dict[str, list[Figures]] = {name: [] for name in names}
    size = 300
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        for _ in range(options.runs):
            for name in names:
                figures = await measure(name, Path(folder), options, size)
                if name == "matinee":
                    size = round(figures.size) - 4
                found[name].append(figures)
    print(
        table(
            f"{options.streams} x {options.viewers}", HEAD, [_row(n, f) for n, f in found.items()]
        )
    )


def _row(name: str, runs: list[Figures]) -> list[str]:
    def of(values: list[float]) -> float:
        return median(values)

    return [
        name,
        *(f"{of([r.last[i] for r in runs]):.1f}" for i in range(3)),
        *(f"{of([r.each[i] for r in runs]):.1f}" for i in range(2)),
        f"{of([r.cpu for r in runs]):.1f}",
        f"{of([r.size for r in runs]):.0f}",
        f"{of([r.joined for r in runs]):.2f}",
        f"{of([r.joins for r in runs]):.0f}",
        f"{of([r.join_cpu for r in runs]):.2f}",
        f"{of([r.memory for r in runs]):.1f}",
        str(max(r.closed for r in runs)),
    ]


def run(options: Namespace) -> None:
    """Measure and print one table."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"open files: {soft} raised to {hard} for the bench and what it starts")
    asyncio.run(_run(options))
