"""Parallel writer: writes one frame to many sockets from two processors at once.

To hand 300 bytes to the kernel takes several times as long as all that Python does about it, and
the interpreter's lock is free meanwhile. So a second thread halves the time until the last of a
thousand has them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from contextlib import suppress
from itertools import repeat
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple

from protocol.log_line import log_line

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Sequence

logger = logging.getLogger("matinee.server")

PORTION: Final = 25
"""Sockets that a thread takes at a time: the other waits for the last of them at most."""


class WriteTarget:
    """A connection that may be written to.

    Args:
        peer: its number.
        transport: what asyncio has made of its socket.
    """

    __slots__ = ("fd", "peer", "transport")

    def __init__(self, peer: int, transport: asyncio.WriteTransport) -> None:
        self.peer, self.transport = peer, transport
        is_plain = transport.get_extra_info("sslcontext") is None
        self.fd: int = transport.get_extra_info("socket").fileno() if is_plain else -1
        """Of its socket; -1 where bytes are not what goes over the wire."""


class UnwrittenRest(NamedTuple):
    """What the kernel did not take at once."""

    outlet: WriteTarget
    rest: bytes


class _Task:
    """One frame for many: portions that nobody has taken yet, and what is left of others."""

    def __init__(
        self, frame: bytes, outlets: Sequence[WriteTarget], left: list[UnwrittenRest]
    ) -> None:
        self._frame = frame
        self._portions = deque(outlets[at : at + PORTION] for at in range(0, len(outlets), PORTION))
        self.left = left

    def work(self) -> None:
        """Until no portion is there; in two threads."""
        while True:
            try:
                portion = self._portions.popleft()
            except IndexError:
                return
            self._write(portion)

    def _write(self, portion: Sequence[WriteTarget]) -> None:
        # No line of Python stands between two writes: the other thread waits meanwhile for the
        # interpreter's lock, and to be woken costs as much as to write.
        fds = [outlet.fd for outlet in portion]
        sent: list[int] = []
        while len(sent) < len(fds):
            try:
                sent.extend(map(os.write, fds[len(sent) :], repeat(self._frame)))
            except OSError:
                # Full or broken: its transport knows what to do about it.
                sent.append(0)
        size = len(self._frame)
        if sent.count(size) < len(sent):
            self.left += [
                UnwrittenRest(outlet, self._frame[count:])
                for outlet, count in zip(portion, sent, strict=True)
                if count != size
            ]


class ParallelWriter:
    """The loop's own thread, and a second one that helps it.

    While both write, each has processors of its own: a thread that waits for the interpreter's
    lock would be woken on the processor of the one that lets it go, most of all in a virtual
    machine, and they would take turns.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._done: SimpleQueue[None] = SimpleQueue()
        self._processor = -1
        """The second thread's."""
        self._thread: threading.Thread | None = None

    def write(
        self, frame: bytes, outlets: Sequence[WriteTarget], slow: Collection[int]
    ) -> Sequence[UnwrittenRest]:
        """Write to all but ``slow`` ones; returns what must go through the transports.

        To look at a thousand transports would take longer than to be told of those few.
        Nothing else runs on the loop meanwhile, so that no socket is closed under a thread.
        """
        left = list[UnwrittenRest]()
        if slow:
            left += [UnwrittenRest(outlet, frame) for outlet in outlets if outlet.peer in slow]
            outlets = [outlet for outlet in outlets if outlet.peer not in slow]
        self._write(_Task(frame, outlets, left))
        return left

    def _write(self, task: _Task) -> None:
        everywhere = self._shared()
        if not everywhere:
            task.work()
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._help, name="writer", daemon=True)
            self._thread.start()
        _run_on(everywhere - {self._processor})
        self._tasks.put(task)
        try:
            task.work()
        finally:
            self._done.get()
            _run_on(everywhere)

    def close(self) -> None:
        """End the second thread."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None

    def _help(self) -> None:
        _run_on(frozenset((self._processor,)))
        while (task := self._tasks.get()) is not None:
            try:
                task.work()
            except Exception:
                # The rim: the loop waits for this thread.
                logger.exception(log_line("writer_failed"))
            self._done.put(None)

    def _shared(self) -> frozenset[int]:
        """The processors to share, or none where that cannot be."""
        if sys.platform != "linux":
            return frozenset()
        processors = frozenset(os.sched_getaffinity(0))
        if len(processors) < 2:
            return frozenset()
        if self._thread is None:
            self._processor = max(processors)
        return processors if self._processor in processors else frozenset()


def _run_on(processors: frozenset[int]) -> None:
    """The thread that calls runs on these from here on."""
    if sys.platform == "linux":
        # Not where a sandbox forbids it; they take turns then.
        with suppress(OSError):
            os.sched_setaffinity(0, processors)
