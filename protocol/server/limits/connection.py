"""Quotas by connection and member: how much may be asked of the server, and of each peer how
much; over it, they wait.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from protocol.server.limits.token_bucket import TokenBucket
from protocol.wire.messages import ClientMessage

if TYPE_CHECKING:
    from protocol.server.limits.config import Limits


_KINDS: Final[tuple[type[ClientMessage], ...]] = get_args(ClientMessage)


class ConnectionLimiter:
    """The buckets of one connection."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._characters = TokenBucket(limits.characters, now)
        self._strikes = TokenBucket(limits.strikes, now)
        self._struck_at = -limits.strike_interval
        self._buckets = {
            kind: TokenBucket(rate, now)
            for kind in _KINDS
            if (rate := limits.rates.get(kind) or kind.rate) is not None
        }

    def go_on_from(self, before: ConnectionLimiter) -> None:
        """The same member has connected anew, which fills no bucket of messages."""
        self._buckets = before._buckets

    def take_text(self, text: str, now: float) -> float:
        """Seconds to wait before more may be sent; 0 for go on."""
        return self._characters.take(now, len(text))

    def take(self, message: ClientMessage, now: float) -> float:
        """Seconds to wait before such a message may be sent; 0 for go on."""
        bucket = self._buckets.get(type(message))
        return 0.0 if bucket is None else bucket.take(now)

    def strike(self, now: float, *, burst: bool = False) -> bool:
        """Count a broken rule; True when it was one too many.

        Args:
            now: instant.
            burst: a rate was exceeded, which happens many times in a row.
        """
        if burst:
            if now - self._struck_at < self._limits.strike_interval:
                return False
            self._struck_at = now
        self._strikes.take(now)
        return self._strikes.wait(now) > 0.0


MAX_GONE: Final = 1024
"""Members remembered at once who are not here."""
REFILLED: Final = 10.0
"""Seconds after which every bucket of messages is full again."""


class _Gone(NamedTuple):
    limits: ConnectionLimiter
    since: float


class MemberQuotas:
    """What members have used up, over their connections and after they have left."""

    def __init__(self) -> None:
        self._here: dict[str, ConnectionLimiter] = {}
        self._gone: OrderedDict[str, _Gone] = OrderedDict()
        """Longest gone first."""

    def __len__(self) -> int:
        return len(self._here) + len(self._gone)

    def seated(self, member_id: str, limits: ConnectionLimiter) -> None:
        """This member has a new connection: it goes on where the last one is, or ended."""
        before, gone = self._here.get(member_id), self._gone.pop(member_id, None)
        if before is None and gone is not None:
            before = gone.limits
        if before is not None:
            limits.go_on_from(before)
        self._here[member_id] = limits

    def left(self, member_id: str, limits: ConnectionLimiter, now: float) -> None:
        """This connection of a member has ended."""
        if self._here.get(member_id) is not limits:
            # Another one has the seat.
            return
        del self._here[member_id]
        self._gone[member_id] = _Gone(limits, now)
        while len(self._gone) > MAX_GONE or next(iter(self._gone.values())).since < now - REFILLED:
            self._gone.popitem(last=False)
