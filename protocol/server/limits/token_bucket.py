"""Token bucket: so many at once, then so many a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.wire.rate_limit import RateLimit


class TokenBucket:
    """Tokens that come back with time; instants are seconds on any one clock."""

    __slots__ = ("_at", "_rate", "_tokens")

    def __init__(self, rate: RateLimit, now: float) -> None:
        self._rate = rate
        self._tokens = rate.burst
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until there is a whole token; 0 when there is one."""
        elapsed = max(0.0, now - self._at)
        self._tokens = min(self._rate.burst, self._tokens + elapsed * self._rate.per_second)
        self._at = now
        return max(0.0, 1.0 - self._tokens) / self._rate.per_second

    def take(self, now: float, amount: float = 1.0) -> float:
        """Take ``amount``, or answer after how many seconds to come again.

        More than one token may be taken on credit, so that one large message passes and
        the next ones wait.
        """
        wait = self.wait(now)
        if wait == 0.0:
            self._tokens -= amount
        return wait

    def is_full(self, now: float) -> bool:
        """Whether nothing taken is still missed."""
        self.wait(now)
        return self._tokens >= self._rate.burst

    def charge(self, now: float) -> None:
        """Take a token, or what is left of one: no debt is run up."""
        self.wait(now)
        self._tokens = max(0.0, self._tokens - 1.0)

    def whole(self, now: float) -> int:
        """How many may be taken now; not more than 0 when `wait` is not over."""
        self.wait(now)
        return int(self._tokens)
