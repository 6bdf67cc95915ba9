"""Restart policy: when a child that died is started again, and when it is given up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Waits and bounds, in seconds."""

    back_off: tuple[float, ...] = (0.1, 0.5, 1.0, 2.0)
    """Waits before the first restart, the second, …; the last one is kept."""
    limit: int | None = 5
    """After so many deaths within `within` it is given up; None never does."""
    within: float = 60.0


class RestartCounter:
    """The deaths of one child, counted by a policy."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._deaths: deque[float] = deque(maxlen=policy.limit or len(policy.back_off))

    def died(self, now: float) -> float | None:
        """Seconds to wait before it is started again; None when it died too often."""
        self._deaths.append(now)
        recent = sum(1 for death in self._deaths if now - death < self._policy.within)
        if recent == self._policy.limit:
            return None
        return self._policy.back_off[min(recent, len(self._policy.back_off)) - 1]

    def recovered(self) -> None:
        """It does its work again: the deaths so far no longer count."""
        self._deaths.clear()
