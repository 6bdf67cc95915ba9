"""Seat process: the seat as a child that is heard, told, and started again when it dies."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Final, Protocol

from player.api import views
from player.api.intents import Intent, Quit
from player.api.line_codec import encode_line
from player.api.local_path import path_of
from tui.processes.child_process import EndTimeouts, exit_text
from tui.processes.restart_policy import RestartPolicy
from tui.processes.seat_checkpoint import SeatCheckpoint
from tui.processes.seat_lines import SeatLine, decode_line, line_of
from tui.processes.supervisor import Supervisor
from tui.state.party_state import SEAT_DIED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence

    from player.api.config import SeatConfig
    from tui.processes.child_process import ChildProcess

SEAT_COMMAND: Final = (sys.executable, "-P", "-m", "player")
"""-P: a file called player.py in the current folder is not our seat."""
_RESTARTS: Final = RestartPolicy()
_TIMEOUTS: Final = EndTimeouts(after_close=1.5, after_terminate=1.0)


class SeatHandle(Protocol):
    """What a face needs of `SeatProcess`."""

    exit_code: int

    def lines(self) -> AsyncIterable[SeatLine]: ...

    def send(self, intent: Intent | bytes) -> None: ...

    async def end(self) -> None: ...


class SeatProcess:
    """One seat for the whole party, over as many processes as that takes.

    `lines` is the life of it: whoever iterates it runs the seat. `send` may be called at
    any time: what is asked before the seat's first word waits for it; what is asked while
    it is being started again is lost, as a key pressed then is.
    """

    def __init__(
        self,
        config: SeatConfig,
        *,
        command: Sequence[str] = SEAT_COMMAND,
        observer: Callable[[views.AnyView], None] | None = None,
        policy: RestartPolicy = _RESTARTS,
        timeouts: EndTimeouts = _TIMEOUTS,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        log_file = path_of(config.log_file) if config.log_file else None
        self._supervisor = Supervisor(log_file, policy, timeouts)
        self._checkpoint = SeatCheckpoint(config)
        self._command = tuple(command)
        self._observer = observer
        self._policy = policy
        self._wall_clock = wall_clock
        self._early: list[bytes] | None = []
        """What is asked before the first word; None once that was heard."""
        self._failed = False
        self.exit_code = 0
        """Of the party: 0, or 1 when it ended with an error."""

    @property
    def config(self) -> SeatConfig:
        """What the seat's next start begins with, but for the sound."""
        return self._checkpoint.config

    @property
    def pid(self) -> int | None:
        """Process id of the seat that runs now."""
        return self._supervisor.pid

    async def lines(self) -> AsyncGenerator[SeatLine]:
        """Start the seat and give its lines, and our own about it, until it has ended."""
        while not self._supervisor.is_ending:
            child = await self._supervisor.start(self._command)
            child.write_line(encode_line(self._checkpoint.restore()))
            async with contextlib.aclosing(child.lines()) as texts:
                async for text in texts:
                    yield self._hear(child, text)
            code = await child.finished()
            if code == 0 or self._failed or self._supervisor.is_ending:
                return
            wait = self._supervisor.wait_before_restart()
            if wait is None:
                self.exit_code = 1
                yield line_of(self._gave_up(code))
                return
            yield line_of(self._died(code))
            await self._supervisor.pause(wait)

    def send(self, intent: Intent | bytes) -> None:
        """Ask the seat for something; bytes are a line that a person typed."""
        if isinstance(intent, Intent):
            self._checkpoint.asked(intent)
            line = encode_line(intent)
        else:
            line = intent
        if self._early is not None:
            self._early.append(line)
        elif self._supervisor.child is not None:
            self._supervisor.child.write_line(line)

    async def end(self) -> None:
        """Let the seat leave; one that does not is ended."""
        await self._supervisor.end(encode_line(Quit()))

    def _hear(self, child: ChildProcess, text: bytes) -> SeatLine:
        line = decode_line(text)
        if self._early is not None:
            early, self._early = self._early, None
            for said in early:
                child.write_line(said)
        elif isinstance(line.view, views.Ready):
            for intent in self._checkpoint.intents:
                child.write_line(encode_line(intent))
        self._checkpoint.heard(line.view)
        if isinstance(line.view, views.ErrorLine) and line.view.fatal:
            self._failed = True
            self.exit_code = 1
        if self._observer is not None and line.view is not None:
            self._observer(line.view)
        return line

    def _died(self, code: int) -> views.ErrorLine:
        return views.ErrorLine(
            code=SEAT_DIED,
            message=f"the player process died ({exit_text(code)}); starting it again",
            timestamp_ms=round(self._wall_clock() * 1000),
        )

    def _gave_up(self, code: int) -> views.ErrorLine:
        log, limit = self.config.log_file, self._policy.limit
        return views.ErrorLine(
            code="seat_gave_up",
            message=f"the player process died {limit} times in a minute ({exit_text(code)})",
            remedy=(f"its log may say why: {log}; " if log else "") + "matinee doctor may help",
            timestamp_ms=round(self._wall_clock() * 1000),
            fatal=True,
        )
