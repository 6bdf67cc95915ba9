"""The host's own sync server: a child process that lives as long as we do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, cast

from protocol.exceptions import ListenError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SERVER_COMMAND: Final = (sys.executable, "-P", "-m", "server_stub")
START_TIMEOUT: Final = 15.0
"""Seconds in which it must listen."""
STOP_TIMEOUT: Final = 2.0
"""Seconds it gets to end."""
RESTART_INTERVAL: Final = 0.5
"""Seconds between attempts to start it again."""


class ServerUrls(NamedTuple):
    """Where a server is reached, as ``http://host:port``."""

    local: str
    """From this machine."""
    lan: str
    """From its local network; "" when it does not listen there, or there is none."""


class EmbeddedServer:
    """Starts the server, starts it again on the same port when it dies, ends it."""

    def __init__(
        self,
        listen: str,
        database: str,
        *,
        options: Sequence[str] = (),
        log_file: Path | None = None,
        command: Sequence[str] = SERVER_COMMAND,
    ) -> None:
        self._listen = listen
        self._database = database
        self._options = tuple(options)
        self._log_file = log_file
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None
        self._ending = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Process id of the server that runs now."""
        return self._process.pid if self._process else None

    async def start(self) -> ServerUrls:
        """Start it, and give the addresses it listens on.

        Raises:
            StoreLocked: another server uses the database.
            ListenError: it cannot for another reason; says why.
        """
        process = await self._spawn()
        try:
            told = await asyncio.wait_for(_first_word(process), START_TIMEOUT)
        except TimeoutError:
            told = {"message": "the sync server did not start in time"}
        if told.get("event") != "listening":
            await self._end_process()
            message = str(told.get("message") or "the sync server did not start")
            if told.get("code") == "store_locked":
                raise StoreLocked(message, str(told.get("remedy") or ""))
            raise ListenError(message, str(told.get("remedy") or self._advice()))
        url = str(told["url"]).rstrip("/")
        others = [str(other) for other in told["urls"] if other != url]
        if self._listen.endswith(":0"):
            # The same port again after a crash: the invite names it.
            self._listen = f"{self._listen[:-2]}:{url.rpartition(':')[2]}"
        return ServerUrls(url, others[0] if others else "")

    async def watch(self, report: Callable[[str], None]) -> None:
        """Start it again whenever it ends, and say so; returns once `stop` is called."""
        while self._process is not None:
            code = await _last_word(self._process)
            if self._ending.is_set():
                return
            report(f"the sync server ended ({_how(code)}); starting it again")
            while not await self._is_back(report):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), RESTART_INTERVAL)
                if self._ending.is_set():
                    return

    async def stop(self) -> None:
        """End it, by force when it does not within `STOP_TIMEOUT`."""
        self._ending.set()
        await self._end_process()

    async def _is_back(self, report: Callable[[str], None]) -> bool:
        try:
            await self.start()
        except (ListenError, StoreLocked) as error:
            report(f"the sync server cannot be started again: {error}")
            return False
        report("the sync server is back")
        return True

    async def _end_process(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        log = _open_log(self._log_file)
        try:
            # It ends with its standard input: no server outlives its host.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                *("--listen", self._listen, "--database", self._database),
                *self._options,
                *("--parent-pipe", "--json"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        finally:
            if not isinstance(log, int):
                log.close()
        return self._process

    def _advice(self) -> str:
        return f"its log may say why: {self._log_file}" if self._log_file else ""


async def _first_word(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """The first line that is an object; {} when the server ends without one."""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict):
                return cast("dict[str, Any]", told)
    return {}


async def _last_word(process: asyncio.subprocess.Process) -> int:
    """Read on, so that the server never waits for us, until it ends; its exit code."""
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass
    return await process.wait()


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _open_log(file: Path | None) -> IO[bytes] | int:
    if file is None:
        return asyncio.subprocess.DEVNULL
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("ab")
