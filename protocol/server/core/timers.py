"""Timer queue: what is due when, for a core that is told the time."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from protocol.server.moment import Moment


class TimerQueue:
    """Named deadlines; setting one again moves it."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._set: dict[int, tuple[float, Hashable, Callable[[Moment], None]]] = {}
        self._latest: dict[Hashable, int] = {}
        self._count = 0

    def set(self, name: Hashable, instant: float, then: Callable[[Moment], None]) -> None:
        """Call ``then`` at ``instant`` (seconds), unless cancelled or set anew."""
        self.cancel(name)
        self._count += 1
        self._latest[name] = self._count
        self._set[self._count] = (instant, name, then)
        heapq.heappush(self._heap, (instant, self._count))

    def cancel(self, name: Hashable) -> None:
        """Forget the deadline of this name, if there is one."""
        number = self._latest.pop(name, None)
        if number is not None:
            del self._set[number]

    def due_at(self, name: Hashable) -> float | None:
        """The instant this name is set for."""
        number = self._latest.get(name)
        return None if number is None else self._set[number][0]

    def run(self, now: Moment) -> None:
        """Do what is due."""
        while (deadline := self.next_deadline()) is not None and deadline <= now.instant:
            _, number = heapq.heappop(self._heap)
            _, name, then = self._set.pop(number)
            del self._latest[name]
            then(now)

    def next_deadline(self) -> float | None:
        """The earliest instant at which something is due."""
        while self._heap and self._heap[0][1] not in self._set:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
