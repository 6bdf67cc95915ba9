"""Duration of an item: how long it is, where that is known, from what mpv says again and again.

mpv names a duration for everything. Where the container has none it is how far the demuxer has
read; for a stream without an index it is a guess from its bit rate; and a file that is still
written outgrows what it was. Pure; seconds throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

if TYPE_CHECKING:
    from player.backend.mpv.binding.libmpv import MpvCore

OUTGROWN: Final = 0.5
"""Seconds by which reading on may correct a duration without its being wrong."""
_SAME_PLACE: Final = 0.005


class DurationReading(NamedTuple):
    """What mpv says at one moment."""

    duration: float | None
    read_until: float | None
    """Where the last packet lies that the demuxer has read."""
    is_drained: bool
    """The demuxer has come to the end of the data."""


def read_duration(core: MpvCore) -> DurationReading:
    """Ask mpv; the duration first, so that it is never ahead of what has been read by then."""
    duration = core.number("duration")
    state = core.get("demuxer-cache-state")
    cache = cast("dict[str, object]", state) if isinstance(state, dict) else {}
    until = cache.get("cache-end")
    return DurationReading(
        duration or None,
        float(until) if isinstance(until, int | float) else None,
        cache.get("eof") is True,
    )


def ends_like(position: float, duration: float) -> bool:
    """Whether media that ends at ``position`` ends no sooner than the streams of a film differ."""
    return duration - position <= min(max(2.0, 0.02 * duration), 30.0)


class DurationTracker:
    """Tracker of one item's duration; ``known`` is None while nothing but a guess can be told.

    Args:
        told: what the source says of itself, for where mpv knows nothing.
    """

    def __init__(self, told: float | None = None) -> None:
        self._told = told
        self.known: float | None = None
        self.stated: float | None = None
        """What the container or the source says, as long as nothing speaks against it."""
        self._outgrown_at: float | None = None
        """More than this is no correction any more, but growth."""
        self._by_bit_rate = False

    def opened(self, reading: DurationReading, *, by_bit_rate: bool) -> None:
        """The item is open; ``by_bit_rate`` when its demuxer says that it is guessing."""
        self._by_bit_rate = by_bit_rate
        duration, until = reading.duration, reading.read_until
        is_guess = by_bit_rate or (
            duration is not None
            and not reading.is_drained
            and until is not None
            and duration <= until + _SAME_PLACE
        )
        self.stated = self._told if duration is None or is_guess else duration
        self._know(self.stated, self.stated)

    def read_on(self, reading: DurationReading, *, is_whole: bool) -> None:
        """Time has passed; ``is_whole`` while nothing says that data is missing."""
        now = reading.duration
        if now is not None and self._outgrown_at is not None and now > self._outgrown_at:
            self.stated = None
            self._know(None, None)
        if self.known is None and reading.is_drained and is_whole:
            self._know(self._all_read(reading), now)

    def played_out(self, position: float, reading: DurationReading) -> float:
        """The player has come to the end at ``position``; answers where the end is.

        What the container said stands if it fits, so that every seat tells the same end.
        """
        for said in (self.stated, self.known, reading.duration):
            if said is not None and abs(said - position) <= OUTGROWN:
                end = said
                break
        else:
            self.stated, end = None, position
        self._know(end, reading.duration)
        return end

    def sought_past(self, position: float, target: float, reading: DurationReading) -> float:
        """A seek to ``target`` has found nothing there; answers where the end is taken to be."""
        if self.stated is None:
            return min(position, target) if self.known is None else self.known
        if ends_like(target, self.stated):
            return self.stated
        # Nothing where the container said that there is something: the last picture is the end.
        self.stated = None
        self._know(min(position, target), reading.duration)
        return min(position, target)

    def doubt(self) -> None:
        """The demuxer says, once the item is open, that it has guessed by the bit rate."""
        self._by_bit_rate = True
        self.stated = self._told
        self._know(self._told, self._told)

    def _know(self, known: float | None, said: float | None) -> None:
        self.known = known
        self._outgrown_at = None if known is None else max(known, said or 0.0) + OUTGROWN

    def _all_read(self, reading: DurationReading) -> float | None:
        if not self._by_bit_rate:
            return reading.duration
        if reading.duration is None or reading.read_until is None:
            return None
        return min(reading.duration, reading.read_until)
