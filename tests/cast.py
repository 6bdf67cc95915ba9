"""Real processes to measure and to test with: a server, and seats without a face."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import msgspec

from player.api.config import SeatConfig
from protocol.wire.invite import parse_invite

if TYPE_CHECKING:
    from protocol.wire.messages import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Line = dict[str, Any]
NULL_OUTPUTS = (("vo", "null"), ("ao", "null"))


class Process:
    """A child that prints JSON lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._over = False

    async def launch(
        self, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> Self:
        """Start ``arguments``; its lines are collected from now on."""
        self._process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            limit=2**20,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    @property
    def is_launched(self) -> bool:
        """Whether there is a child, or was one."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Of the child."""
        assert self._process is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit code; None while it runs."""
        assert self._process is not None
        return self._process.returncode

    def ask(self, line: str) -> None:
        """Write one line to it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    def close_stdin(self) -> None:
        """Let it see the end of its input, as when its parent dies."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def wait_for(
        self,
        event: str,
        where: Callable[[Line], bool] = lambda _: True,
        *,
        after: int = 0,
        within: float = 15.0,
    ) -> Line:
        """The first line named ``event`` from index ``after`` on that ``where`` accepts."""
        looked = after
        try:
            async with asyncio.timeout(within), self._news:
                while True:
                    while looked < len(self.lines):
                        line = self.lines[looked]
                        looked += 1
                        if line.get("event") == event and where(line):
                            return line
                    if self._over:
                        break
                    await self._news.wait()
        except TimeoutError:
            pass
        seen = [str(line)[:300] for line in self.lines[-8:]]
        raise AssertionError(f"no {event!r} line in {within} s; the last ones: {seen}")

    @property
    def mark(self) -> int:
        """Where the next line will be."""
        return len(self.lines)

    def last(self, event: str) -> Line:
        """The newest line named ``event``."""
        return next(line for line in reversed(self.lines) if line.get("event") == event)

    async def wait(self, within: float = 5.0) -> int:
        """Wait for its end; returns the exit code."""
        assert self._process is not None
        async with asyncio.timeout(within):
            return await self._process.wait()

    def kill(self, number: int) -> None:
        """Send it a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def end(self) -> None:
        """End it, gently first."""
        assert self._process is not None
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await self.wait(3.0)
            except TimeoutError:
                self._process.kill()
                await self.wait(3.0)
        if self._reader is not None:
            await self._reader
        with contextlib.suppress(ConnectionError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            with contextlib.suppress(msgspec.DecodeError):
                self.lines.append(msgspec.json.decode(raw))
            async with self._news:
                self._news.notify_all()
        self._over = True
        async with self._news:
            self._news.notify_all()


class ServerProcess(Process):
    """A sync server of its own."""

    url = ""

    async def start(self, database: Path, port: int = 0, *options: str) -> ServerProcess:
        """Listen on loopback; ``port`` 0 takes a free one."""
        await self.launch(
            sys.executable,
            *("-m", "server_stub", "--listen", f"127.0.0.1:{port}", "--json"),
            *("--database", str(database), "--allow-http-media", *options),
        )
        self.url = str((await self.wait_for("listening"))["url"])
        return self

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])


class SeatProcess(Process):
    """A seat without a face."""

    async def start(self, config: SeatConfig) -> SeatProcess:
        """Start the seat and give it its configuration."""
        await self.launch(sys.executable, "-m", "player")
        self.ask(msgspec.json.encode(config).decode())
        return self

    async def host(self, server: str, *media: str, **settings: Any) -> SeatProcess:
        """Start as the host of a new stream; ``settings`` are fields of `SeatConfig`."""
        config = _config("host", "Ana", server, media)
        return await self.start(msgspec.structs.replace(config, **settings))

    async def join(self, invite: str, *media: str, **settings: Any) -> SeatProcess:
        """Start as a viewer; ``settings`` are fields of `SeatConfig`."""
        where = parse_invite(invite)
        config = _config("viewer", "Ben", where.server, media)
        config = msgspec.structs.replace(config, stream_id=where.stream_id, token=where.token)
        return await self.start(msgspec.structs.replace(config, **settings))


def _config(role: Role, name: str, server: str, media: tuple[str, ...]) -> SeatConfig:
    return SeatConfig(
        role=role,
        name=name,
        instance_id=uuid4().hex,
        server=server,
        media=media,
        mpv=NULL_OUTPUTS,
        video="none",
        allow_lan_media=True,
        status_interval=0.25,
    )
