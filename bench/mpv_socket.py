"""Looks into a seat's mpv from outside, through mpv's own IPC socket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


class Reading(NamedTuple):
    """A position and the monotonic instant it belongs to, in seconds."""

    instant: float
    position: float
    bracket: float


class _Answer(msgspec.Struct):
    data: Any = None
    request_id: int = -1
    error: str = ""


class MpvSocket:
    """One connection to one mpv."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._request = 0

    @classmethod
    async def open(cls, path: Path, within: float = 10.0) -> MpvSocket:
        """Connect as soon as mpv has made its socket."""
        async with asyncio.timeout(within):
            while True:
                try:
                    return cls(*await asyncio.open_unix_connection(path))
                except OSError:
                    await asyncio.sleep(0.05)

    async def read(self, name: str = "audio-pts") -> Reading | None:
        """Read a numeric property between two looks at the clock."""
        before = time.monotonic()
        try:
            value = await self.ask("get_property", name)
        except ConnectionError:
            return None
        after = time.monotonic()
        if not isinstance(value, int | float):
            return None
        return Reading((before + after) / 2, float(value), after - before)

    async def ask(self, *command: object) -> object:
        """Give a command and wait; returns its data, None where it failed or has none.

        Raises:
            ConnectionError: the player has ended.
        """
        self._request += 1
        request = {"command": command, "request_id": self._request}
        self._writer.write(msgspec.json.encode(request) + b"\n")
        while True:
            line = await self._reader.readline()
            if not line:
                raise ConnectionError("the player has ended")
            try:
                answer = msgspec.json.decode(line, type=_Answer)
            except msgspec.ValidationError:
                continue
            if answer.request_id == self._request:
                return answer.data

    async def listen(self, changes: list[Change], names: tuple[str, ...]) -> None:
        """Write down what happens, for ever."""
        for number, name in enumerate(names, 1):
            command = {"command": ["observe_property", number, name]}
            self._writer.write(msgspec.json.encode(command) + b"\n")
        while line := await self._reader.readline():
            with contextlib.suppress(msgspec.ValidationError):
                told = msgspec.json.decode(line, type=_Told)
                if told.event:
                    changes.append(Change(time.monotonic(), told.name or told.event, told.data))

    def close(self) -> None:
        """Let go."""
        self._writer.close()


class Change(NamedTuple):
    """Something that happened in a player: an event, or a property's new value."""

    instant: float
    name: str
    value: float | bool | None = None


class _Told(msgspec.Struct):
    event: str = ""
    name: str = ""
    data: float | bool | None = None


@contextlib.asynccontextmanager
async def observed(path: Path, *names: str) -> AsyncGenerator[list[Change]]:
    """What happens in a player until left: its events, and changes of the properties named."""
    changes: list[Change] = []
    socket = await MpvSocket.open(path)
    listening = asyncio.create_task(socket.listen(changes, names))
    try:
        yield changes
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        socket.close()
