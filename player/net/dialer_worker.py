"""Dialer worker: a forwarding proxy on loopback, through which everything of one seat connects.

``python -m player.net.dialer_worker FD`` accepts on the listening socket that it inherits, reads
`DialerLine` lines and writes `DialerEvent` lines; it ends as soon as its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from player.net import texts
from player.net.hold import HOLD_LIMIT, HoldCause, cause_of, retry_delay
from player.net.items import Item, item_of
from player.net.messages import (
    MAX_LINE_BYTES,
    REFUSED,
    DialerEvent,
    DialerLine,
    DialGivenUp,
    DialHeld,
    DialRefused,
    DialResumed,
    ItemForgotten,
    Setup,
    TextKept,
)
from player.net.splice import Client
from player.net.traffic import TrafficMeter
from player.net.upstream import Connector, ProxyFailed, look_up, refusal_words
from protocol.exceptions import MatineeError

if TYPE_CHECKING:
    from player.net.messages import Tell
    from player.net.request_head import RequestHead

_TELL_INTERVAL: Final = 2.0
_TEXT_TIMEOUT: Final = 2.0
"""Seconds in which a text that is asked for comes from the seat."""
_SEND_BUFFER: Final = 256 * 1024
"""Bytes towards the player: what a seek throws away."""


class DialerServer:
    """Server of the dialer: answers requests by items, holds them, counts what comes."""

    def __init__(self, secret: str, connector: Connector, tell: Tell) -> None:
        self._secret = secret
        self._connector = connector
        self._tell = tell
        self._texts: dict[str, texts.Text] = {}
        self._text_came = asyncio.Event()
        self._meters: dict[int, TrafficMeter] = {}
        self._worked: set[tuple[int, str]] = set()
        """Items and hosts that were connected to."""

    def client(self) -> Client:
        """The protocol of a new connection."""
        return Client(self._begin)

    def take(self, line: DialerLine) -> None:
        """What the seat tells."""
        match line:
            case TextKept():
                self._texts[line.path] = texts.Text(line.item, line.content, line.content_type)
                self._text_came.set()
                self._text_came = asyncio.Event()
            case ItemForgotten(item=number):
                for path in [path for path, text in self._texts.items() if text.item == number]:
                    del self._texts[path]
                self._worked = {worked for worked in self._worked if worked[0] != number}
            case Setup():
                pass
            case _:
                assert_never(line)

    def tell_traffic(self) -> None:
        """Tell what came since the last time."""
        now = time.monotonic()
        for number, meter in list(self._meters.items()):
            if meter.is_idle:
                del self._meters[number]
            elif (measured := meter.take(now)) is not None:
                self._tell(measured)

    def _begin(self, client: Client, head: RequestHead) -> None:
        item = item_of(self._secret, head.user, head.password)
        if item is None:
            client.answer(texts.challenge(head.field("range")))
            return
        made = client.transport.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        task = asyncio.create_task(self._dial(client, head, item))
        client.on_close = lambda: _cancel(task)

    async def _dial(self, client: Client, head: RequestHead, item: Item) -> None:
        try:
            if head.host == texts.TEXT_HOST:
                client.answer(await self._text(head, item))
            else:
                await self._connect(client, head, item)
        finally:
            client.on_close = None

    async def _connect(self, client: Client, head: RequestHead, item: Item) -> None:
        began, attempt, held = time.monotonic(), 0, None
        while True:
            try:
                way = await self._connector.open(head, item)
                break
            except MatineeError as error:
                self._refuse(client, head, item, error, REFUSED)
                return
            except OSError as error:
                attempt += 1
                seconds, delay = time.monotonic() - began, retry_delay(attempt)
                cause = self._cause(error, head, item) if item.for_player else None
                if cause is None:
                    status = 504 if isinstance(error, TimeoutError) else 502
                    self._refuse(client, head, item, error, status)
                    return
                if seconds + delay > HOLD_LIMIT:
                    self._tell(DialGivenUp(item.number, head.host, cause, seconds))
                    words = refusal_words(error, head.host)
                    client.answer(texts.response(504, f"Dialer: {words}"))
                    return
                if cause != held:
                    held = cause
                    self._tell(DialHeld(item.number, head.host, cause))
                await asyncio.sleep(delay)
        if client.transport.is_closing():
            way.transport.abort()
            return
        if held:
            seconds = time.monotonic() - began
            self._tell(DialResumed(item.number, head.host, seconds))
        self._worked.add((item.number, head.host))
        meter = self._meters.setdefault(item.number, TrafficMeter(item.number, time.monotonic()))
        client.connected(way, item, meter, self._tell)

    def _cause(self, error: OSError, head: RequestHead, item: Item) -> HoldCause | None:
        has_worked = (item.number, head.host) in self._worked
        if isinstance(error, ProxyFailed):
            return "proxy" if has_worked else None
        return cause_of(error, has_worked=has_worked)

    def _refuse(
        self, client: Client, head: RequestHead, item: Item, error: Exception, status: int
    ) -> None:
        words = refusal_words(error, head.host)
        self._tell(DialRefused(item.number, head.host, words))
        client.answer(texts.response(status, f"Dialer: {words}"))

    async def _text(self, head: RequestHead, item: Item) -> bytes:
        path = head.target.partition("?")[0]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TEXT_TIMEOUT):
                # Its line may still be on the way from the seat.
                while path not in self._texts:
                    await self._text_came.wait()
        text = self._texts.get(path)
        if text is not None and text.item != item.number:
            text = None
        return texts.answer(text, head.method, head.field("range"))


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


async def run(listener: socket.socket, events_to: int) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    setup = msgspec.json.decode(await lines.readline(), type=Setup)

    def tell(event: DialerEvent) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(events_to, msgspec.json.encode(event) + b"\n")

    server = DialerServer(setup.secret, Connector(setup.proxies, look_up, setup.ca_file), tell)
    await loop.create_server(server.client, sock=listener)
    telling = asyncio.create_task(_keep_telling(server))
    while line := await lines.readline():
        server.take(msgspec.json.decode(line, type=DialerLine))
    telling.cancel()


async def _keep_telling(server: DialerServer) -> None:
    while True:
        await asyncio.sleep(_TELL_INTERVAL)
        server.tell_traffic()


def main() -> int:
    """Run the dialer of one seat."""
    # The terminal's interrupt is for the seat, which ends this by its pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    events_to = os.dup(1)
    os.dup2(2, 1)
    listener = socket.socket(fileno=int(sys.argv[1]))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(run(listener, events_to))
    return 0


if __name__ == "__main__":
    main()
    # A name that is being looked up would be waited for.
    os._exit(0)
