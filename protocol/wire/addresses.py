"""Network addresses: what one says by itself, without a question to a resolver or a socket."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from protocol.exceptions import SettingsError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_LISTEN: Final = "127.0.0.1:8765"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""How people write this very machine."""
LISTEN_HINT: Final = "write it as HOST:PORT, such as 127.0.0.1:8765; port 0 takes any free one"
_LISTEN: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:/@\s]*)):(?P<port>[0-9]{1,5})"
)


def parse_ip(text: str) -> IpAddress | None:
    """An IP address, as IPv4 where IPv6 only wraps it; None for what is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_loopback(host: str) -> bool:
    """Whether a host, by address or by name, is this very machine.

    ``localhost.`` is not: with its dot, resolvers may ask the network for it.
    """
    found = parse_ip(host)
    return host.lower() == "localhost" if found is None else found.is_loopback


def is_loopback_url(url: str) -> bool:
    """Whether a checked ``http(s)://host[:port]`` leads to this very machine."""
    return is_loopback(urlsplit(url).hostname or "")


def host_of(header: str) -> str:
    """The host that a Host header, ``HOST[:PORT]``, names; "" when it makes no sense."""
    try:
        parts = urlsplit(f"//{header}")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return host


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where a server listens: a host, by address or name, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def is_wildcard(self) -> bool:
        found = parse_ip(self.host)
        return found is not None and found.is_unspecified

    @property
    def is_ipv6(self) -> bool:
        return isinstance(parse_ip(self.host), ipaddress.IPv6Address)


def parse_listen(text: str) -> ListenAddress:
    """``HOST:PORT``, ``[IPV6]:PORT``, or ``:PORT`` for this machine alone.

    Raises:
        SettingsError: it is none of them.
    """
    found = _LISTEN.fullmatch(text.strip())
    if found is None or int(found["port"]) > 65535:
        raise SettingsError(
            "listen",
            f"{text!r} is not an address to listen on",
            LISTEN_HINT,
        )
    return ListenAddress(found["six"] or found["name"] or "127.0.0.1", int(found["port"]))
