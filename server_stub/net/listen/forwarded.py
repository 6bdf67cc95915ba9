"""Trusted proxies: whom a proxy speaks for, where one stands in front."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.exceptions import SettingsError
from protocol.wire.addresses import parse_ip

if TYPE_CHECKING:
    from collections.abc import Sequence

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies that are believed, and what they say of whom they let in.

    Each proxy appends the address it was reached from to ``X-Forwarded-For``, so what stands
    before the last one that is ours was written by whoever asks, and means nothing.
    """

    networks: tuple[_Network, ...] = ()

    def visitor(self, peer: str, forwarded: Sequence[str]) -> str:
        """The IP address that bounds are counted for.

        Args:
            peer: the address at the other end of the connection.
            forwarded: the ``X-Forwarded-For`` headers, in their order.
        """
        hops = [hop.strip() for line in forwarded for hop in line.split(",")]
        while self.trusts(peer) and hops:
            hop = parse_ip(hops.pop())
            if hop is None:
                break
            peer = str(hop)
        return peer

    def trusts(self, address: str) -> bool:
        """Whether this address is a proxy's that is believed."""
        found = parse_ip(address)
        return found is not None and any(found in network for network in self.networks)


def parse_proxies(texts: Sequence[str]) -> TrustedProxies:
    """Addresses and networks, such as ``127.0.0.1`` or ``10.0.0.0/8``.

    Raises:
        SettingsError: one is neither.
    """
    return TrustedProxies(tuple(_network(text) for text in texts))


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise SettingsError(
            "trusted-proxy",
            f"{text!r} is neither an address nor a network ({error})",
            "write it as 127.0.0.1 or 10.0.0.0/8",
        ) from None
