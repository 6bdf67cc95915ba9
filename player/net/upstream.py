"""Upstream: connects to where an item may go: looks up, checks every address, and takes one of
the checked ones, or the person's own proxy.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Final, NamedTuple

from player.net.proxies import system_error
from player.net.request_head import MAX_HEAD
from protocol.exceptions import MediaRefused, ResolveError, SettingsError
from protocol.media.url_policy import check_address, check_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from player.net.items import Item
    from player.net.proxies import Proxy, ProxySettings
    from player.net.request_head import RequestHead

CONNECT_TIMEOUT: Final = 8.0
_STAGGER: Final = 0.25
"""Seconds after which the next address of a name is tried beside the one before (RFC 8305)."""
_MAX_ADDRESSES: Final = 6


class ProxyFailed(OSError):
    """The person's own proxy cannot be used; says which variable named it."""


class Way(NamedTuple):
    """An open connection, and how its first request is to be written."""

    transport: asyncio.Transport
    authorization: str | None = None
    """What a forwarding proxy wants to see with a plain request; None where there is none."""


class Connector:
    """Connects for items.

    Args:
        proxies: the ways out that a person has named.
        look_up: the IP addresses of a host; raises `OSError`.
        ca_file: what https proxies are checked against; "" for the system's.
    """

    def __init__(
        self,
        proxies: ProxySettings,
        look_up: Callable[[str], Awaitable[Sequence[str]]],
        ca_file: str = "",
    ) -> None:
        self._proxies = proxies
        self._look_up = look_up
        self._ca_file = ca_file

    async def open(self, head: RequestHead, item: Item) -> Way:
        """Connect to where ``head`` leads; whoever takes the transport gives it a protocol.

        Raises:
            MediaRefused: the item's rules say no.
            SettingsError: a variable that should name a proxy does not.
            OSError: it cannot be reached now.
        """
        scheme = "https" if head.is_tunnel else "http"
        # Written anew, so that odd spellings of a host are gone.
        checked = check_url(f"{scheme}://{head.netloc}/", item.rules)
        host = checked.removeprefix(f"{scheme}://").rpartition(":")[0].strip("[]")
        proxy = self._proxies.proxy_for(scheme, host)
        if proxy is None:
            return Way(await self._straight(host, head.port, item))
        targets = [host] if proxy.resolves else await self._addresses(host, item)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if proxy.scheme in ("http", "https"):
                    return await self._through_http(proxy, targets[0], head)
                return Way(await self._through_socks(proxy, targets[0], head.port))
        except TimeoutError:
            raise ProxyFailed(f"{proxy.shown} does not answer") from None

    async def _straight(self, host: str, port: int, item: Item) -> asyncio.Transport:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            found = await self._addresses(host, item)
            return await _adopted(await _first_to_answer(found[:_MAX_ADDRESSES], port))

    async def _addresses(self, host: str, item: Item) -> Sequence[str]:
        found = [check_address(address, item.rules) for address in await self._look_up(host)]
        if not found:
            raise ResolveError(f"there is no host {host}")
        return found

    async def _through_http(self, proxy: Proxy, target: str, head: RequestHead) -> Way:
        context = None
        if proxy.scheme == "https":
            context = ssl.create_default_context(cafile=self._ca_file or None)
        loop, said = asyncio.get_running_loop(), _Answer()
        try:
            transport, _ = await loop.create_connection(
                lambda: said, proxy.host, proxy.port, ssl=context
            )
        except OSError as error:
            raise _unreachable(proxy, error) from error
        authorization = _basic(proxy)
        if not head.is_tunnel:
            return Way(transport, authorization)
        shown = f"[{target}]:{head.port}" if ":" in target else f"{target}:{head.port}"
        asked = f"CONNECT {shown} HTTP/1.1\r\nHost: {shown}\r\n"
        asked += f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
        transport.write(f"{asked}\r\n".encode("latin-1"))
        try:
            status = (await said.head)[:64].decode("latin-1").split(" ")[1:2]
        except OSError:
            raise ProxyFailed(f"{proxy.shown} breaks off") from None
        except asyncio.CancelledError:
            transport.abort()
            raise
        if status != ["200"]:
            transport.abort()
            number = "".join(status)[:3]
            words = "wants a login" if number == "407" else f"does not connect to {target}"
            raise ProxyFailed(f"{proxy.shown} {words} ({number})")
        return Way(transport)

    async def _through_socks(self, proxy: Proxy, target: str, port: int) -> asyncio.Transport:
        # Late: most people have no such proxy.
        from python_socks import ProxyConnectionError, ProxyError, ProxyType
        from python_socks.async_.asyncio import Proxy as SocksProxy

        user, password = proxy.credentials or (None, None)
        kind = ProxyType.SOCKS5 if "5" in proxy.scheme else ProxyType.SOCKS4
        way = SocksProxy(kind, proxy.host, proxy.port, user, password, rdns=True)
        try:
            return await _adopted(await way.connect(target, port, timeout=CONNECT_TIMEOUT))
        except ProxyConnectionError as error:
            raise _unreachable(proxy, system_error(error) or error) from error
        except ProxyError as error:
            raise ProxyFailed(f"{proxy.shown} does not connect to {target} ({error})") from error


