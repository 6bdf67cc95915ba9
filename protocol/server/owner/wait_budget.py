"""Wait budget: how long a party has waited for each member lately; who was waited for too long
is not any more.

Pure. Instants and durations are seconds.
"""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MEMORY: Final = 900.0
"""Seconds until a wait is forgotten."""
MOST: Final = 60.0
"""Seconds that a member may be waited for within that time."""
SHORTEST: Final = 2.0
"""Who may be waited for less than this is not waited for."""


class WaitBudget:
    """Of one party."""

    def __init__(self) -> None:
        self._waits: defaultdict[str, deque[tuple[float, float]]] = defaultdict(deque)
        """By member: when a wait ended, and how long it was."""

    def __len__(self) -> int:
        return len(self._waits)

    def spend(self, member_id: str, seconds: float, now: float) -> None:
        """The party has waited for this member until ``now``."""
        over = now - MEMORY
        for forgotten in [m for m, waits in self._waits.items() if waits[-1][0] <= over]:
            del self._waits[forgotten]
        self._waits[member_id].append((now, seconds))

    def excused(self, now: float) -> dict[str, float]:
        """Who may be waited for less than it is worth: until which instant that is so."""
        spent = [m for m in list(self._waits) if self.left(m, now) < SHORTEST]
        return {member_id: self._excused_until(self._waits[member_id]) for member_id in spent}

    def _excused_until(self, waits: Iterable[tuple[float, float]]) -> float:
        """When enough of them is forgotten."""
        spent = sum(seconds for _, seconds in waits)
        forgotten = accumulate(seconds for _, seconds in waits)
        left = (MOST - spent + seconds for seconds in forgotten)
        enough = (
            ended_at for (ended_at, _), sum_ in zip(waits, left, strict=True) if sum_ >= SHORTEST
        )
        return next(enough) + MEMORY

    def left(self, member_id: str, now: float) -> float:
        """How long this member may still be waited for."""
        waits = self._waits.get(member_id)
        if waits is None:
            return MOST
        while waits and waits[0][0] <= now - MEMORY:
            waits.popleft()
        if not waits:
            del self._waits[member_id]
        return max(0.0, MOST - sum(seconds for _, seconds in waits))
