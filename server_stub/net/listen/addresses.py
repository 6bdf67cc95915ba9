"""Listen addresses: where the server listens, what it may be called, and how others reach it."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from protocol.exceptions import InviteError, ListenError, SettingsError
from protocol.wire.addresses import LISTEN_HINT, ListenAddress, host_of, is_loopback, parse_ip
from protocol.wire.invite import parse_server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BACKLOG: Final = 1024


def parse_public_url(text: str) -> str:
    """The address that invites carry when a proxy stands in front; "" for none.

    Raises:
        SettingsError: it is not an address.
    """
    if not text:
        return ""
    try:
        return parse_server(text)
    except InviteError as error:
        raise SettingsError("public-url", error.message, error.remedy) from None


def bind(address: ListenAddress) -> socket.socket:
    """A listening socket.

    Raises:
        ListenError: says why not, and what to do.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(where[:2], family=family, backlog=_BACKLOG)
    except socket.gaierror:
        raise ListenError(
            f"{address.host} is not a name of this machine",
            "give an address of it, such as 127.0.0.1, or 0.0.0.0 for all",
        ) from None
    except OSError as error:
        raise _refused(address, error) from None


def _refused(address: ListenAddress, error: OSError) -> ListenError:
    match error.errno:
        case errno.EADDRINUSE:
            other = ListenAddress(address.host, _free_port(address))
            return ListenError(
                f"port {address.port} on {address.host} is in use by another program",
                f"stop that, or listen elsewhere: --listen {other}",
            )
        case errno.EADDRNOTAVAIL:
            return ListenError(
                f"{address.host} is not an address of this machine",
                "give one that is, such as 127.0.0.1, or 0.0.0.0 for all",
            )
        case errno.EACCES | errno.EPERM:
            return ListenError(
                f"port {address.port} is reserved for the system",
                "take one above 1023, such as --listen 127.0.0.1:8765",
            )
        case _:
            return ListenError(f"cannot listen on {address} ({error.strerror})", LISTEN_HINT)


def _free_port(address: ListenAddress) -> int:
    """A free port soon after the one that is taken; 0, which means any, when none is near."""
    for port in range(address.port + 1, min(address.port + 20, 65536)):
        try:
            with socket.create_server((address.host, port)):
                return port
        except OSError:
            continue
    return 0


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """What a request's Host header may say.

    A page on a stranger's site can have its name resolve to this machine; it cannot make
    a browser send another name than its own. An address typed as such needs no name.
    """

    listen: ListenAddress
    public_url: str = ""
    certified: Callable[[], tuple[str, ...]] = tuple
    """Names that the server's certificate is for."""

    def accepts(self, host_header: str | None) -> bool:
        """Whether a request with this header is meant for this server."""
        host = host_of(host_header or "")
        if is_loopback(host):
            return True
        if self.public_url and host == urlsplit(self.public_url).hostname:
            return True
        if parse_ip(host) is not None:
            return not self.listen.is_loopback
        if any(_stands_for(name, host) for name in self.certified()):
            return True
        return host == self.listen.host.lower() or (
            not self.listen.is_loopback and host in _own_names()
        )


def _stands_for(name: str, host: str) -> bool:
    """Whether a name of a certificate, such as ``*.example.com``, means ``host``."""
    name = name.lower()
    return name == host or (name.startswith("*.") and name[1:] == host[host.find(".") :])


def certified_urls(names: Sequence[str], port: int) -> tuple[str, ...]:
    """Addresses under which seats accept a certificate for these names."""
    end = f":{port}" if port != 443 else ""
    hosts = [f"[{ipaddress.ip_address(name)}]" if ":" in name else name.lower() for name in names]
    return tuple(f"https://{host}{end}" for host in hosts if "*" not in host)


def _own_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({name, f"{name.partition('.')[0]}.local"})


def urls(address: ListenAddress, scheme: str = "http") -> tuple[str, ...]:
    """Where the server is reached: from this machine first, then from its network."""
    if not address.is_wildcard:
        return (f"{scheme}://{address}",)
    own = "::1" if address.is_ipv6 else "127.0.0.1"
    found = [f"{scheme}://{ListenAddress(own, address.port)}"]
    lan = _lan_address(socket.AF_INET6 if address.is_ipv6 else socket.AF_INET)
    if lan:
        found.append(f"{scheme}://{ListenAddress(lan, address.port)}")
    return tuple(found)


def _lan_address(family: socket.AddressFamily) -> str:
    """The address that this machine would use towards others; nothing is sent."""
    elsewhere = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
