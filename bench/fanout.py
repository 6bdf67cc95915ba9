"""How soon N viewers, or M streams of a few, hear of an event, and what that costs the server.

Beside matinee's server, in the same run and with messages of the same size: a loop that only
writes, which is the floor, and Syncplay's server where it is installed.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench.fanout_load import Task
from bench.parties import LOOPBACK_SERVER, free_port, syncplay_python
from bench.table import percentile, table
from tests.cast import Process, ServerProcess

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import AsyncGenerator

HEAD: Final = (
    "server", "last p50 ms", "p99", "max", "each p50", "p99", "CPU us", "x floor", "bytes",
    "all in s", "joins/s", "CPU ms", "KiB each", "closed",
)  # fmt: skip
TICK: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE") / 1024
WITHIN: Final = 180.0
ROUNDS: Final = 5
"""How often two bad guests come in a run: each is gone after a few seconds."""


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--viewers", type=int, default=1000, help="of each stream")
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--events", type=int, default=200, help="of each stream")
    parser.add_argument("--interval", type=float, default=0.1, help="seconds between two of them")
    parser.add_argument("--runs", type=int, default=3, help="medians over so many")
    parser.add_argument("--only", choices=["matinee", "syncplay", "floor"], action="append")
    parser.add_argument(
        "--part",
        choices=["fan", "spoil", "restart"],
        action="append",
        help="fan: an event to everybody (the default); spoil: the same beside one viewer who"
        " never reads and one who floods; restart: the server is killed, and all come back",
    )
    parser.add_argument("--quick", action="store_true", help="one run, 200 viewers, 10 events")


class Server:
    """One that is measured, and what it takes of the machine."""

    def __init__(
        self, name: str, process: Process, port: int, dialect: str, database: Path = Path()
    ) -> None:
        self.name, self.process, self.port, self.dialect = name, process, port, dialect
        self.database = database

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
        database = folder / f"{os.urandom(4).hex()}.db"
        await process.start(database)
        server = Server(name, process, process.port, "matinee", database)
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
            if sent["blurred"]:
                share = sent["blurred"] / sent["expected"]
                print(f"{name}: the times of {share:.1%} of the deliveries are not known")
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


@asynccontextmanager
async def party(folder: Path, options: Namespace) -> AsyncGenerator[tuple[Load, Server, Task]]:
    """matinee's server with everybody in."""
    load = await Load().start()
    try:
        async with started("matinee", folder, 0) as server:
            task = Task(
                "join",
                port=server.port,
                streams=options.streams,
                seats=options.viewers,
                events=options.events,
                interval=options.interval,
            )
            await load.do(task, "joined")
            yield load, server, task
    finally:
        await load.end()


async def spoil(folder: Path, options: Namespace) -> list[str]:
    """Events with nobody but the party before and after those that two bad guests disturb."""
    before, beside, after, codes = list[float](), list[float](), list[float](), set[str]()
    lost = 0
    async with party(folder, options) as (load, _, task):
        do = msgspec.structs.replace
        few = do(task, do="events", events=max(1, options.events // ROUNDS))
        for _ in range(ROUNDS):
            before += (await load.do(few, "sent"))["lasts"]
            await load.do(do(task, do="spoil"), "spoiled")
            sent = await load.do(few, "sent")
            beside += sent["lasts"]
            lost = int(sent["lost"])
            codes.add((re.findall(r'"code":"(\w+)"', sent["flood"]) or ["no"])[-1])
            after += (await load.do(few, "sent"))["lasts"]
    lasts = [
        [1000 * percentile(sorted(of), p) for p in (50, 99)] for of in (before + after, beside)
    ]
    return [
        *(f"{value:.1f}" for last in lasts for value in last),
        f"{lasts[1][1] / lasts[0][1]:.2f}",
        f"{percentile(sorted(after), 99) / percentile(sorted(before), 99):.2f}",
        str(lost),
        " ".join(sorted(codes)),
    ]


async def restart(folder: Path, options: Namespace) -> list[str]:
    """Killed in the middle of the film; started again on its port, with its database."""
    async with party(folder, options) as (load, server, task):
        do = msgspec.structs.replace
        await load.do(do(task, do="events", events=3), "sent")
        coming = asyncio.create_task(load.do(do(task, do="return"), "back"))
        await load.wait_for("waiting")
        server.process.kill(signal.SIGKILL)
        await server.process.wait()
        again = ServerProcess()
        try:
            await again.start(server.database, server.port)
            back = await coming
            await load.do(do(task, do="events", events=3), "sent")
            missed = await load.do(do(task, do="missed"), "missed")
        finally:
            await again.end()
        for wrong in missed["wrong"]:
            print(f"a viewer saw: {wrong}")
        seats = options.streams * (options.viewers + 1)
        return [
            f"{back['seconds']:.1f}",
            f"{back['joined']} of {seats}",
            str(back["attempts"]),
            str(missed["behind"]),
        ]


SPOIL_HEAD: Final = (
    "run",
    "last p50 ms",
    "p99",
    "beside p50",
    "p99",
    "ratio",
    "noise",
    "others lost",
    "flood closed",
)
RESTART_HEAD: Final = ("run", "all back in s", "seats", "attempts", "behind")


async def _run(options: Namespace) -> None:
    if options.quick:
        options.runs, options.viewers, options.events = 1, min(options.viewers, 200), 10
    size = f"{options.streams} x {options.viewers}"
    for part in options.part or ["fan"]:
        if part == "fan":
            await _fan(options, size)
            continue
        measured, head = (spoil, SPOIL_HEAD) if part == "spoil" else (restart, RESTART_HEAD)
        rows: list[list[str]] = []
        for number in range(options.runs):
            with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
                rows.append([str(number + 1), *await measured(Path(folder), options)])
        print(table(f"{part}, {size}", head, rows))


async def _fan(options: Namespace, title: str) -> None:
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
    floors = [figures.cpu for figures in found.get("floor", ())]
    print(table(title, HEAD, [_row(n, f, floors) for n, f in found.items()]))


def _row(name: str, runs: list[Figures], floors: list[float]) -> list[str]:
    # What a processor does in a microsecond differs from one minute to the next.
    times = [r.cpu / floor for r, floor in zip(runs, floors, strict=False)]

    def of(values: list[float]) -> float:
        return median(values)

    return [
        name,
        *(f"{of([r.last[i] for r in runs]):.1f}" for i in range(3)),
        *(f"{of([r.each[i] for r in runs]):.1f}" for i in range(2)),
        f"{of([r.cpu for r in runs]):.1f}",
        f"{of(times):.2f}" if times else "",
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
