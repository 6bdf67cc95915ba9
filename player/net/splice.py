"""Splice: a client's connection and its upstream, each taking what the other sends."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from player.net import response_head
from player.net.messages import UpstreamBroken
from player.net.request_head import MAX_HEAD, parse_head
from player.net.texts import response
from protocol.exceptions import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.net.items import Item
    from player.net.messages import Tell
    from player.net.request_head import RequestHead
    from player.net.traffic import TrafficMeter
    from player.net.upstream import Way

_HEAD_TIMEOUT: Final = 60.0
"""Seconds that a connection may be open without a request."""
_END: Final = b"\r\n\r\n"


class Client(asyncio.Protocol):
    """A connection of mpv's, of the look's or of yt-dlp's to the dialer.

    Args:
        dial: answers the first request, and each one that leads elsewhere.
    """

    def __init__(self, dial: Callable[[Client, RequestHead], None]) -> None:
        self._dial = dial
        self._received = bytearray()
        self._body_left = 0
        self._is_dialing = False
        self._head: RequestHead | None = None
        self._authorization: str | None = None
        self._patience: asyncio.TimerHandle | None = None
        self.upstream: Upstream | None = None
        self.transport: asyncio.Transport
        self.on_close: Callable[[], None] | None = None
        """Called once when it goes while it is dialed for."""

    # What asyncio calls -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(_HEAD_TIMEOUT, transport.abort)

    def data_received(self, data: bytes) -> None:
        if self.upstream is not None and self._head is not None and self._head.is_tunnel:
            self.upstream.transport.write(data)
            return
        self._received += data
        if self._is_dialing and len(self._received) > MAX_HEAD:
            self.transport.pause_reading()
        self._read_on()

    def pause_writing(self) -> None:
        if self.upstream is not None:
            self.upstream.pause(paused=True)

    def resume_writing(self) -> None:
        if self.upstream is not None:
            self.upstream.pause(paused=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep_patience(waits=False)
        if self.on_close is not None:
            self.on_close()
        if self.upstream is not None:
            self.upstream.abort()

    # What a dial tells ------------------------------------------------------------------

    def connected(self, way: Way, item: Item, meter: TrafficMeter, tell: Tell) -> None:
        """Its request has a way: from now on bytes go through."""
        head = self._head
        assert head is not None
        self._is_dialing = False
        self.upstream = Upstream(self, way.transport, head, item, meter, tell)
        way.transport.set_protocol(self.upstream)
        self.transport.resume_reading()
        if head.is_tunnel:
            self.transport.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            if self._received:
                self.upstream.transport.write(bytes(self._received))
                self._received.clear()
        else:
            self._authorization = way.authorization
            self._send_on(head)
            self._read_on()

    def answer(self, answer: bytes) -> None:
        """Its request is answered here, and the connection ends."""
        self.transport.write(answer)
        self.transport.close()

    def _read_on(self) -> None:
        while not self._is_dialing and self._received:
            if self._body_left:
                assert self.upstream is not None
                taken = bytes(self._received[: self._body_left])
                del self._received[: len(taken)]
                self._body_left -= len(taken)
                self.upstream.transport.write(taken)
                continue
            end = self._received.find(_END)
            if end < 0:
                if len(self._received) > MAX_HEAD:
                    self.answer(response(431, "Dialer: the request is too large"))
                return
            raw = bytes(self._received[: end + len(_END)])
            del self._received[: len(raw)]
            self._ask(raw)

    def _ask(self, raw: bytes) -> None:
        try:
            head = parse_head(raw)
        except ProtocolError as error:
            self._received.clear()
            self.answer(response(400, f"Dialer: {error.message}"))
            return
        before, self._head = self._head, head
        if before is None:
            self._is_dialing = True
            self._keep_patience(waits=False)
            self._dial(self, head)
        elif _goes_on(before, head):
            self._send_on(head)
        else:
            # Another host or item is another connection: who asks makes it.
            self.transport.close()

    def _send_on(self, head: RequestHead) -> None:
        assert self.upstream is not None
        proxy = self._authorization
        written = head.origin_form() if proxy is None else head.absolute_form(proxy)
        self._body_left = head.body_length
        self.upstream.transport.write(written)

    def _keep_patience(self, *, waits: bool) -> None:
        if self._patience is not None and not waits:
            self._patience.cancel()
            self._patience = None


class Upstream(asyncio.Protocol):
    """The connection to a server, or to a person's own proxy."""

    def __init__(
        self,
        client: Client,
        transport: asyncio.Transport,
        head: RequestHead,
        item: Item,
        meter: TrafficMeter,
        tell: Tell,
    ) -> None:
        self.transport = transport
        self._client = client
        self._item, self._head = item.number, head
        self._meter = meter
        self._tell = tell
        self._received = 0
        self._begin: bytearray | None = None
        """The first answer's head as far as it has come, where it is written anew."""
        if item.for_player and not head.is_tunnel:
            self._begin = bytearray()
        self._is_paused = False
        self._aborted = False
        meter.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._meter.add(len(data))
        self._client.transport.write(data if self._begin is None else self._rewritten(data))

    def _rewritten(self, data: bytes) -> bytes:
        assert self._begin is not None
        self._begin += data
        end = self._begin.find(response_head.END)
        if end < 0 and len(self._begin) <= response_head.MAX_HEAD:
            return b""
        whole, self._begin = bytes(self._begin), None
        if end < 0:
            return whole
        head = response_head.for_player(whole[:end], self._head.netloc, self._head.target)
        return head + whole[end:]

    def pause_writing(self) -> None:
        self._client.transport.pause_reading()

    def resume_writing(self) -> None:
        self._client.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._meter.connections -= 1
        if self._begin:
            self._client.transport.write(bytes(self._begin))
        if self._is_paused:
            self._is_paused = False
            self._meter.unblock(time.monotonic())
        if exc is not None and not self._aborted:
            cause = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            self._tell(UpstreamBroken(self._item, self._head.host, cause.lower(), self._received))
        self._client.transport.close()

    def pause(self, *, paused: bool) -> None:
        """The client takes no more for now, or does again."""
        if self._is_paused == paused or self.transport.is_closing():
            return
        self._is_paused = paused
        if paused:
            self.transport.pause_reading()
            self._meter.block(time.monotonic())
        else:
            self.transport.resume_reading()
            self._meter.unblock(time.monotonic())

    def abort(self) -> None:
        """The client has gone: nothing of it is wanted any more."""
        self._aborted = True
        self.transport.abort()


def _goes_on(before: RequestHead, head: RequestHead) -> bool:
    """Whether a request on an open connection leads to the same place for the same item."""
    same = (head.host, head.port, head.user, head.password)
    return not head.is_tunnel and same == (
        *(before.host, before.port),
        *(before.user, before.password),
    )
