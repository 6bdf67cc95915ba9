"""Supervisor: has a child process run, run again after it died, and end for good."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from tui.processes.child_process import ChildProcess, EndTimeouts
from tui.processes.restart_policy import RestartCounter, RestartPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Supervisor:
    """One child for the whole party, over as many processes as that takes.

    What a start is, and when a child works again, its owner knows.
    """

    def __init__(
        self,
        log_file: Path | None,
        policy: RestartPolicy,
        timeouts: EndTimeouts,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log_file = log_file
        self._timeouts = timeouts
        self._clock = clock
        self._restarts = RestartCounter(policy)
        self._ending = asyncio.Event()
        self.child: ChildProcess | None = None
        """The process that was started last."""

    @property
    def pid(self) -> int | None:
        """Process id of the child that runs now."""
        return None if self.child is None or self.child.has_ended else self.child.pid

    @property
    def is_ending(self) -> bool:
        """It is to end, and a death needs no restart."""
        return self._ending.is_set()

    async def start(self, command: Sequence[str]) -> ChildProcess:
        """Start the child."""
        self.child = await ChildProcess.start(command, self._log_file)
        return self.child

    def wait_before_restart(self) -> float | None:
        """Count a death: seconds to wait, or None when there were too many."""
        return self._restarts.died(self._clock())

    def recovered(self) -> None:
        """The child works again."""
        self._restarts.recovered()

    async def pause(self, seconds: float) -> None:
        """Wait, but not for a child that is to end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def end(self, last_line: bytes = b"") -> None:
        """End it for good, after a last line to it."""
        self._ending.set()
        if self.child is not None:
            if last_line:
                self.child.write_line(last_line)
            await self.child.end(self._timeouts)
