"""A party from the first process to the last: server, seats and a face."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from player.api.local_path import path_of, path_text
from player.video.frame_buffer import FrameBuffer, create_frame_buffer
from protocol.exceptions import ListenError, SettingsError, StoreLocked
from protocol.log_line import LINE_HEAD, TIME_FORMAT
from tui.launch.demo import SecondSeat
from tui.launch.faces import Face, PrintedFace, ScreenFace
from tui.processes.seat import SeatProcess
from tui.processes.server import EmbeddedServer
from tui.storage import paths
from tui.storage.audio_delays import AudioDelays
from tui.storage.hosted_parties import HostedParties

if TYPE_CHECKING:
    from player.api import views
    from player.api.config import SeatConfig
    from tui.launch.plan import LaunchPlan, ServerPlan
    from tui.processes.server import ServerUrls


def _log_to(file: Path | None) -> None:
    handler: logging.Handler = logging.NullHandler()
    if file is not None:
        handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    # A full disk is nothing that a log could tell.
    logging.raiseExceptions = False
    formatter = logging.Formatter(f"{LINE_HEAD} process=%(process)d %(message)s", TIME_FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


async def run_party(party: LaunchPlan) -> int:
    """Run the party; everything that was started has ended when this returns.

    Raises:
        MatineeError: what went wrong, for people.
    """
    _log_to(paths.log_file("face.log"))
    async with contextlib.AsyncExitStack() as stack:
        if party.face == "tui":
            # Takes a while: best done while the server starts.
            preparing = asyncio.create_task(
                asyncio.to_thread(importlib.import_module, "tui.screen.app")
            )
            stack.push_async_callback(asyncio.wait, [preparing])
        server, party = await _served(party, stack)
        frame_buffer, config = _with_frame_buffer(party.seat, stack)
        face: Face = (
            ScreenFace(
                frame_buffer,
                party.theme,
                _leave_text(party),
                serves=party.server is not None,
                language=party.language,
            )
            if party.face == "tui"
            else PrintedFace(party.face)
        )
        runtime = paths.unused_runtime() if config.video == "terminal" else ""
        said = "; ".join(filter(None, (party.notice, runtime)))
        notices = [said] if said else []
        second = SecondSeat(party.second, face)
        observers = [second.observe]

        def tell(view: views.AnyView) -> None:
            for observe in observers:
                observe(view)
            # The first line of all is the seat's.
            while notices:
                face.report(notices.pop())

        seat = SeatProcess(config, observer=tell)
        observers.append(AudioDelays(paths.trims_file(), seat.send, apply=party.kept_trim).observe)
        if party.hosted is not None:
            hosted = HostedParties(party.hosted, paths.keys_folder())
            observers.append(hosted.observe)
            stack.callback(_say_how_to_return, party, hosted)
        stack.push_async_callback(second.end)
        stack.push_async_callback(seat.end)
        if server is not None:
            watch = asyncio.create_task(server.watch(face.report))
            stack.callback(watch.cancel)
        return await face.run(seat)


async def _served(
    party: LaunchPlan, stack: contextlib.AsyncExitStack
) -> tuple[EmbeddedServer | None, LaunchPlan]:
    """The own server, if it is to be, and the party as it is with it."""
    own = party.server
    if own is None:
        return None, party
    is_back = party.seat.returning
    server, urls, used = await _started(own, is_back, stack)
    port = urls.local.rpartition(":")[2]
    public = (urls.lan or urls.local) if own.lan else ""
    seat = msgspec.structs.replace(party.seat, server=urls.local, public=public)
    hosted = party.hosted
    if hosted is not None:
        listen = f"{own.listen.rpartition(':')[0]}:{port}"
        hosted = msgspec.structs.replace(hosted, listen=listen, database=used.databases[0])
    place = _of_place(own, used, port, is_back=is_back)
    notice = "; ".join(filter(None, (party.notice, place)))
    return server, replace(party, seat=seat, notice=notice, hosted=hosted)


async def _started(
    own: ServerPlan, is_back: bool, stack: contextlib.AsyncExitStack
) -> tuple[EmbeddedServer, ServerUrls, ServerPlan]:
    """The server, its addresses, and where it had to be put, its database the first one."""
    log = paths.log_file("server.log")
    while own.databases:
        server = EmbeddedServer(
            own.listen, str(path_of(own.databases[0])), options=own.options, log_file=log
        )
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


def _of_place(wanted: ServerPlan, used: ServerPlan, port: str, *, is_back: bool) -> str:
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


def _leave_text(party: LaunchPlan) -> str:
    """What becomes of the party when its host leaves, "" for one who may just go."""
    if party.hosted is None:
        return ""
    if party.server is not None:
        return "Its server is yours and stops: their films go on alone, until you are back."
    return "It goes on without a host."


def _say_how_to_return(party: LaunchPlan, hosted: HostedParties) -> None:
    if hosted.is_kept and party.face != "json":
        sys.stderr.write(f"matinee: {paths.WAY_BACK} brings you back to this party\n")


def _with_frame_buffer(
    config: SeatConfig, stack: contextlib.ExitStack | contextlib.AsyncExitStack
) -> tuple[FrameBuffer | None, SeatConfig]:
    if config.video != "terminal":
        return None, config
    try:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="matinee-", dir=paths.runtime_folder())
        )
        file = Path(folder) / "frames"
        create_frame_buffer(file)
        frame_buffer = FrameBuffer(file)
    except OSError as error:
        why = f"its pictures have no room in {paths.runtime_folder()} ({error.strerror})"
        raise SettingsError("video", why, "use --video none, or make room there") from None
    stack.callback(frame_buffer.close)
    return frame_buffer, msgspec.structs.replace(config, stage_file=path_text(file))


def run(party: LaunchPlan) -> int:
    """`run_party` in a loop of its own."""
    try:
        return asyncio.run(run_party(party))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        sys.stdout.flush()
