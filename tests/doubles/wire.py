"""A seat that is only a socket: says what a test wants, keeps what it hears."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from protocol.wire.codec import decode_server, encode
from protocol.wire.invite import socket_url
from protocol.wire.messages import (
    CreateStream,
    Cursor,
    Hello,
    Media,
    Snapshot,
    StateNow,
    Unknown,
    Welcome,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import TracebackType

    from protocol.wire.messages import ClientMessage, ServerMessage

_Message = TypeVar("_Message")

FILM = Media("film-0001", "file", title="The Film", duration=5400.0)


class Wire:
    """One connection; leaving the context closes it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[ServerMessage | Unknown] = []
        self._looked = 0

    @classmethod
    async def open(
        cls,
        server: str,
        stream_id: str = "",
        token: str = "",
        socket: socket.socket | None = None,
    ) -> Self:
        """Connect without a word, through ``socket`` if one is connected already."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return cls(
            await connect(
                socket_url(server, stream_id),
                additional_headers=headers,
                compression=None,
                proxy=None,
                sock=socket,
                max_queue=None,
            )
        )

    @classmethod
    async def create(cls, server: str, name: str = "Ana", media: Media | None = FILM) -> Self:
        """Found a stream and take the host's seat."""
        wire = await cls.open(server)
        await wire.hello(name, create=CreateStream(media=media))
        await wire.wait_for(StateNow)
        return wire

    @classmethod
    async def join(
        cls,
        server: str,
        stream_id: str,
        token: str,
        name: str = "Bo",
        cursor: Cursor | None = None,
        *,
        take_over: bool = False,
    ) -> Self:
        """Take a seat in a stream."""
        wire = await cls.open(server, stream_id, token)
        await wire.hello(name, cursor=cursor, take_over=take_over)
        await wire.wait_for(StateNow)
        return wire

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.socket.close()

    async def hello(
        self,
        name: str,
        *,
        cursor: Cursor | None = None,
        create: CreateStream | None = None,
        take_over: bool = False,
    ) -> None:
        instance = f"instance-of-{name.lower()}"
        await self.send(Hello(1, 1, name, instance, cursor, create, take_over))

    async def send(self, message: ClientMessage) -> None:
        await self.socket.send(encode(message))

    async def wait_for(
        self,
        kind: type[_Message],
        where: Callable[[_Message], bool] = lambda _: True,
        within: float = 10.0,
    ) -> _Message:
        """The next message of this kind that ``where`` accepts; what comes before is passed."""
        async with asyncio.timeout(within):
            while True:
                while self._looked < len(self.heard):
                    message = self.heard[self._looked]
                    self._looked += 1
                    if isinstance(message, kind) and where(message):
                        return message
                text = await self.socket.recv()
                assert isinstance(text, str)
                self.heard.append(decode_server(text))

    async def wait_closed(self, within: float = 10.0) -> int | None:
        """Hear the rest; returns the code that the connection closed with."""
        async with asyncio.timeout(within):
            with suppress(ConnectionClosedError):
                async for text in self.socket:
                    assert isinstance(text, str)
                    self.heard.append(decode_server(text))
            await self.socket.wait_closed()
        return self.socket.close_code

    def got(self, kind: type[_Message]) -> list[_Message]:
        return [message for message in self.heard if isinstance(message, kind)]

    @property
    def welcome(self) -> Welcome:
        return self.got(Welcome)[-1]

    @property
    def snapshot(self) -> Snapshot:
        return self.got(Snapshot)[-1]
