"""The same party held with matinee and with Syncplay: a host, a viewer, a way for each."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from bench.families import end_all, family, tell
from bench.links import Link
from bench.traces import INTERVAL, Trace
from tests.cast import Process, SeatProcess, ServerProcess

if TYPE_CHECKING:
    from bench.links import Way

WAIT: Final = 20.0
SEEDS: Final = (11, 12)
"""Both programs meet the same links."""


class Place(NamedTuple):
    """Where a party is held."""

    folder: Path
    film: Path
    way: Way
    outputs: tuple[tuple[tuple[str, str], ...], ...]
    """mpv options of the host and of the viewer."""
    video: bool = False
    viewer_way: Way | None = None
    """Where the viewer's differs from the host's."""
    interval: float = INTERVAL
    """Seconds between two looks at a player."""


class Seated(NamedTuple):
    """One seat: its process, its player as seen from outside."""

    process: Process
    trace: Trace


class Party(ABC):
    """A host and a viewer with the film open and paused at its beginning."""

    name: str

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stack = AsyncExitStack()
        self._sockets = 0
        self.seats: list[Seated] = []
        self.links: list[Link] = []
        self.processes: list[Process] = []
        """All there ever were, to read what they said."""
        self.all_traces: list[Trace] = []

    async def __aenter__(self) -> Self:
        try:
            port = await self._serve()
            place = self._place
            for way, seed in zip((place.way, place.viewer_way or place.way), SEEDS, strict=True):
                link = Link(port, way, seed)
                self.links.append(await self._stack.enter_async_context(link.running()))
            for index in (0, 1):
                self.seats.append(await self._seated(index))
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for seat in self.seats:
            await seat.trace.stop()
        await self._stack.aclose()

    @abstractmethod
    async def _serve(self) -> int:
        """Start the server; returns its port."""

    @abstractmethod
    async def join(self, index: int) -> Seated:
        """Start the host (0) or a viewer (1)."""

    @abstractmethod
    async def ready(self) -> None:
        """Wait for what the program itself says before it can play."""

    @abstractmethod
    def play(self) -> None:
        """The host's key."""

    @abstractmethod
    def pause(self) -> None:
        """The host's key."""

    @abstractmethod
    def seek(self, position: float) -> None:
        """The host's key."""

    @property
    def traces(self) -> list[Trace]:
        """Of the host and the viewer."""
        return [seat.trace for seat in self.seats]

    async def stall_viewer(self, seconds: float) -> None:
        """Stop the viewer's processes for a while."""
        pids = await asyncio.to_thread(family, self.seats[1].process.pid)
        tell(pids, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            tell(pids, signal.SIGCONT)

    async def another_viewer(self) -> None:
        """The viewer leaves, and somebody else comes; returns when his film is open."""
        await self.seats[1].trace.stop()
        await end_process(self.seats[1].process)
        await asyncio.sleep(1.0)
        self.seats[1] = await self._seated(1)

    async def _seated(self, index: int) -> Seated:
        seat = await self.join(index)
        self.all_traces.append(seat.trace)
        await seat.trace.opened(WAIT)
        seat.trace.start()
        return seat

    def _options(self, index: int) -> tuple[Path, tuple[tuple[str, str], ...]]:
        """A socket of its own for each new player."""
        self._sockets += 1
        path = self._place.folder / f"{self.name}-{self._sockets}.sock"
        return path, (*self._place.outputs[index], ("input-ipc-server", str(path)))

    def _keep(self, process: Process) -> None:
        self.processes.append(process)
        self._stack.push_async_callback(end_process, process)


async def end_process(process: Process) -> None:
    """End it and everything that it started."""
    if process.returncode is None:
        pids = await asyncio.to_thread(family, process.pid)
        await asyncio.to_thread(end_all, pids)
        await process.wait()
    await process.end()


class MatineeParty(Party):
    """Seats without a face."""

    name = "matinee"
    invite = ""

    def new_server(self) -> ServerProcess:
        """Not started yet."""
        return ServerProcess()

    def new_seat(self, index: int) -> SeatProcess:
        """The host's (0) or a viewer's (1), not started yet."""
        return SeatProcess()

    async def _serve(self) -> int:
        server = self.new_server()
        await server.start(self._place.folder / "party.sqlite")
        self._keep(server)
        return server.port

    async def join(self, index: int) -> Seated:
        """Start the host (0) or a viewer (1)."""
        path, options = self._options(index)
        seat = self.new_seat(index)
        url = f"http://127.0.0.1:{self.links[index].port}"
        film = str(self._place.film)
        video = "window" if self._place.video else "none"
        if index == 0:
            await seat.host(url, film, mpv=options, video=video)
        else:
            await seat.join(self.invite, film, mpv=options, video=video, server=url)
        self._keep(seat)
        ready = await seat.wait_for("ready", within=WAIT)
        self.invite = str(ready["invite"] or self.invite)
        return Seated(seat, Trace(path, self._place.interval))

    async def ready(self) -> None:
        """Wait for what the program itself says before it can play."""
        for seat in self.seats:
            await seat.process.wait_for("media", within=WAIT)

    def play(self) -> None:
        """The host's key."""
        self.seats[0].process.ask("play")

    def pause(self) -> None:
        """The host's key."""
        self.seats[0].process.ask("pause")

    def seek(self, position: float) -> None:
        """The host's key."""
        self.seats[0].process.ask(f"seek {position:.0f}")


LOOPBACK_SERVER: Final = """
import functools
from twisted.internet import endpoints
for name, address in (("TCP4ServerEndpoint", "127.0.0.1"), ("TCP6ServerEndpoint", "::1")):
    bound = functools.partial(getattr(endpoints, name), interface=address)
    setattr(endpoints, name, bound)
from syncplay.ep_server import main
main()
"""
"""Syncplay's own server listens to everybody; a bench should not."""
SYNCPLAY_SETTINGS: Final = """[client_settings]
readyatstart = True
[general]
language = en
checkforupdatesautomatically = False
"""
INSTALL: Final = (
    "Syncplay is not installed, so matinee is measured alone; on Debian, as root:"
    " apt-get install --no-install-recommends syncplay syncplay-server mpv"
)


def free_port() -> int:
    """One on loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def has_syncplay() -> bool:
    """Whether its client, its server and its player are here."""
    return all(map(shutil.which, ("syncplay", "syncplay-server", "mpv")))


class SyncplayParty(Party):
    """Console clients, each of which starts an mpv of its own."""

    name = "syncplay"

    async def _serve(self) -> int:
        port = free_port()
        command = (*syncplay_python(), "-c", LOOPBACK_SERVER, "--port", str(port))
        await self._launch("server", *command)
        async with asyncio.timeout(WAIT):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    return port
                await asyncio.sleep(0.05)

    async def join(self, index: int) -> Seated:
        """Start the host (0) or a viewer (1)."""
        path, options = self._options(index)
        name = f"seat{self._sockets}"
        process = await self._launch(
            name,
            *("syncplay", "--no-gui", "--no-store", "--room", "bench", "--name", name),
            *("--host", f"127.0.0.1:{self.links[index].port}"),
            *("--player-path", str(shutil.which("mpv")), str(self._place.film), "--"),
            *(f"--{option}={value}" for option, value in (("config", "no"), *options)),
        )
        return Seated(process, Trace(path, self._place.interval))

    async def ready(self) -> None:
        """It says nothing of it; the players are looked at."""

    def play(self) -> None:
        """The host's key."""
        self.seats[0].process.ask("p")

    def pause(self) -> None:
        """The host's key."""
        self.seats[0].process.ask("p")

    def seek(self, position: float) -> None:
        """The host's key."""
        self.seats[0].process.ask(f"s {position:.0f}")

    async def _launch(self, name: str, *command: str) -> Process:
        """Start it with a home of its own; what it prints goes into a file there."""
        home = self._place.folder / f"syncplay-{name}"
        home.mkdir()
        (home / "syncplay.ini").write_text(SYNCPLAY_SETTINGS, encoding="utf-8")
        dirs = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(home))
        process = Process()
        await process.launch(
            *("sh", "-c", 'exec "$@" >"$0" 2>&1', str(home / "log"), *command),
            cwd=home,
            env={**dirs, "PYTHONPATH": "", "PYTHONUNBUFFERED": "1"},
        )
        self._keep(process)
        return process


def syncplay_python() -> list[str]:
    """The interpreter that has Syncplay's modules: the one its server names."""
    script = Path(str(shutil.which("syncplay-server"))).read_text(encoding="utf-8")
    return script.splitlines()[0].removeprefix("#!").split()


def party_named(name: str, place: Place) -> Party:
    """``matinee`` or ``syncplay``."""
    return {"matinee": MatineeParty, "syncplay": SyncplayParty}[name](place)
