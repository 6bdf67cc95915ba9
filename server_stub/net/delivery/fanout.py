"""Fan-out: writes frames to many seats: what is urgent at once, the rest a few seats at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from server_stub.net.delivery.parallel_writer import ParallelWriter, WriteTarget

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

SLICE: Final = 50
"""Seats that are told of something before others have their turn: half a millisecond."""


class _Rest(NamedTuple):
    frame: bytes
    peers: tuple[int, ...]


class _Found(NamedTuple):
    peers: Sequence[int]
    outlets: list[WriteTarget]


class Broadcaster:
    """The connections that may be written to, by peer.

    Args:
        loop: whose turns are taken.
        waiting: told of peers for whom something waits unread.
        parallel_from: peers from which on two threads write.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        waiting: Callable[[list[int]], None],
        parallel_from: int,
    ) -> None:
        self._loop = loop
        self._waiting = waiting
        self._parallel_from = parallel_from
        self._open: dict[int, WriteTarget] = {}
        self._slow: set[int] = set()
        """Those that only their transports may write to: see `ParallelWriter`."""
        self._writers = ParallelWriter()
        self._rests: deque[_Rest] = deque()
        self._behind: list[int] = []
        self._found = _Found((), [])

    def add(self, peer: int, transport: asyncio.WriteTransport, *, is_full: bool) -> None:
        """Who is full has something in his transport that goes first."""
        self._open[peer] = WriteTarget(peer, transport)
        self.fill(peer, is_full=is_full)

    def fill(self, peer: int, *, is_full: bool) -> None:
        """Whether something waits in the transport, from now on; to be told at once."""
        outlet = self._open.get(peer)
        if outlet is not None and (is_full or outlet.fd < 0):
            self._slow.add(peer)
        else:
            self._slow.discard(peer)

    def shut(self, peer: int) -> None:
        """Nothing is written to it any more, but for a goodbye that is its connection's own."""
        if self._open.pop(peer, None) is not None:
            self._slow.discard(peer)
            self._found = _Found((), [])

    def send(self, frame: bytes, peers: tuple[int, ...], *, is_urgent: bool) -> None:
        """Write to those of ``peers`` that are open; what is not urgent keeps its order."""
        if is_urgent or (len(peers) <= SLICE and not self._rests):
            self._write(frame, peers)
            return
        if not self._rests:
            self._loop.call_soon(self._go_on)
        self._rests.append(_Rest(frame, peers))

    def close(self) -> None:
        """Write all that waits for its turn; nothing is written after it."""
        self.flush()
        self._writers.close()

    def flush(self) -> None:
        """Write all that waits for its turn."""
        while self._rests:
            self._write(*self._rests.popleft())

    def _go_on(self) -> None:
        if not self._rests:
            return
        frame, peers = self._rests.popleft()
        self._write(frame, peers[:SLICE])
        if len(peers) > SLICE:
            self._rests.appendleft(_Rest(frame, peers[SLICE:]))
        if self._rests:
            self._loop.call_soon(self._go_on)

    def _write(self, frame: bytes, peers: Sequence[int]) -> None:
        known = self._open
        if len(peers) < self._parallel_from:
            for peer in peers:
                outlet = known.get(peer)
                if outlet is not None:
                    self._queue(outlet, frame)
        else:
            for outlet, rest in self._writers.write(frame, self._find(peers), self._slow):
                self._queue(outlet, rest)
        if self._behind:
            behind, self._behind = self._behind, []
            self._waiting(behind)

    def _find(self, peers: Sequence[int]) -> list[WriteTarget]:
        """Those that are open: most often the same as for the event before."""
        if self._found.peers is not peers:
            known = self._open
            self._found = _Found(peers, [known[peer] for peer in peers if peer in known])
        return self._found.outlets

    def _queue(self, outlet: WriteTarget, data: bytes) -> None:
        """Leave it to the transport, which writes what it can."""
        try:
            outlet.transport.write(data)
        except RuntimeError:
            # A broken text frame is found only when it is read, and its connection then
            # closes by itself.
            self.shut(outlet.peer)
            return
        if outlet.transport.get_write_buffer_size():
            self._behind.append(outlet.peer)
