"""Fill meter: how fast a film comes in beside how fast it plays, and how far ahead a seat that
lacks data has to go to find enough of it.

Pure. Instants are local, in seconds; positions are seconds.
"""

from __future__ import annotations

from collections import deque
from typing import Final

NEAR: Final = 12.0
"""Seconds ahead of the player; with more, it is no longer the line that says how fast it fills."""
WINDOW: Final = 20.0
LEAST: Final = 4.0
"""Seconds over which a rate means anything: data comes in lumps."""
AWAY: Final = 3.0
"""Seconds in which nothing comes: the line is away and not slow."""
HOPELESS: Final = 0.5
"""With less there would be more waiting than watching, wherever the seat goes."""
FILL: Final = 10.0
"""Seconds of the film that are to be there when the timeline comes by."""
LEAST_LEAD: Final = 1.0
MOST_LEAD: Final = 30.0


class FillMeter:
    """Meter of the seconds of a film that come in each second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()
        self._rate: float | None = None

    @property
    def rate(self) -> float | None:
        """Seconds of the film a second, measured while little was there; None if unknown."""
        return self._rate

    @property
    def is_slow(self) -> bool:
        """Whether the line brings less than the film plays."""
        return self._rate is not None and self._rate < 1.0

    @property
    def is_hopeless(self) -> bool:
        """Whether catching up costs more than it brings."""
        return self._rate is not None and self._rate < HOPELESS

    @property
    def lead(self) -> float:
        """Seconds to go ahead of the timeline, so that enough is there when it comes; 0 if none."""
        if self._rate is None or not self.is_slow:
            return 0.0
        return min(max(FILL / max(self._rate, HOPELESS), LEAST_LEAD), MOST_LEAD)

    def clear(self) -> None:
        """Another film."""
        self._seen.clear()
        self._rate = None

    def moved(self) -> None:
        """A seek: what comes in from now on is for another place."""
        self._seen.clear()

    def observe(self, now: float, until: float | None, position: float | None) -> None:
        """The film is there up to ``until``; None while the player asks for no more of it."""
        ahead = None if until is None or position is None else until - position
        if until is None or ahead is None or ahead > NEAR:
            self._seen.clear()
            if ahead is not None and ahead > 2 * NEAR:
                # With so much in hand what was measured when there was little is over.
                self._rate = None
            return
        if self._seen and until < self._seen[-1][1]:
            self._seen.clear()
        if self._seen and until == self._seen[-1][1]:
            if now - self._seen[-1][0] > AWAY:
                self._seen.clear()
            return
        self._seen.append((now, until))
        while now - self._seen[0][0] > WINDOW:
            self._seen.popleft()
        began, first = self._seen[0]
        if now - began >= LEAST:
            self._rate = (until - first) / (now - began)
