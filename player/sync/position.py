"""Position estimate: where a player is, as far as it is known between two samples.

Pure. Instants are local, in seconds; positions are seconds.
"""

from __future__ import annotations

from typing import Final

DRIFT_HOLDS: Final = 1.0
"""Seconds a measured drift is still shown while a new rate takes hold."""


class PositionEstimate:
    """Estimate from the last known place, with the last known drift."""

    def __init__(self) -> None:
        self.landed = 0.0
        """Where the paused player goes on from."""
        self._known: tuple[float, float] | None = None
        self._drift = (float("-inf"), 0.0)

    def clear(self) -> None:
        """Nothing is known: there is another film, or none."""
        self.landed = 0.0
        self._known = None
        self.forget_drift()

    def seen(self, position: float, instant: float) -> None:
        """The player was at ``position``."""
        self._known = (instant, position)

    def rest(self, position: float, instant: float) -> None:
        """The player stands at ``position`` and goes on from there."""
        self.landed = position
        self.seen(position, instant)

    def position(self, now: float, rate: float) -> float | None:
        """Where it is at ``now``, having moved at ``rate`` (0 when it stands) since."""
        if self._known is None:
            return None
        instant, position = self._known
        return position + (now - instant) * rate

    def measured(self, drift: float | None, now: float) -> float | None:
        """The drift to tell: ``drift``, or the last one for as long as that holds."""
        if drift is not None:
            self._drift = (now, drift)
        known_at, last = self._drift
        return last if now - known_at < DRIFT_HOLDS else None

    def forget_drift(self) -> None:
        """What was measured is no longer about what is agreed."""
        self._drift = (float("-inf"), 0.0)
