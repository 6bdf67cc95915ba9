"""Link: the websocket around `ClientProtocol`: feed, take events, send; come back when it
breaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
import time
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidURI,
    ProxyError,
    WebSocketException,
)

from player.net.proxies import NO_PROXIES, Proxy, ProxySettings, system_error
from player.session.core.handlers.server_events import LinkDown
from protocol.exceptions import DecodeError, SettingsError
from protocol.log_line import log_line
from protocol.wire.invite import socket_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from player.api.views import LinkLossCode
    from protocol.client.protocol import ClientProtocol

logger = logging.getLogger(__name__)

OPEN_TIMEOUT: Final = 10.0
FIRST_RETRY: Final = 0.25
LAST_RETRY: Final = 3.0
"""So that everybody is back within 5 s of the server, however long that was away."""
GROWTH: Final = 1.7
CLOSED_BECAUSE: Final[Mapping[LinkLossCode, str]] = {
    "server_stopping": "the server was stopped",
    "too_slow": "this connection was too slow for the server",
}
"""What a server's reasons for closing mean to people."""


class ServerLink:
    """`Link` by websockets; its arguments are those of `MakeLink`, and the person's proxies."""

    def __init__(
        self,
        protocol: ClientProtocol,
        *,
        server: str,
        stream_id: str,
        token: str,
        on_events: Callable[[], None],
        on_down: Callable[[LinkDown], None],
        proxies: ProxySettings = NO_PROXIES,
    ) -> None:
        self._proxies = proxies
        self._protocol = protocol
        self._server = server
        self.stream_id = stream_id
        self.token = token
        self._on_events = on_events
        self._on_down = on_down
        self._socket: ClientConnection | None = None
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Connect, and connect again, until `stop`."""
        attempt = 0
        while not self._stopping:
            loss, was_open = await self._one_connection()
            if self._stopping:
                break
            attempt = 1 if was_open else attempt + 1
            delay = min(FIRST_RETRY * GROWTH ** (attempt - 1), LAST_RETRY)
            delay *= random.uniform(0.7, 1.0)
            self._on_down(LinkDown(loss.reason, attempt, delay, loss.code))
            self._hurry.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._hurry.wait()

    def flush(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def retry_now(self) -> None:
        """Do not wait for the next attempt."""
        self._hurry.set()

    async def drop(self) -> None:
        """Close the connection; `run` makes a new one."""
        if self._socket is not None:
            await self._socket.close()

    async def stop(self) -> None:
        """Send what is left and close for good."""
        self._stopping = True
        self._hurry.set()
        socket = self._socket
        if socket is not None:
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                for frame in self._protocol.data_to_send():
                    async with asyncio.timeout(0.5):
                        await socket.send(frame)
            await socket.close()

    async def _one_connection(self) -> tuple[LinkLoss, bool]:
        """Why it ended, and whether the server had taken the seat in."""
        try:
            self._socket = await self._open()
        except SettingsError as error:
            return LinkLoss(error.message), False
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, WebSocketException) as error:
            return describe(error, self._proxy()), False
        socket = self._socket
        self._protocol.connection_made(time.monotonic())
        sender = asyncio.create_task(self._send_when_due(socket))
        try:
            loss = await self._receive(socket)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            await socket.close()
            self._socket = None
            was_open = self._protocol.joined
            self._protocol.connection_lost()
        return loss, was_open

    async def _open(self) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        proxy = self._proxy()
        return await connect(
            socket_url(self._server, self.stream_id),
            additional_headers=headers,
            compression=None,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=0.5,
            ping_interval=None,
            max_size=2**20,
            proxy=proxy.url if proxy is not None else None,
        )

    def _proxy(self) -> Proxy | None:
        parts = urlsplit(self._server)
        return self._proxies.proxy_for(parts.scheme, parts.hostname or "")

    async def _receive(self, socket: ClientConnection) -> LinkLoss:
        """Feed what arrives until the connection ends; returns why it did."""
        try:
            while True:
                frame = await socket.recv()
                received_at = time.monotonic()
                if isinstance(frame, bytes):
                    return LinkLoss("the server sent something that is not text")
                self._protocol.receive(frame, received_at)
                self._on_events()
                self._wake.set()
        except DecodeError as error:
            logger.warning(log_line("undecodable", field=error.field))
            where = error.field or "message"
            return LinkLoss(f"the server sent something this version cannot read ({where})")
        except ConnectionClosed as error:
            return describe(error)

    async def _send_when_due(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                self._wake.clear()
                self._protocol.handle_timeout(time.monotonic())
                for frame in self._protocol.data_to_send():
                    await socket.send(frame)
                self._on_events()
                if self._wake.is_set():
                    continue
                deadline = self._protocol.next_deadline()
                wait = None if deadline is None else max(0.0, deadline - time.monotonic())
                # Not `asyncio.wait_for`: it may forget that it was cancelled while it was woken.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()


class LinkLoss(NamedTuple):
    """Why there is no connection: in words, and as a code where the server has said it."""

    reason: str
    """One clause."""
    code: LinkLossCode | None = None


def describe(error: Exception, proxy: Proxy | None = None) -> LinkLoss:
    """Why there is no connection, or none any more; it was tried through ``proxy``."""
    if proxy is not None and isinstance(error, OSError | ProxyError | InvalidProxy):
        return LinkLoss(_cause_of_proxy(error, proxy))
    if not isinstance(error, ConnectionClosed):
        return LinkLoss(_cause(error))
    said = error.rcvd.reason if error.rcvd is not None else ""
    for code, words in CLOSED_BECAUSE.items():
        if said == code:
            return LinkLoss(words, code)
    return LinkLoss(said or ("the connection was closed" if error.rcvd else "the connection broke"))


def _cause_of_proxy(error: Exception, proxy: Proxy) -> str:
    if isinstance(error, ssl.SSLError):
        return _cause(error)
    if isinstance(error, TimeoutError):
        return f"{proxy.shown} does not answer, or the server behind it"
    cause = system_error(error)
    if isinstance(cause, ConnectionRefusedError):
        return f"{proxy.shown} refuses the connection"
    if isinstance(error, ProxyError | InvalidProxy):
        return f"{proxy.shown} does not connect to the server ({error.__cause__ or error})"
    return f"{proxy.shown}: {_cause(error)}"


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted here ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS as we do; is it http instead of https?"
    if isinstance(error, ConnectionResetError):
        return "it closed the connection at once"
    if isinstance(error, OSError):
        return (error.strerror or str(error) or "the network is out of reach").lower()
    return str(error) or type(error).__name__
