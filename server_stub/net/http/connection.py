"""Client connection: a websocket that tells of its end, however it comes."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

if TYPE_CHECKING:
    import asyncio

READ_AT_ONCE: Final = 32 * 1024
"""Bytes; the longest message is half as long."""
UNWANTED: Final = 64 * 1024
"""Bytes that may come on a connection that closes: what was on its way already."""


class ConnectionObserver(Protocol):
    """Connection observer: told of what befalls connections, at once."""

    def fill_changed(self, connection: ClientConnection) -> None:
        """`ClientConnection.is_full` has changed, or has been said again."""
        ...

    def write_closed(self, connection: ClientConnection) -> None:
        """It may not be written to any more; told once or more."""
        ...

    def lost(self, connection: ClientConnection) -> None:
        """It has ended; told once, whatever had become of it."""
        ...


class ClientConnection(ServerConnection):
    """A connection that tells its observer of its end, however it comes.

    Args:
        arguments, named: as for `ServerConnection`.
        observer: told of it.
    """

    peer = 0
    """Its number, once it has opened; 0 before."""
    is_admitted = False
    """Whether a place is kept for it until its end."""
    is_lost = False
    """Whether its end has come: nobody would give back what it takes from then on."""
    visitor = ""
    """Address that bounds are counted for; "" before the request is read."""
    heard_at = 0.0
    """When something last came, on the loop's clock."""
    _unwanted = 0
    """Bytes that came after it began to close."""
    is_full = False
    """Whether something waits to be written."""

    def __init__(self, *arguments: Any, observer: ConnectionObserver, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._observer = observer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A message must not wait until the one before it is acknowledged, which takes 40 ms or
        # the way there and back. asyncio sees to that itself, but not for sockets of ours.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reading: Any = transport
        if hasattr(reading, "max_size"):
            # What asyncio reads at a time: a quarter of a megabyte of one is long for the others.
            reading.max_size = READ_AT_ONCE
        super().connection_made(transport)
        # Told of the first byte that waits, not of the last one before there are too many.
        self.transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        self._fill(is_full=True)

    def resume_writing(self) -> None:
        self._fill(is_full=False)

    def _fill(self, *, is_full: bool) -> None:
        self.is_full = is_full
        self._observer.fill_changed(self)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)
        self._look_whether_open()
        if self.protocol.state is State.CLOSING:
            # Nobody reads it any more, and whoever floods goes on all the same.
            self._unwanted += len(data)
            if self._unwanted > UNWANTED:
                self.transport.abort()

    def eof_received(self) -> None:
        super().eof_received()
        self._look_whether_open()

    def _look_whether_open(self) -> None:
        if self.protocol.state is not State.OPEN:
            self.stop_writing()

    def stop_writing(self) -> None:
        """Nobody else writes to it from here on."""
        self._observer.write_closed(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.is_lost = True
        self._look_whether_open()
        self._observer.lost(self)


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header; "" without one."""
    kind, _, token = (authorization or "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def address_of(connection: ClientConnection) -> str:
    """The visitor's IP address, as a trusted proxy tells it; "" when there is none."""
    if connection.visitor:
        return connection.visitor
    # A unix socket's name is text; of an IP peer it is a tuple that begins with the address.
    where: Any = connection.remote_address
    return "" if isinstance(where, str) else str(where[0])
