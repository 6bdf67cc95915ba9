"""URL allow-list: what may be opened: the one gate between a stranger's text and this machine's
player.

mpv opens files, devices and shared libraries by address, and no option stops all of it; so
nothing reaches it that has not come out of `check_url`. Names are resolved elsewhere: each
address that comes out of that goes through `check_address`.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

import idna

from protocol.exceptions import MediaRefused

MAX_URL: Final = 8192
"""Characters; presigned addresses are longer than those that people write."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_PATH: Final = "/:@!$&'()*+,;=~-._%"
_LAN_HINT: Final = "the local network is opened only where it was asked for by name"
_ADDRESS_HINT: Final = "give the address of the film or of its page, as a browser shows it"

_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "255.255.255.255/32",
            "::/128",
        ),
    )
)
"""Not even on a local network is anything there to be watched."""
_NOT_GLOBAL: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "100.64.0.0/10",  # carriers' own
            "192.0.0.0/24",
            "192.88.99.0/24",  # old relays into IPv6
            "198.18.0.0/15",
            "240.0.0.0/4",
            "::/96",  # IPv4 written as IPv6, long given up
            "64:ff9b:1::/48",  # translation of a local network's choice
            "100::/64",
            "2001::/23",  # Teredo and other tunnels
            "2001:db8::/32",
            "2002::/16",  # 6to4: carries any IPv4 address, the LAN's too
            "3fff::/20",
            "fec0::/10",
        ),
    )
)
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UrlPolicy(NamedTuple):
    """How wide the gate is."""

    allow_http: bool = False
    """Plain http may be opened."""
    allow_lan: bool = False
    """Addresses of the local network and of this machine may be opened."""


STRICT: Final = UrlPolicy()


def check_url(url: str, rules: UrlPolicy = STRICT) -> str:
    """The address to pass on, written anew from its checked parts.

    Raises:
        MediaRefused: it is not one that may be opened; says why.
    """
    if len(url) > MAX_URL:
        raise MediaRefused(f"the address is longer than {MAX_URL} characters")
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        raise MediaRefused("the address has characters that do not belong in one", _ADDRESS_HINT)
    scheme = _SCHEME.match(url)
    _check_scheme(scheme[1].lower() if scheme else "", rules)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise MediaRefused("the address cannot be read", _ADDRESS_HINT) from None
    if "@" in parts.netloc:
        raise MediaRefused("the address carries a user name or password", "leave that part out")
    if not host or parts.netloc.endswith(":"):
        raise MediaRefused("the address names no host", _ADDRESS_HINT)
    if "__youtubedl_smuggle" in url:
        raise MediaRefused("the address carries orders for yt-dlp", _ADDRESS_HINT)
    netloc = _check_host(host, bracketed="[" in parts.netloc, rules=rules)
    if port is not None:
        netloc = f"{netloc}:{port}"
    path = quote(parts.path, safe=_PATH) or "/"
    query = f"?{quote(parts.query, safe=_PATH + '?')}" if parts.query else ""
    fragment = f"#{quote(parts.fragment, safe=_PATH + '?')}" if parts.fragment else ""
    written = f"{parts.scheme}://{netloc}{path}{query}{fragment}"
    if len(written) > MAX_URL:
        raise MediaRefused(f"the address is longer than {MAX_URL} characters")
    return written


def as_typed(text: str) -> str:
    """An address as a person types or pastes it, fit to be checked: its spaces encoded."""
    return text.strip().replace(" ", "%20") if _SCHEME.match(text.strip()) else text


def split_login(url: str) -> tuple[str, str]:
    """An address without its login, and the login, ``NAME:PASSWORD``, as it was written.

    The login, "" where there is none, is for who typed it alone.
    """
    head, mark, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, at, host = authority.rpartition("@")
    if not mark or not at:
        return url, ""
    return f"{head}://{host}{rest[len(authority) :]}", login


def with_login(url: str, login: str) -> str:
    """The address with a login in it; the reverse of `split_login`."""
    return url.replace("://", f"://{login}@", 1) if login else url


def check_address(address: str, rules: UrlPolicy = STRICT) -> str:
    """An address that a name resolved to, or stands for itself; its plain spelling.

    Raises:
        MediaRefused: it is no address, or not one of the public internet.
    """
    try:
        # inet_aton's spellings (127.1, 0x7f.1, 2130706433) fail here, as they should.
        found = ipaddress.ip_address(address)
    except ValueError:
        raise MediaRefused(f"{address[:60]!r} is no plain IP address") from None
    inner = _embedded(found)
    if inner.is_multicast or any(inner in network for network in _NEVER):
        raise MediaRefused(f"{found} is not the address of one machine")
    if not rules.allow_lan and not _is_global(inner):
        raise MediaRefused(f"{found} is not on the public internet", _LAN_HINT)
    return str(found)


def site_of(url: str) -> str:
    """The host name that a checked address leads to: what consent is given for."""
    return urlsplit(url).hostname or ""


def _check_scheme(scheme: str, rules: UrlPolicy) -> None:
    if scheme == "https" or (scheme == "http" and rules.allow_http):
        return
    if scheme == "http":
        raise MediaRefused("this address is plain http", "use its https address")
    if not scheme:
        raise MediaRefused("this is not an address", "it begins with https://")
    raise MediaRefused(f"{scheme[:20]}: addresses are not opened", "only https ones are")


def _check_host(host: str, *, bracketed: bool, rules: UrlPolicy) -> str:
    """The host as it is written in an address."""
    if bracketed:
        if "%" in host:
            raise MediaRefused("the address names a network interface", _ADDRESS_HINT)
        return f"[{check_address(host, rules)}]"
    try:
        name = idna.encode(host.removesuffix("."), uts46=True).decode() if host != "." else ""
    except idna.IDNAError:
        # Underscores and doubled hyphens stand in names that do exist.
        name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise MediaRefused("the address names no possible host", _ADDRESS_HINT)
    if _NUMERIC.fullmatch(labels[-1]):
        return check_address(name, rules)
    if not rules.allow_lan and (len(labels) == 1 or labels[-1] in _LOCAL):
        raise MediaRefused(f"{name} is a name of a local network", _LAN_HINT)
    return name


_LOCAL: Final = frozenset({"localhost", "local", "localdomain", "internal", "lan", "home", "onion"})


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only wraps it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_global(address: Address) -> bool:
    return address.is_global and not any(address in network for network in _NOT_GLOBAL)
