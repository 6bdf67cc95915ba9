"""Server process: the host's own sync server as a child that lives as long as we do."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from protocol.exceptions import ListenError, StoreLocked
from tui.processes.child_process import EndTimeouts, exit_text
from tui.processes.restart_policy import RestartPolicy
from tui.processes.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tui.processes.child_process import ChildProcess

SERVER_COMMAND: Final = (sys.executable, "-P", "-m", "server_stub")
START_TIMEOUT: Final = 15.0
"""Seconds in which it must listen."""
_RESTARTS: Final = RestartPolicy(back_off=(0.0, 0.5), limit=None)
_TIMEOUTS: Final = EndTimeouts(after_terminate=2.0)


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
        self._supervisor = Supervisor(log_file, _RESTARTS, _TIMEOUTS)

    @property
    def pid(self) -> int | None:
        """Process id of the server that runs now."""
        return self._supervisor.pid

    async def start(self) -> ServerUrls:
        """Start it, and give the addresses it listens on.

        Raises:
            StoreLocked: another server uses the database.
            ListenError: it cannot for another reason; says why.
        """
        # It ends with its standard input: no server outlives its host.
        child = await self._supervisor.start(
            (
                *self._command,
                *("--listen", self._listen, "--database", self._database),
                *self._options,
                *("--parent-pipe", "--json"),
            )
        )
        try:
            said = await asyncio.wait_for(_first_word(child), START_TIMEOUT)
        except TimeoutError:
            said = _FirstWord(message="the sync server did not start in time")
        if said.event != "listening":
            await child.end(_TIMEOUTS)
            raise self._error(said)
        local, *others = (url.rstrip("/") for url in (said.url, *said.urls[1:]))
        if self._listen.endswith(":0"):
            # The same port again after a crash: the invite names it.
            self._listen = f"{self._listen[:-2]}:{local.rpartition(':')[2]}"
        return ServerUrls(local, others[0] if others else "")

    async def watch(self, report: Callable[[str], None]) -> None:
        """Start it again whenever it ends, and say so; returns once `stop` is called."""
        while self._supervisor.child is not None:
            code = await self._supervisor.child.finished()
            if self._supervisor.is_ending:
                return
            report(f"the sync server ended ({exit_text(code)}); starting it again")
            while (wait := self._supervisor.wait_before_restart()) is not None:
                await self._supervisor.pause(wait)
                if self._supervisor.is_ending:
                    return
                if await self._is_back(report):
                    break

    async def stop(self) -> None:
        """End it, by force when it takes too long."""
        await self._supervisor.end()

    async def _is_back(self, report: Callable[[str], None]) -> bool:
        try:
            await self.start()
        except (ListenError, StoreLocked) as error:
            report(f"the sync server cannot be started again: {error}")
            return False
        self._supervisor.recovered()
        report("the sync server is back")
        return True

    def _error(self, said: _FirstWord) -> ListenError | StoreLocked:
        message = said.message or "the sync server did not start"
        if said.code == "store_locked":
            return StoreLocked(message, said.remedy)
        advice = f"its log may say why: {self._log_file}" if self._log_file else ""
        return ListenError(message, said.remedy or advice)


class _FirstWord(msgspec.Struct, frozen=True):
    """What the server says first: where it listens, or why it does not."""

    event: str = ""
    url: str = ""
    urls: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    remedy: str = ""


async def _first_word(child: ChildProcess) -> _FirstWord:
    """The first line that is an object; an empty one when the server ends without."""
    async with contextlib.aclosing(child.lines()) as lines:
        async for line in lines:
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                return msgspec.json.decode(line, type=_FirstWord)
    return _FirstWord()
