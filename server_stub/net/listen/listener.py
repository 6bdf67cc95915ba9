"""Bounded listener: the listening socket: keeps those who connect and say nothing from taking
every descriptor.
"""

from __future__ import annotations

import errno
import resource
import socket
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from protocol.server.limits.addresses import bounded_as

if TYPE_CHECKING:
    from collections.abc import Callable

RESERVE: Final = 64
"""Descriptors that no connection takes: the database needs some, at times at once."""
MAX_SILENT: Final = 4096
_PLENTY: Final = 10_240
"""Open files where a system names no bound, or names one that it does not keep."""
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class TrackedSocket(socket.socket):
    """A connection's socket that tells of its end, whoever closes it."""

    def __init__(self, taken: socket.socket, closing: Callable[[int], None]) -> None:
        super().__init__(taken.family, taken.type, taken.proto, taken.detach())
        self._closing = closing

    def close(self) -> None:
        if self.fileno() >= 0:
            self._closing(self.fileno())
        super().close()


class BoundedListener(socket.socket):
    """Takes connections, and bounds those that have not asked for anything yet.

    They are counted here and not as asyncio's protocols: those of TLS begin after a handshake.

    Args:
        listening: a socket that listens; it is this one from now on.
        each: how many of one address may be silent.
        most: how many may be connected.
        is_unbounded: whether an address may have any number of silent ones.
    """

    def __init__(
        self,
        listening: socket.socket,
        each: int,
        most: int,
        is_unbounded: Callable[[str], bool],
    ) -> None:
        super().__init__(listening.family, listening.type, listening.proto, listening.detach())
        self._each = each
        self._most = most
        self._most_silent = min(MAX_SILENT, max(1, most // 2))
        self._is_unbounded = is_unbounded
        self._connected: set[int] = set()
        self._silent: dict[int, tuple[str, TrackedSocket]] = {}
        """Oldest first."""
        self._of = Counter[str]()
        self._is_exhausted = False

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection, which is counted until it is closed.

        Raises:
            ConnectionAbortedError: that one is not wanted; there may be others.
        """
        if self._is_exhausted:
            # asyncio waits for a second, but not before it has tried a hundred times more.
            self._is_exhausted = False
            raise BlockingIOError
        try:
            taken, where = super().accept()
        except OSError as error:
            self._is_exhausted = error.errno in _EXHAUSTED
            raise
        connection, address = TrackedSocket(taken, self._closing), bounded_as(str(where[0]))
        is_full = len(self._connected) >= self._most
        is_one_too_many = self._of[address] >= self._each and not self._is_unbounded(where[0])
        if not is_one_too_many and (is_full or len(self._silent) >= self._most_silent):
            # Whoever means to ask does so at once, so that the oldest is the least to lose.
            self._drop_oldest()
        if is_full or is_one_too_many:
            connection.close()
            raise ConnectionAbortedError
        self._connected.add(connection.fileno())
        self._silent[connection.fileno()] = address, connection
        self._of[address] += 1
        return connection, where

    def has_asked(self, number: int) -> None:
        """This descriptor's connection is silent no more."""
        found = self._silent.pop(number, None)
        if found is not None:
            address, _ = found
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    def _closing(self, number: int) -> None:
        self.has_asked(number)
        self._connected.discard(number)

    def _drop_oldest(self) -> None:
        number = next(iter(self._silent), None)
        if number is not None:
            _, connection = self._silent[number]
            self.has_asked(number)
            # What reads it finds the end, and closes it.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def raise_open_files() -> None:
    """Let this process have as many files open as it may at all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft in (hard, resource.RLIM_INFINITY):
        return
    for most in (hard, _PLENTY):
        if most == resource.RLIM_INFINITY or soft < most:
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
                return


def most_connections() -> int:
    """How many connections this process can have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, (_PLENTY if soft == resource.RLIM_INFINITY else soft) - RESERVE)
