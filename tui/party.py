"""An evening from the first process to the last: server, seats and a face."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import secrets
import signal
import sys
import tempfile
import termios
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

import msgspec

from player import views
from player.stage import Stage, create_stage
from protocol.exceptions import ListenError, MatineeError, StoreLocked
from protocol.invite import parse_invite
from tui import places
from tui.embedded_server import EmbeddedServer
from tui.parties import PartyKeeper
from tui.plain import LineFace, Output
from tui.printers import JsonPrinter, PlainPrinter, wants_colour
from tui.seat_process import Seat, SeatLine, SeatProcess
from tui.trims import TrimKeeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.config import SeatConfig
    from tui.parties import HostedParty

FaceKind = Literal["tui", "plain", "json"]
TUI_STATUS_INTERVAL: Final = 0.5
"""Seconds; the graph of drift gets a point each time."""
HANG_UP_TIMEOUT: Final = 3.0
"""Seconds to end in once the terminal is gone."""
SECOND: Final = "second"
"""Name in JSON lines of the demo's other seat."""


class SeatEnded(MatineeError):
    """The seat ended with an error, which has been shown or is shown now."""


@dataclass(frozen=True, slots=True)
class OwnServer:
    """The sync server that a host starts for the evening."""

    listen: str
    """HOST:PORT"""
    databases: tuple[str, ...]
    """The first that no other server uses is taken."""
    elsewhere: bool = False
    """Another port will do when that one is taken."""
    options: tuple[str, ...] = ()
    """More arguments for it."""
    lan: str = ""
    """What invites name in the place of the loopback, "" for what it listens on."""


@dataclass(frozen=True, slots=True)
class Party:
    """What is to run."""

    seat: SeatConfig
    face: FaceKind
    server: OwnServer | None = None
    second: SeatConfig | None = None
    """Another seat, which joins by the invite."""
    theme: str = ""
    greeting: str = ""
    """Said at the beginning, "" for nothing; the own server may have something to say."""
    kept_trim: bool = True
    """The sound is shifted as it was last time on the same device."""
    keeping: HostedParty | None = None
    """What is written down of it, for its host to come back."""


class Face(Protocol):
    """What shows the evening to a person or a program."""

    async def run(self, seat: Seat) -> int: ...

    def report(self, message: str) -> None: ...

    def show_second(self, line: SeatLine) -> None: ...


class TuiFace:
    """The face in the terminal."""

    def __init__(
        self, stage: Stage | None, theme: str, parting: str, *, serves: bool = False
    ) -> None:
        self._stage = stage
        self._theme = theme
        self._parting = parting
        self._serves = serves
        self._reports: list[str] = []
        self._say: Callable[[str], None] = self._reports.append

    async def run(self, seat: Seat) -> int:
        """Show it until the person leaves.

        Raises:
            SeatEnded: why the seat ended.
        """
        from tui.app import MatineeApp

        app = MatineeApp(
            seat,
            stage=self._stage,
            theme=self._theme,
            reports=self._reports,
            parting=self._parting,
            serves=self._serves,
        )
        self._say = app.say
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, app.leave)

        def hang_up(_number: int, _frame: object) -> None:
            _hang_up(loop, app.leave)

        signal.signal(signal.SIGHUP, hang_up)
        error = await app.run_async()
        if app.return_code:
            log = places.log_file("face.log")
            raise SeatEnded("the screen broke", f"{log} says how; --plain works without it")
        if error is not None:
            raise SeatEnded(error.message or error.code, error.remedy)
        return 0

    def report(self, message: str) -> None:
        """Something that the seat does not know."""
        self._say(message)

    def show_second(self, line: SeatLine) -> None:
        """The second seat is seen among the members."""


def _hang_up(loop: asyncio.AbstractEventLoop, leave: Callable[[], None]) -> None:
    """End in order, or anyway.

    Once the terminal is gone, Textual's writing thread would die of the first write, and
    everybody who has something to draw would wait for it for ever.
    """
    try:
        termios.tcgetattr(1)
    except (termios.error, OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)

    def last_resort() -> None:
        time.sleep(HANG_UP_TIMEOUT)
        os._exit(128 + signal.SIGHUP)

    threading.Thread(target=last_resort, name="hang-up", daemon=True).start()
    loop.call_soon_threadsafe(leave)


class PrintedFace(LineFace):
    """A face of lines, which in JSON shows a second seat as well."""

    def __init__(self, kind: FaceKind) -> None:
        is_json = kind == "json"
        printer = JsonPrinter() if is_json else PlainPrinter(colour=wants_colour())
        super().__init__(printer, Output())
        self._second = JsonPrinter(SECOND) if is_json else None

    def show_second(self, line: SeatLine) -> None:
        """Its lines carry its name."""
        if self._second is not None:
            self.show(line, self._second)


