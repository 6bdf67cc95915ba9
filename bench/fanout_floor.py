"""A server that only writes: each event goes to every connection, by asyncio's own transports."""

from __future__ import annotations

import asyncio
import resource
import sys
from typing import Final

_JOIN: Final = b"j"


def framed(size: int) -> bytes:
    """A websocket's text frame with ``size`` bytes in it."""
    head = bytes([0x81, size]) if size < 126 else bytes([0x81, 126]) + size.to_bytes(2)
    return head + b"x" * size


class _Peer(asyncio.Protocol):
    def __init__(self, peers: set[asyncio.Transport], event: bytes) -> None:
        self._peers = peers
        self._event = event
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peers.add(transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if data == _JOIN:
            self._transport.write(framed(1))
            return
        for peer in self._peers:
            peer.write(self._event)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        assert self._transport is not None
        self._peers.discard(self._transport)


async def main(size: int) -> None:
    """Serve until standard input ends."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers: set[asyncio.Transport] = set()
    event = framed(size)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Peer(peers, event), "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(f'{{"event":"listening","url":"http://127.0.0.1:{port}"}}', flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
