"""Child process: a program of ours that is spoken with in lines, logged, and ended in steps."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

LINE_LIMIT: Final = 8 * 1024 * 1024
"""Bytes; a longer line is none of ours."""


@dataclass(frozen=True, slots=True)
class EndTimeouts:
    """How long a child gets for each step of its end, in seconds."""

    after_close: float | None = None
    """Once its standard input is closed; None begins with a signal."""
    after_terminate: float = 2.0


class ChildProcess:
    """One process, from its start to its end.

    It is in a session of its own: ctrl+c and ctrl+z at the terminal are the face's to handle.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: Sequence[str], log_file: Path | None) -> ChildProcess:
        """Start ``command``; what it writes to standard error is added to ``log_file``."""
        log = _open_log(log_file)
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE_LIMIT,
                start_new_session=True,
            )
        finally:
            if not isinstance(log, int):
                log.close()
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    def write_line(self, line: bytes) -> None:
        """Say one line; to a child that has gone it is lost."""
        stdin = self._process.stdin
        if self.has_ended or stdin is None or stdin.is_closing():
            return
        with contextlib.suppress(ConnectionError, RuntimeError):
            stdin.write(line + b"\n")

    async def read_line(self) -> bytes | None:
        """Its next line that is not blank, stripped; None once there are no more."""
        assert self._process.stdout is not None
        while True:
            try:
                text = await self._process.stdout.readline()
            except ValueError:
                continue  # longer than the limit: dropped, the next one is read
            if not text:
                return None
            if text.strip():
                return text.strip()

    async def lines(self) -> AsyncGenerator[bytes]:
        """Its lines until there are no more."""
        while (line := await self.read_line()) is not None:
            yield line

    async def finished(self) -> int:
        """Its exit code once it has ended; read on, so that it never waits for us."""
        assert self._process.stdout is not None
        while await self._process.stdout.read(65536):
            pass
        return await self._process.wait()

    async def end(self, timeouts: EndTimeouts) -> None:
        """Have it end: its input closed, then by signal, then by force."""
        if self.has_ended:
            return
        if self._process.stdin is not None and timeouts.after_close is not None:
            self._process.stdin.close()
            if await self._is_gone(timeouts.after_close):
                return
        for act in (self._process.terminate, self._process.kill):
            if await self._is_gone(timeouts.after_terminate, act):
                return

    async def _is_gone(self, within: float, act: Callable[[], None] | None = None) -> bool:
        if act is not None:
            with contextlib.suppress(ProcessLookupError):
                act()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), within)
            return True
        return False


def exit_text(code: int) -> str:
    """How a process ended, for people."""
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {-code}, {signal.Signals(-code).name}"
    return f"signal {-code}"


def _open_log(file: Path | None) -> IO[bytes] | int:
    if file is None:
        return asyncio.subprocess.DEVNULL
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("ab")
