"""mpv alone: what it makes of a film, to be compared with what a party makes of it."""

from __future__ import annotations

import asyncio
import subprocess
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from bench.soak.odd.reader import SHOWS, PlayerReader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path


class Alone(NamedTuple):
    """What mpv did."""

    opens: bool = False
    plays: bool = False
    length: float | None = None
    """Its position at the end; None where it came to none."""
    landings: tuple[float | None, ...] = ()
    """Where in the film it was after each seek."""
    said: str = ""
    """Its last complaint."""


@asynccontextmanager
async def playing_alone(
    folder: Path, media: str, options: Sequence[tuple[str, str]], *, listens: bool
) -> AsyncGenerator[PlayerReader]:
    """An mpv of its own that has been told to open ``media``."""
    socket = folder / "a.sock"
    log = (folder / "alone.log").open("wb")
    words = [f"--{name}={value}" for name, value in (*SHOWS, *options)]
    process = await asyncio.create_subprocess_exec(
        *("mpv", "--no-config", "--vo=null", "--ao=null", "--idle=yes", "--keep-open=yes"),
        *(
            "--pause",
            "--hr-seek=yes",
            "--term-status-msg=",
            "--msg-color=no",
            "--no-input-terminal",
        ),
        *(f"--input-ipc-server={socket}", *words, "--", media),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        reader = await PlayerReader.open(socket, listens=listens)
        try:
            yield reader
        finally:
            reader.close()
    finally:
        process.kill()
        await process.wait()
        log.close()


async def watch_alone(
    folder: Path,
    media: str,
    options: Sequence[tuple[str, str]],
    seeks: Sequence[float],
    *,
    listens: bool,
    to_the_end: bool,
) -> Alone:
    """Open, play, seek, play to the end."""
    async with playing_alone(folder, media, options, listens=listens) as reader:
        opens = await _opened(reader, 10.0)
        plays, landings, length = False, list[float | None](), None
        if opens:
            await reader.socket.ask("set_property", "pause", False)
            await asyncio.sleep(1.0)
            await reader.watch(1.2)
            plays = reader.moves
            await reader.socket.ask("set_property", "pause", True)
            for position in seeks:
                await reader.socket.ask("seek", position, "absolute+exact")
                await asyncio.sleep(0.7)
                landings.append((await reader.place()).seconds)
            if to_the_end:
                await reader.socket.ask("set_property", "pause", False)
                length = await _end(reader, 10.0)
    lines = (folder / "alone.log").read_text(encoding="utf-8", errors="replace").splitlines()
    said = next((line for line in reversed(lines) if "rror" in line or "ailed" in line), "")
    return Alone(opens, plays, length, tuple(landings), said)


async def _opened(reader: PlayerReader, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if await reader.socket.read("time-pos") is not None:
            return True
        await asyncio.sleep(0.05)
    return False


async def _end(reader: PlayerReader, within: float) -> float | None:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if await reader.socket.ask("get_property", "eof-reached") is True:
            found = await reader.socket.read("time-pos")
            return found.position if found is not None else None
        await asyncio.sleep(0.05)
    return None
