"""How much one remote address may ask of the server, whoever speaks from there."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

from protocol.server_limits import Bucket, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TRUST: Final = 256
"""Tokens of this machine that are looked up at once."""
MAX_ADDRESSES: Final = 4096
"""Remembered at once, or those that have a connection open."""
_FORGOTTEN: Final = 512
"""At once, so that to look for them costs next to nothing for each that comes."""


class _Address:
    __slots__ = ("creations", "failures", "line", "open", "opens", "reads", "right", "shown")

    def __init__(self, limits: Limits, now: float) -> None:
        self.opens = Bucket(limits.opens, now)
        self.reads = Bucket(limits.reads, now)
        self.failures = Bucket(limits.failures, now)
        self.creations = Bucket(limits.creations, now)
        self.open = 0
        self.shown = 0
        """Tokens that are being looked up."""
        self.right = 0
        """How many were right since one was wrong, where that counts."""
        self.line: deque[Callable[[float], bool]] = deque()
        """Those that wait until one of them has been."""

    @property
    def is_idle(self) -> bool:
        return not (self.open or self.shown)

    def is_blank(self, now: float) -> bool:
        """Whether nothing is held against it."""
        return self.failures.is_full(now) and self.creations.is_full(now)


class AddressLimits:
    """What each remote address may do.

    This machine's own address is a proxy's or the user's: connections, reads and streams are
    not counted against it, wrong tokens are.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, _Address] = OrderedDict()
        self._most = MAX_ADDRESSES

    def open(self, address: str, now: float) -> float:
        """Count a new connection, or answer after how many seconds to come again."""
        known = self._of(address, now)
        wait = 0.0
        if not is_own(address):
            if known.open >= self._limits.open_at_once:
                return 1.0
            wait = known.opens.take(now)
        if wait == 0.0:
            known.open += 1
        return wait

    def closed(self, address: str) -> None:
        """A counted connection is gone."""
        known = self._known.get(bounded_as(address))
        if known is not None:
            known.open -= 1

    def blocked(self, address: str, now: float) -> float:
        """Seconds until this address may show a token again."""
        return self._of(address, now).failures.wait(now)

    def failed(self, address: str, now: float) -> None:
        """A token was wrong."""
        self._of(address, now).failures.charge(now)

    def show(self, address: str, now: float, turn: Callable[[float], bool]) -> None:
        """Have a token looked up when it is its turn.

        No more are looked up at once than may still be wrong: whoever shows a thousand must
        not have them all answered. Right ones wait for one another, for as long as a look
        takes; on this machine, from where a proxy brings everybody back, for less and less.

        Args:
            turn: told after how many seconds to come again, or 0.0 for now; says whether
                it does look, which ends with `looked_up`.
        """
        known = self._of(address, now)
        known.line.append(turn)
        self._next(known, now)

    def looked_up(self, address: str, now: float, *, was_wrong: bool) -> None:
        """A token that was shown has been looked up."""
        known = self._of(address, now)
        known.shown -= 1
        if was_wrong:
            known.failures.charge(now)
            known.right = 0
        elif known.right < MAX_TRUST and is_own(address):
            known.right += 1
        self._next(known, now)

    def _next(self, known: _Address, now: float) -> None:
        while known.line:
            wait = known.failures.wait(now)
            if wait == 0.0 and known.shown >= known.failures.whole(now) + known.right:
                return
            if known.line.popleft()(wait) and wait == 0.0:
                known.shown += 1

    def read(self, address: str, now: float) -> float:
        """Count a read outside a websocket, or answer after how many seconds to come again."""
        return 0.0 if is_own(address) else self._of(address, now).reads.take(now)

    def create(self, address: str, now: float) -> float:
        """Count a new stream, or answer after how many seconds to come again."""
        return 0.0 if is_own(address) else self._of(address, now).creations.take(now)

    def _of(self, address: str, now: float) -> _Address:
        name = bounded_as(address)
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= self._most:
                self._forget(now)
            known = self._known[name] = _Address(self._limits, now)
        self._known.move_to_end(name)
        return known

    def _forget(self, now: float) -> None:
        """Those with nothing held against them, then those that were silent longest."""
        idle = [name for name, known in self._known.items() if known.is_idle]
        # A sort keeps the order of those that are alike.
        idle.sort(key=lambda name: not self._known[name].is_blank(now))
        for name in idle[:_FORGOTTEN]:
            del self._known[name]
        self._most = max(MAX_ADDRESSES, len(self._known) + _FORGOTTEN)


def bounded_as(address: str) -> str:
    """Whom an address is counted for: with IPv6 everybody has 2^64 of them, a network /64."""
    found = _parsed(address) if ":" in address else None
    if found is None or found.is_loopback:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.IPv6Address(int(found) >> 64 << 64))


def is_own(address: str) -> bool:
    """Whether a peer at this address runs on this machine."""
    found = _parsed(address)
    # A unix socket's peer has no address.
    return address == "" if found is None else found.is_loopback


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, as IPv4 where it is one in disguise; None for what is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
