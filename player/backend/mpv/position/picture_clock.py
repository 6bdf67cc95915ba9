"""Picture clock: where the pictures are when there is no sound to tell it."""

from __future__ import annotations

from collections import deque
from typing import Final

_WINDOW: Final = 0.6
_STANDS: Final = 0.3
"""Seconds after which a picture that stays says nothing more of the position."""
_IS_STUCK: Final = 10.0
"""Seconds after which it is the player that stands."""


class PictureClock:
    """Lower envelope of ``time-pos``, which is a staircase.

    ``time-pos`` is the time of the last *queued* frame: it is ahead by up to a frame and
    jumps. Its lower envelope is where ``audio-pts`` would be, so that seats with and
    without sound rest on the same frame.
    """

    def __init__(self) -> None:
        self._shown: tuple[float, float] | None = None
        """The picture that was queued last, and since when it is seen to be."""
        self._usual = _STANDS
        """Seconds that the pictures before it were seen to be."""
        self._samples: deque[tuple[float, float]] = deque()
        self._rate = 1.0

    def reset(self, rate: float) -> None:
        """Forget what was seen: the pictures jumped, or run at ``rate`` from now on."""
        self._samples.clear()
        self._shown, self._usual = None, _STANDS
        self._rate = rate

    def position_at(self, instant: float, time_pos: float) -> float | None:
        """Position in seconds at ``instant`` (monotonic), when ``time_pos`` was read.

        None while a picture stands for so long that it says nothing.
        """
        if self._shown is None or self._shown[0] != time_pos:
            if self._shown is not None:
                self._usual = min(instant - self._shown[1], _STANDS)
                if self._usual == _STANDS:
                    self._samples.clear()
            self._shown = time_pos, instant
        elif min(2 * self._usual + 0.05, _STANDS) < instant - self._shown[1] < _IS_STUCK:
            return None
        self._samples.append((instant, time_pos - self._rate * instant))
        while self._samples[0][0] < instant - _WINDOW:
            self._samples.popleft()
        return self._rate * instant + min(ahead for _, ahead in self._samples)
