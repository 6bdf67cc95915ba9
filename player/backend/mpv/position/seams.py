"""Seams: a position that runs on where the timestamps of a film begin anew while it plays.

Pure. mpv plays over such a place and tells the new timestamps from there on. Where they go back,
the film goes on, and so does its position: what they went back by is added from there on. Where
they go far ahead a piece of the film is missing, and the new ones are right as they are. Instants
are seconds on the local monotonic clock; positions are seconds.
"""

from __future__ import annotations

from typing import Final

JUMP: Final = 1.0
"""A film that runs on never goes back by so much."""
PATIENCE: Final = 0.5
"""Seconds in which mpv says where a seam lies; its log comes after what it is about."""
TOLD_FOR: Final = 2.0
"""Seconds after which what mpv has said was about something else."""


class Seams:
    """Seams of one item, as far as it has been played through without a seek."""

    def __init__(self) -> None:
        self.shift = 0.0
        """What is added to mpv's own position."""
        self._last: tuple[float, float] | None = None
        self._doubted_since: float | None = None
        self._told: tuple[float, float] | None = None

    def leap(self) -> None:
        """The player was sent elsewhere: positions are mpv's own again."""
        self.shift = 0.0
        self._last = self._doubted_since = self._told = None

    def tell(self, before: float, after: float, instant: float) -> None:
        """mpv says that it went on from one timestamp with another."""
        if before - after > JUMP:
            self._told = instant, before - after

    def position(self, instant: float, own: float, rate: float) -> float | None:
        """Position at ``instant``, when mpv's ``own`` was read; None while that is in doubt.

        Args:
            instant: of the read.
            own: what mpv tells.
            rate: media seconds per second since the last read, 0 while the player stands.
        """
        if self._last is not None and own < self._last[1] - JUMP:
            if self._doubted_since is None:
                self._doubted_since = instant
            back = self._told_by(instant)
            if back is None and instant - self._doubted_since < PATIENCE:
                return None
            seen_at, seen = self._last
            self.shift += seen + rate * (instant - seen_at) - own if back is None else back
            self._told = None
        self._last, self._doubted_since = (instant, own), None
        return own + self.shift

    def _told_by(self, instant: float) -> float | None:
        """How far mpv says that it has gone back."""
        if self._told is None or instant - self._told[0] > TOLD_FOR:
            return None
        return self._told[1]
