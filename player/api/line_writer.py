"""JSON Lines writer: lines out of a seat: a thread writes them, so that a face that does not
read stops nobody.
"""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from player.api.line_codec import encode_line
from player.api.views import AnyView, Status

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_MANY: Final = 200
"""Lines that wait before status lines are left out; a newer one follows anyway."""


class LineWriter:
    """Writes views as JSON lines to a file descriptor."""

    def __init__(self, descriptor: int, broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._broken = broken
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def emit(self, view: AnyView) -> None:
        """Queue one line; from any thread."""
        if isinstance(view, Status) and self._queue.qsize() > TOO_MANY:
            return
        self._queue.put(encode_line(view) + b"\n")

    def close(self, wait: float = 0.5) -> None:
        """Write what is left, for at most ``wait`` seconds."""
        self._queue.put(None)
        self._thread.join(wait)

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                self._broken()
                return