class _Answer(asyncio.Protocol):
    """What a proxy says to a request for a tunnel."""

    def __init__(self) -> None:
        self.head: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        if b"\r\n\r\n" in self._received and not self.head.done():
            self.head.set_result(self._received)
        elif len(self._received) > MAX_HEAD:
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.head.done():
            self.head.set_exception(ConnectionResetError("no answer"))
            # Nobody asks where no tunnel was wanted.
            self.head.exception()


async def look_up(host: str) -> list[str]:
    """The IP addresses of a host, as the system says.

    Raises:
        OSError: there are none now.
        ResolveError: it is no possible name.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise ResolveError(f"there is no host {host}") from None
    return list(dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in found))


def refusal_words(error: Exception, host: str) -> str:
    """Why there is no connection to ``host``, one clause."""
    if isinstance(error, MediaRefused | ResolveError):
        return error.message
    if isinstance(error, SettingsError | ProxyFailed):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"{host} does not answer"
    if isinstance(error, socket.gaierror):
        away = error.errno == socket.EAI_AGAIN
        return f"the name {host} cannot be looked up now" if away else f"there is no host {host}"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses the connection"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{host} cannot be reached ({said.lower()})"


def _basic(proxy: Proxy) -> str:
    if proxy.credentials is None:
        return ""
    return "Basic " + base64.b64encode(":".join(proxy.credentials).encode()).decode()


def _unreachable(proxy: Proxy, error: OSError) -> ProxyFailed:
    if isinstance(error, ConnectionRefusedError):
        return ProxyFailed(f"{proxy.shown} refuses the connection")
    if isinstance(error, socket.gaierror):
        return ProxyFailed(f"{proxy.shown} cannot be found")
    said = error.strerror or str(error) or type(error).__name__
    return ProxyFailed(f"{proxy.shown} cannot be reached ({said.lower()})")


async def _adopted(connected: socket.socket) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=connected)
    return transport


async def _first_to_answer(addresses: Sequence[str], port: int) -> socket.socket:
    """A connection to one of ``addresses``: each begins when the one before failed or is late."""
    waiting: set[asyncio.Task[socket.socket]] = set()
    to_come = list(addresses)
    failure: BaseException = OSError("no address")
    try:
        while to_come or waiting:
            if to_come:
                waiting.add(asyncio.create_task(_connected(to_come.pop(0), port)))
            stagger = _STAGGER if to_come else None
            done, waiting = await asyncio.wait(
                waiting, timeout=stagger, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if (error := task.exception()) is None:
                    return task.result()
                failure = error
    finally:
        for task in waiting:
            task.add_done_callback(_close_late)
            task.cancel()
    raise failure


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    with contextlib.suppress(asyncio.CancelledError, OSError):
        task.result().close()
