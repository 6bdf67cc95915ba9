"""Timestamp origin: from a live stream's timestamps, which all seats share, to positions.

Pure. Timestamps and positions are seconds, instants local.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from player.backend.base import EndReached, KeyPressed, MediaOpened, Restarted, Sample

if TYPE_CHECKING:
    from player.backend.base import PlayerEvent

SAME: Final = 2.0
"""Seconds two reckonings of one origin may differ by."""
SEAM: Final = 3.0
"""Seconds by which timestamps leap only where they begin anew."""
RECENT: Final = 2.0
"""Seconds after which a sample says nothing of how timestamps go on."""


class TimestampOrigin:
    """Origin of one player's timestamps; 0 for whatever is no live stream."""

    def __init__(self) -> None:
        self.value = 0.0
        self._told: float | None = None
        """What the host's seat has found, where the seats share timestamps."""
        self._is_shared = False
        self._begins_at = 0.0
        self._moved = False
        self._last: tuple[float, float] | None = None

    def load(self, *, is_shared: bool, told: float | None, begins_at: float) -> None:
        """A load begins; without an origin that was ``told`` it opens at ``begins_at``."""
        self._is_shared, self._told, self._begins_at = is_shared, told, begins_at
        self.value = told if is_shared and told is not None else 0.0
        self._last = None

    @property
    def is_shared(self) -> bool:
        """Whether positions are reckoned from timestamps that all seats share."""
        return self._is_shared

    def tell(self, told: float) -> float:
        """The host's seat has found another one; answers by how much positions grow."""
        is_guess, self._told = self._told is None, told
        if not self._is_shared or not (is_guess or abs(told - self.value) < SAME):
            # Further off, it holds behind a seam that this seat has still to come to.
            return 0.0
        grown, self.value = self.value - told, told
        return grown

    def take(self, event: PlayerEvent, generation: int) -> PlayerEvent:
        """The event with positions in the place of timestamps; of an earlier load as it is."""
        if isinstance(event, KeyPressed) or not self._is_shared or event.generation != generation:
            return event
        if isinstance(event, MediaOpened) and event.first_timestamp is not None:
            if self._told is None:
                self.value = event.first_timestamp - self._begins_at
            return msgspec.structs.replace(event, live_origin=self.value)
        if isinstance(event, EndReached):
            return msgspec.structs.replace(event, position=event.position - self.value)
        if isinstance(event, Restarted):
            self._last = None
            return msgspec.structs.replace(event, position=event.position - self.value)
        return event

    def sample(self, sample: Sample, rate: float) -> Sample:
        """The sample as a position; where timestamps begin anew, positions go on."""
        if not self._is_shared:
            return sample
        timestamp, instant = sample.position, sample.instant
        if self._last is not None and instant - self._last[1] < RECENT:
            leap = timestamp - self._last[0] - (instant - self._last[1]) * rate
            if abs(leap) > SEAM:
                self._pass_seam(leap)
        self._last = (timestamp, instant)
        return msgspec.structs.replace(sample, position=timestamp - self.value)

    def has_moved(self) -> bool:
        """Whether a seam was passed since this was asked last."""
        moved, self._moved = self._moved, False
        return moved

    def timestamp(self, position: float) -> float:
        """The player's own measure of ``position``."""
        return position + self.value

    def position(self, timestamp: float) -> float:
        """Position of a timestamp of the player's."""
        return timestamp - self.value

    def _pass_seam(self, leap: float) -> None:
        self.value += leap
        self._moved = True
        if self._told is not None and abs(self._told - self.value) < SAME:
            # What the host has found is what all others reckon from.
            self.value = self._told
