"""Live range: what of a live stream can be gone to, and whether its timeline can be kept to.

Pure. Instants are local, in seconds; positions are seconds.
"""

from __future__ import annotations

from typing import Final

GIVEN_UP_AFTER: Final = 10.0
"""Seconds in which data may still come that the timeline needs."""
MOST_WAITED: Final = 15.0
"""Seconds before the timeline comes to where a seat has opened a live stream."""
FILLS_FOR: Final = 3.0
"""Seconds after opening in which a seat waits for data that the timeline is at."""
AHEAD: Final = 0.3
"""Seconds of data beyond a place, without which a seek there would wait."""


class LiveRange:
    """Range of one media that is loaded, while it is live; of any other all can be gone to."""

    def __init__(self) -> None:
        self.is_live = False
        self.is_free_running = False
        """There is no place to be at: each seat plays at the edge of its own."""
        self._is_shared = False
        self._loaded: tuple[float, float] | None = None
        self._missed_at: float | None = None
        self._opened_at = float("-inf")

    def load(self, *, is_live: bool, is_shared: bool) -> None:
        """Another media; ``is_shared`` when all seats have its timestamps in common."""
        self.is_live, self._is_shared = is_live, is_live and is_shared
        self.is_free_running = is_live and not is_shared
        self._loaded = self._missed_at = None

    def opened(self, now: float) -> None:
        """The stream is open at its edge."""
        self._opened_at = now

    def awaits(self, position: float, now: float) -> bool:
        """Whether data for ``position`` is likely to come in a moment."""
        is_filling = self.is_live and not self.is_free_running and now - self._opened_at < FILLS_FOR
        return is_filling and (self._loaded is None or position > self._loaded[1] - AHEAD)

    def set_loaded(self, start: float, end: float) -> None:
        """All between these positions is loaded."""
        self._loaded = (start, end)

    def shift(self, by: float) -> None:
        """Positions are reckoned from elsewhere."""
        if self._loaded is not None:
            self._loaded = (self._loaded[0] + by, self._loaded[1] + by)

    def holds(self, position: float) -> bool:
        """Whether ``position`` can be gone to."""
        if not self.is_live:
            return True
        if self._loaded is None:
            return False
        return self._loaded[0] <= position <= self._loaded[1] - AHEAD

    def try_again(self) -> None:
        """There is another timeline, or a person asks for it."""
        self.is_free_running = self.is_live and not self._is_shared
        self._missed_at = None

    def give_up(self) -> None:
        """The timeline cannot be kept to."""
        self.is_free_running, self._missed_at = True, None

    def misses(self, *, is_off: bool, now: float) -> bool:
        """Whether a player that ``is_off`` the timeline has been so for too long."""
        if not is_off:
            self._missed_at = None
        elif self._missed_at is None:
            self._missed_at = now
        return self._missed_at is not None and now - self._missed_at > GIVEN_UP_AFTER
