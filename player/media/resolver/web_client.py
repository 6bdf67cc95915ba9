"""Web client: asks for addresses as the player will: by the same way, with the same headers."""

from __future__ import annotations

import contextlib
import re
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import httpx

from player.net.messages import REFUSED
from player.request_headers import RequestHeaders
from protocol.exceptions import MediaRefused, ResolveError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_DIALER: Final = re.compile(r"(?:(\d{3}) )?Dialer: (.+)")
_GIVEN_UP: Final = 504
"""The dialer has held the connection for long and not got it; any other no of its own is final."""
_BASE: Final = {
    "Accept": "*/*",
    # A small answer must not unfold into a large one.
    "Accept-Encoding": "identity",
}


class WebClient:
    """Client for one look after the other.

    Args:
        timeout: seconds for each step of an answer.
        headers: what a person wants to be said.
        ca_file: certificates that servers are checked against; "" for the client's own.
        transport: what requests go through; None for the network.
    """

    def __init__(
        self,
        timeout: float,
        headers: RequestHeaders | None = None,
        ca_file: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._timeout = timeout
        said = _BASE | (headers or RequestHeaders()).as_mapping()
        # In the bytes that the player sends.
        self._headers = httpx.Headers(said, encoding="utf-8")
        self._ca_file = ca_file
        self._transport = transport
        self._context: ssl.SSLContext | None = None

    @contextlib.asynccontextmanager
    async def opened(self, proxy: str = "") -> AsyncGenerator[httpx.AsyncClient]:
        """A client with cookies of its own, whose connections go through ``proxy``."""
        if self._context is None and self._transport is None:
            # Once: it reads every certificate that this machine trusts.
            self._context = _trusting(self._ca_file)
        async with httpx.AsyncClient(
            timeout=self._timeout,
            headers=self._headers,
            transport=self._transport,
            verify=self._context or True,
            proxy=proxy or None,
            trust_env=False,
        ) as client:
            yield client


def login_for(url: str, login: str, site: str) -> httpx.BasicAuth | None:
    """What ``login`` says to ``url``; nothing to another site than the one that it is for."""
    if not login or _origin(url) != _origin(site):
        return None
    name, _, password = login.partition(":")
    return httpx.BasicAuth(unquote(name), unquote(password))


def check_dialer(answer: httpx.Response) -> None:
    """Raise what the dialer has answered in the server's place.

    Raises:
        MediaRefused: the rules say no.
        ResolveError: it cannot be reached.
    """
    found = _DIALER.fullmatch(answer.reason_phrase)
    if found is not None:
        raise _said(answer.status_code, found[2])


def unreachable(url: str, error: Exception) -> MediaRefused | ResolveError:
    """Why nothing can be read from ``url``."""
    host = urlsplit(url).hostname
    words = str(error)
    if isinstance(error, httpx.ProxyError) and (found := _DIALER.fullmatch(words)):
        return _said(int(found[1] or 0), found[2])
    if isinstance(error, httpx.TimeoutException):
        return ResolveError(
            f"{host} does not answer", "try again, or check the address", is_transient=True
        )
    if "CERTIFICATE" in words.upper():
        return ResolveError(
            f"the certificate of {host} is not trusted{_why(words)}", "check the address"
        )
    if isinstance(error, httpx.ConnectError) and "SSL" in words.upper():
        return ResolveError(f"{host} does not speak TLS as we do", "check the address and its port")
    if isinstance(error, httpx.ConnectError):
        return ResolveError(
            f"{host} refuses the connection", "check the address and its port", is_transient=True
        )
    said = "" if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) else f" ({words})"
    return ResolveError(f"{host} broke off{said}", "try again", is_transient=True)


def _said(status: int, words: str) -> MediaRefused | ResolveError:
    if status == REFUSED:
        return MediaRefused(words)
    return ResolveError(
        words,
        "check the address, and this machine's network",
        is_transient=status == _GIVEN_UP,
    )


def _why(words: str) -> str:
    for sign, meaning in (
        ("self-signed", " (it has signed itself)"),
        ("self signed", " (it has signed itself)"),
        ("has expired", " (it has expired)"),
        ("not yet valid", " (it is not valid yet: check this machine's clock)"),
        ("mismatch", " (it is another host's)"),
        ("not valid for", " (it is another host's)"),
    ):
        if sign in words:
            return meaning
    return ""


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError):
        raise ResolveError(f"{ca_file} holds no certificates", "name another file") from None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port
