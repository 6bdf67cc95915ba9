"""Request head: what a client of the dialer asks for: a tunnel, or one plain request."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from protocol.exceptions import ProtocolError

MAX_HEAD: Final = 64 * 1024
"""Bytes: an address and its cookies."""
_MAX_FIELDS: Final = 200
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST: Final = re.compile(r"[!-~]+")
_VERSION: Final = re.compile(r"HTTP/1\.[01]")
_OWN_FIELDS: Final = frozenset({"proxy-authorization", "proxy-connection"})
"""What is said to the dialer and to nobody behind it."""


class RequestHead(msgspec.Struct, frozen=True):
    """A request's first lines, checked in form only."""

    method: str
    host: str
    port: int
    is_tunnel: bool
    """Bytes are to go both ways as they are: TLS is inside."""
    target: str = ""
    """Path and query of a plain request, fit to be sent."""
    version: str = "HTTP/1.1"
    fields: tuple[tuple[str, str], ...] = ()
    user: str = ""
    password: str = ""
    body_length: int = 0

    @property
    def netloc(self) -> str:
        """Host and port as they stand in an address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def origin_form(self) -> bytes:
        """The head as the server itself is asked."""
        return self._written(self.target, self.fields)

    def absolute_form(self, authorization: str) -> bytes:
        """The head as a person's own proxy is asked; ``authorization`` is what that wants."""
        own = (("Proxy-Authorization", authorization),) if authorization else ()
        return self._written(f"http://{self.netloc}{self.target}", (*self.fields, *own))

    def field(self, wanted: str) -> str:
        """The value of a header field; "" without one."""
        return next((value for name, value in self.fields if name.lower() == wanted), "")

    def _written(self, target: str, fields: tuple[tuple[str, str], ...]) -> bytes:
        lines = [f"{self.method} {target} {self.version}"]
        lines += [f"{name}: {value}" for name, value in fields]
        return "\r\n".join((*lines, "", "")).encode("latin-1")


def parse_head(raw: bytes) -> RequestHead:
    """The head in ``raw``, which ends with its empty line.

    Raises:
        ProtocolError: it is none, or one that could mean two things.
    """
    text = raw.decode("latin-1").removesuffix("\r\n\r\n")
    first, *lines = text.split("\r\n")
    method, _, rest = first.partition(" ")
    # A redirect may hold raw spaces, and libavformat asks for them as they are.
    target, _, version = rest.rpartition(" ")
    if not _TOKEN.fullmatch(method) or not _VERSION.fullmatch(version) or not target:
        raise ProtocolError("the request cannot be read")
    if len(lines) > _MAX_FIELDS:
        raise ProtocolError("the request has too many header fields")
    fields = tuple(map(_field, lines))
    said = {name.lower(): value for name, value in fields}
    user, password = _credentials(said.get("proxy-authorization", ""))
    kept = tuple(field for field in fields if field[0].lower() not in _OWN_FIELDS)
    if method == "CONNECT":
        host, port = _authority(target, None)
        return RequestHead(
            method, host, port, is_tunnel=True, fields=kept, user=user, password=password
        )
    if "transfer-encoding" in said:
        raise ProtocolError("a request of unknown length is not passed on")
    length = said.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) <= 12):
        raise ProtocolError("the request's length cannot be read")
    scheme, mark, rest = target.partition("://")
    if not mark or scheme.lower() != "http":
        raise ProtocolError("only http and https addresses are connected to")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host, port = _authority(authority.rpartition("@")[2], 80)
    return RequestHead(
        *(method, host, port, False, _path(rest[len(authority) :]), version, kept),
        *(user, password, int(length)),
    )


def _field(line: str) -> tuple[str, str]:
    name, mark, value = line.partition(":")
    if not mark or not _TOKEN.fullmatch(name) or any(c in "\r\n\0" for c in value):
        raise ProtocolError("a header field cannot be read")
    return name, value.strip()


def _credentials(value: str) -> tuple[str, str]:
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = plain.partition(":")
    return user, password


def _authority(text: str, default: int | None) -> tuple[str, int]:
    if default is None and "[" not in text and text.count(":") > 1:
        # httpcore leaves the brackets of an IPv6 address out.
        address, _, port_text = text.rpartition(":")
        text = f"[{address}]:{port_text}"
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ProtocolError("the request names no possible host") from None
    port = default if port is None else port
    if not host or not _HOST.fullmatch(host) or not port or parts.path or "@" in text:
        raise ProtocolError("the request names no possible host")
    return host, port


def _path(text: str) -> str:
    path = text.partition("#")[0]
    path = path if path.startswith("/") else f"/{path}"
    # As it was written, but for what would end the line or its middle.
    return quote(path.encode("latin-1"), safe="".join(map(chr, range(33, 127))))
