"""Rate limiter by address: how much one remote address may ask of the server, whoever speaks
from there.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from protocol.server.limits.token_bucket import TokenBucket
from protocol.wire.addresses import is_loopback, parse_ip

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.limits.config import Limits

MAX_RIGHT: Final = 4096
"""Tokens remembered to have been right where they were shown."""
MAX_ADDRESSES: Final = 4096
"""Remembered at once, or those that have a connection open."""
_FORGOTTEN: Final = 512
"""At once, so that to look for them costs next to nothing for each that comes."""


class TokenLookup:
    """A token that was shown, until it has been looked up.

    Args:
        token: stands for the token, and for what it is to open.
        turn: told after how many seconds to come again, or 0.0 for now; says whether it does
            look, which ends with `AddressLimiter.looked_up`.
    """

    __slots__ = ("address", "is_counted", "token", "turn")

    def __init__(self, address: str, token: str, turn: Callable[[float], bool]) -> None:
        self.address = address
        self.token = token
        self.turn = turn
        self.is_counted = False
        """Whether it is being looked up, and may be wrong."""


class _Address:
    __slots__ = ("creations", "failures", "line", "open", "opens", "reads", "shown")

    def __init__(self, limits: Limits, now: float) -> None:
        self.opens = TokenBucket(limits.opens, now)
        self.reads = TokenBucket(limits.reads, now)
        self.failures = TokenBucket(limits.failures, now)
        self.creations = TokenBucket(limits.creations, now)
        self.open = 0
        self.shown = 0
        """Tokens that are being looked up, and may be wrong."""
        self.line: dict[TokenLookup, None] = {}
        """Those that wait until one of them has been, in order."""

    @property
    def is_idle(self) -> bool:
        return not (self.open or self.shown)

    def is_blank(self, now: float) -> bool:
        """Whether nothing is held against it."""
        return self.failures.is_full(now) and self.creations.is_full(now)


class AddressLimiter:
    """What each remote address may do.

    This machine's own address is a proxy's or the user's: connections, reads and streams are
    not counted against it, wrong tokens are.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, _Address] = OrderedDict()
        self._right: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Addresses and tokens, the one that was shown last at the end."""
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

    def failed(self, address: str, now: float) -> float:
        """A token that nobody had to look up was wrong: 0, or else who showed it is not told so.

        Those that are being looked up may be wrong as well.
        """
        known = self._of(address, now)
        is_told = known.shown < known.failures.whole(now)
        known.failures.charge(now)
        return 0.0 if is_told else known.failures.wait(now) or 1.0

    def show(self, look: TokenLookup, now: float) -> None:
        """Have a token looked up when it is its turn.

        No more are looked up at once than may still be wrong: whoever shows a thousand must
        not have them all answered. One that was right where it is shown now is no guess, and
        waits for nobody.
        """
        known = self._of(look.address, now)
        known.line[look] = None
        if self._was_right(look):
            self._call(known, look, 0.0)
        else:
            self._next(known, now)

    def give_up(self, look: TokenLookup, now: float) -> None:
        """Nobody waits for it any more; one whose turn has come is looked up all the same."""
        self._of(look.address, now).line.pop(look, None)

    def looked_up(self, look: TokenLookup, now: float, *, was_right: bool | None) -> None:
        """A token that was shown has been looked up; None where nothing was found out."""
        known, key = self._of(look.address, now), (bounded_as(look.address), look.token)
        known.shown -= look.is_counted
        if was_right:
            self._right[key] = None
            self._right.move_to_end(key)
            if len(self._right) > MAX_RIGHT:
                self._right.popitem(last=False)
        elif was_right is False:
            self._right.pop(key, None)
            known.failures.charge(now)
        self._next(known, now)

    def _was_right(self, look: TokenLookup) -> bool:
        return (bounded_as(look.address), look.token) in self._right

    def _next(self, known: _Address, now: float) -> None:
        while known.line:
            look, wait = next(iter(known.line)), known.failures.wait(now)
            if self._was_right(look):
                wait = 0.0
            elif wait == 0.0 and known.shown >= known.failures.whole(now):
                return
            self._call(known, look, wait)

    def _call(self, known: _Address, look: TokenLookup, wait: float) -> None:
        del known.line[look]
        if look.turn(wait) and wait == 0.0 and not self._was_right(look):
            look.is_counted = True
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
    found = parse_ip(address) if ":" in address else None
    if found is None or found.is_loopback:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.IPv6Address(int(found) >> 64 << 64))


def is_own(address: str) -> bool:
    """Whether a peer at this address runs on this machine."""
    # A unix socket's peer has no address.
    return address == "" or is_loopback(address)
