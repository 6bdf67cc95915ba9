"""Virtual time: what is to happen is done in its order, and no time passes meanwhile."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clockwork:
    """The true time of a simulated world, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, instant: float, act: Callable[[], None]) -> None:
        """Do ``act`` at ``instant``, or at once when that has passed."""
        self._count += 1
        heapq.heappush(self._due, (max(instant, self.now), self._count, act))

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do ``act`` in so many seconds."""
        self.at(self.now + seconds, act)

    def run(self, seconds: float) -> None:
        """Let so many seconds pass."""
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, act = heapq.heappop(self._due)
            act()
        self.now = until
