"""Picture clock: where the pictures are when there is no sound to tell it."""

from __future__ import annotations

from collections import deque
from typing import Final

_WINDOW: Final = 0.6


class PictureClock:
    """Lower envelope of ``time-pos``, which is a staircase.

    ``time-pos`` is the time of the last *queued* frame: it is ahead by up to a frame and
    jumps. Its lower envelope is where ``audio-pts`` would be, so that seats with and
    without sound rest on the same frame.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()
        self._rate = 1.0

    def reset(self, rate: float) -> None:
        """Forget what was seen: the pictures jumped, or run at ``rate`` from now on."""
        self._samples.clear()
        self._rate = rate

    def position_at(self, instant: float, time_pos: float) -> float:
        """Position in seconds at ``instant`` (monotonic), when ``time_pos`` was read."""
        self._samples.append((instant, time_pos - self._rate * instant))
        while self._samples[0][0] < instant - _WINDOW:
            self._samples.popleft()
        return self._rate * instant + min(ahead for _, ahead in self._samples)