async def run_party(party: Party) -> int:
    """Run the evening; everything that was started has ended when this returns.

    Raises:
        MatineeError: what went wrong, for people.
    """
    logging.basicConfig(
        filename=places.log_file("face.log"),
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(process)d %(name)s %(message)s",
    )
    async with contextlib.AsyncExitStack() as stack:
        if party.face == "tui":
            # Takes a while: best done while the server starts.
            preparing = asyncio.create_task(asyncio.to_thread(importlib.import_module, "tui.app"))
            stack.push_async_callback(asyncio.wait, [preparing])
        server, party = await _served(party, stack)
        stage, config = _staged(party.seat, stack)
        face: Face = (
            TuiFace(stage, party.theme, _parting(party), serves=party.server is not None)
            if party.face == "tui"
            else PrintedFace(party.face)
        )
        greetings = [party.greeting] if party.greeting else []
        second = _SecondSeat(party.second, face)
        ears = [second.listen]

        def tell(view: views.AnyView) -> None:
            for ear in ears:
                ear(view)
            # The first line of all is the seat's.
            while greetings:
                face.report(greetings.pop())

        seat = SeatProcess(config, heard=tell)
        ears.append(TrimKeeper(places.trims_file(), seat.send, apply=party.kept_trim).hear)
        if party.keeping is not None:
            keeper = PartyKeeper(party.keeping, places.keys_folder())
            ears.append(keeper.hear)
            stack.callback(_say_how_to_return, party, keeper)
        stack.push_async_callback(second.end)
        stack.push_async_callback(seat.end)
        if server is not None:
            watch = asyncio.create_task(server.watch(face.report))
            stack.callback(watch.cancel)
        return await face.run(seat)


async def _served(
    party: Party, stack: contextlib.AsyncExitStack
) -> tuple[EmbeddedServer | None, Party]:
    """The own server, if it is to be, and the party as it is with it."""
    own = party.server
    if own is None:
        return None, party
    is_back = party.seat.returning
    server, url, used = await _started(own, is_back, stack)
    port = url.rpartition(":")[2]
    local = f"http://127.0.0.1:{port}" if own.lan else url
    public = f"http://{own.lan}:{port}" if own.lan else ""
    seat = msgspec.structs.replace(party.seat, server=local, public=public)
    keeping = party.keeping
    if keeping is not None:
        listen = f"{own.listen.rpartition(':')[0]}:{port}"
        keeping = msgspec.structs.replace(keeping, listen=listen, database=used.databases[0])
    greeting = _of_place(own, used, port, is_back=is_back)
    return server, replace(party, seat=seat, greeting=greeting, keeping=keeping)


async def _started(
    own: OwnServer, is_back: bool, stack: contextlib.AsyncExitStack
) -> tuple[EmbeddedServer, str, OwnServer]:
    """The server, its address, and where it had to be put, its database the first one."""
    log = places.log_file("server.log")
    while own.databases:
        server = EmbeddedServer(own.listen, own.databases[0], options=own.options, log_file=log)
        stack.push_async_callback(server.stop)
        try:
            return server, await server.start(), own
        except StoreLocked:
            own = replace(own, databases=own.databases[1:])
        except ListenError:
            if not own.elsewhere:
                raise
            own = replace(own, listen=f"{own.listen.rpartition(':')[0]}:0", elsewhere=False)
    if is_back:
        raise StoreLocked("this party, or another one, is hosted here just now", "leave it first")
    raise StoreLocked("too many parties are hosted here", "leave one of them first")


def _of_place(wanted: OwnServer, used: OwnServer, port: str, *, is_back: bool) -> str:
    """What a host should know of where his server is; "" when it is where he expects it."""
    said: list[str] = []
    old_port = wanted.listen.rpartition(":")[2]
    if old_port != used.listen.rpartition(":")[2]:
        said.append(f"port {old_port} is taken, so the server listens on {port}")
        if is_back:
            said.append("the guests need the new invite")
    if wanted.databases[0] != used.databases[0]:
        said.append(f"another party is hosted here, so this one's log is {used.databases[0]}")
    return "; ".join(said)


def _parting(party: Party) -> str:
    """What becomes of the party when its host leaves, "" for one who may just go."""
    if party.keeping is None:
        return ""
    if party.server is not None:
        return "Its server is yours and stops: their films go on alone, until you are back."
    return "It goes on without a host."


def _say_how_to_return(party: Party, keeper: PartyKeeper) -> None:
    if keeper.is_kept and party.face != "json":
        sys.stderr.write(f"matinee: {places.WAY_BACK} brings you back to this party\n")


def _staged(
    config: SeatConfig, stack: contextlib.ExitStack | contextlib.AsyncExitStack
) -> tuple[Stage | None, SeatConfig]:
    if config.video != "terminal":
        return None, config
    folder = stack.enter_context(
        tempfile.TemporaryDirectory(prefix="matinee-", dir=places.runtime_folder())
    )
    file = Path(folder) / "stage"
    create_stage(file)
    stage = Stage(file)
    stack.callback(stage.close)
    return stage, msgspec.structs.replace(config, stage_file=str(file))


class _SecondSeat:
    """Joins as soon as the first seat has an invite."""

    def __init__(self, config: SeatConfig | None, face: Face) -> None:
        self._config = config
        self._face = face
        self._seat: SeatProcess | None = None
        self._life: asyncio.Task[None] | None = None

    def listen(self, view: views.AnyView) -> None:
        """Hear what the first seat says."""
        if not isinstance(view, views.Ready) or not view.invite:
            return
        if self._config is None or self._seat is not None:
            return
        invite = parse_invite(view.invite)
        self._seat = SeatProcess(
            msgspec.structs.replace(
                self._config,
                server=invite.server,
                stream_id=invite.stream_id,
                token=invite.token,
            )
        )
        self._life = asyncio.create_task(self._live(self._seat))

    async def end(self) -> None:
        """Let it leave, too."""
        if self._seat is not None and self._life is not None:
            await self._seat.end()
            await asyncio.wait([self._life], timeout=1.0)

    async def _live(self, seat: SeatProcess) -> None:
        async for line in seat.lines():
            self._face.show_second(line)


def new_instance_id() -> str:
    """Who a seat is: random, and nobody else knows it."""
    return secrets.token_urlsafe(24)


def run(party: Party) -> int:
    """`run_party` in a loop of its own."""
    try:
        return asyncio.run(run_party(party))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        sys.stdout.flush()
