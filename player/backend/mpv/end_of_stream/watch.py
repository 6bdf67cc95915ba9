"""End watch: when the media that a core plays has come to its end, and how long it is.

mpv tells only some of it: a seek behind the end, or a start there, is told by no event. So it is
asked, shortly after each of them and then each second.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from player.backend import base
from player.backend.mpv.end_of_stream.duration import (
    DurationReading,
    DurationTracker,
    read_duration,
)
from player.backend.mpv.end_of_stream.verdict import Arrival, breaking_point, says_missing
from player.backend.mpv.error_text import reason_for_break

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from player.backend.mpv.binding.events import LogLine
    from player.backend.mpv.binding.libmpv import MpvCore

_SOON: Final = (0.05, 0.3)
"""Seconds after a seek or start in which mpv finds that there is nothing to play."""
_INTERVAL: Final = 1.0
_GROWN: Final = 5.0
"""Seconds of film that are worth going on for while a file is still written,"""
_GROWN_AT_LAST: Final = 1.0
"""and once it is not."""
_BY_BIT_RATE: Final = "Estimating duration from bitrate"
_INCOMPLETE: Final = "incomplete file"


class EndWatch:
    """Watch over the end of one item after the other.

    Args:
        tell: takes what is to be reported.
        fail: takes why the media breaks off, and where.
        size_of: bytes of a file; None if there is none.
    """

    def __init__(
        self,
        tell: Callable[[base.PlayerEvent], None],
        fail: Callable[[str, float], None],
        size_of: Callable[[str], int | None] | None = None,
    ) -> None:
        self._tell = tell
        self._fail = fail
        self._size_of = size_of or file_size
        self._source: base.Source | None = None
        self._generation = 0
        self._told: float | None = None
        """The duration, as it was told last."""
        self._reading = DurationReading(None, None, False)
        """At the end."""
        self._tracker = DurationTracker()
        self._looks: list[float] = []
        self._is_open = False
        self._by_play = False
        self.has_strayed = False
        """What mpv shows lies far past the last seek's target: data may be missing there."""
        self.is_at_end = False
        self._by_bit_rate = self._lacks_data = False
        self._incomplete: LogLine | None = None
        """What says that the container lacks its end."""
        self._opened_size = 0
        """Bytes when the container said how long it is."""
        self._sizes = (0, 0)
        """Bytes at the end that was reached, and at the last look."""
        self._rate = 0.0
        """Bytes a second of film."""

    # What happens -----------------------------------------------------------------------

    def begin(self, source: base.Source, generation: int) -> None:
        """Another item is opened."""
        self._source, self._generation = source, generation
        self._tracker = DurationTracker(source.duration)
        self._looks = []
        self._is_open = self._by_play = self.has_strayed = self.is_at_end = False
        self._by_bit_rate = self._lacks_data = False
        self._incomplete = None

    def close(self) -> None:
        """There is no item any more, or none that plays."""
        self._is_open, self._looks = False, []

    def take_log(self, line: LogLine) -> None:
        """Note what is said of the item."""
        self._lacks_data = self._lacks_data or says_missing(line)
        if _INCOMPLETE in line.text:
            self._incomplete = line
        if _BY_BIT_RATE in line.text:
            self._by_bit_rate = True
            if self._is_open:
                self._tracker.doubt()
                self._tell_duration()

    def opened(self, core: MpvCore, now: float) -> None:
        """The item is open; `duration` is told with it."""
        self._is_open = True
        self._tracker.opened(read_duration(core), by_bit_rate=self._by_bit_rate)
        self._told = self.duration
        self._opened_size = self._size()
        self.moved(now, by_play=False)

    def moved(self, now: float, *, by_play: bool) -> None:
        """A seek is done, or the player was started: either may lead to the end."""
        self._by_play = by_play
        self._looks = [now + wait for wait in _SOON] if self._is_open else []
        if not by_play:
            self.is_at_end = False

    # What is known ----------------------------------------------------------------------

    @property
    def duration(self) -> float | None:
        """How long the item is; None while that is not known, and if it is live."""
        is_live = self._source is not None and self._source.is_live
        return None if is_live else self._tracker.known

    @property
    def next_look(self) -> float | None:
        """When `look` is due; None while nothing is open."""
        return self._looks[0] if self._looks else None

    def look(self, core: MpvCore, now: float) -> bool:
        """Look how long the item is by now; True when mpv has come to its end unnoticed."""
        self._looks = [at for at in self._looks if at > now] or [now + _INTERVAL]
        self._tracker.read_on(read_duration(core), is_whole=not self._lacks_data)
        self._tell_duration()
        if self.has_grown():
            self._tell(base.MediaGrown(self._generation))
        return not self.is_at_end and core.get("eof-reached") is True

    # The end ----------------------------------------------------------------------------

    def arrive(self, core: MpvCore, target: float, now: float) -> Arrival:
        """The player has come to an end of the data, sent to ``target`` last."""
        self.is_at_end = True
        self._reading = read_duration(core)
        position = core.number("time-pos")
        return Arrival(
            position=target if position is None else max(0.0, position),
            instant=now,
            by_play=self._by_play,
            target=target,
            stated=None if self.duration is None else self._tracker.stated,
            has_strayed=self.has_strayed,
            is_network=self._source is not None and self._source.is_network,
        )

    def judge(self, arrival: Arrival, log: Sequence[LogLine]) -> None:
        """Tell what it means, by what mpv has complained of since the last seek."""
        if self._incomplete is not None:
            log = (self._incomplete, *log)
        is_incomplete = self._incomplete is not None
        broken_at = breaking_point(arrival, log, is_incomplete=is_incomplete)
        if broken_at is not None:
            self._fail(reason_for_break(broken_at, arrival.stated, log), broken_at)
            return
        end = self._end_of(arrival)
        # What came after a container has said how long it is was not read, unless it was outgrown.
        size = self._size()
        at_end = min(size, self._opened_size) if arrival.stated is not None else size
        self._sizes = (at_end, size)
        self._rate = at_end / max(end, 1.0)
        self._tell_duration()
        self._tell(base.EndReached(self._generation, end, arrival.instant))

    def _end_of(self, arrival: Arrival) -> float:
        """Where the media ends, as every seat would tell it."""
        if self._source is None or self._source.is_live:
            return arrival.position
        self._tracker.read_on(self._reading, is_whole=not self._lacks_data)
        if arrival.by_play:
            return self._tracker.played_out(arrival.position, self._reading)
        return self._tracker.sought_past(arrival.position, arrival.target, self._reading)

    def _tell_duration(self) -> None:
        if self._is_open and self.duration != self._told:
            self._told = self.duration
            self._tell(base.DurationChanged(self._generation, self._told))

    def has_grown(self) -> bool:
        """Whether the film goes on by now behind the end that was reached, once."""
        if not self.is_at_end or not self._rate:
            return False
        (at_end, before), size = self._sizes, self._size()
        self._sizes = (at_end, size)
        wanted = _GROWN if size != before else _GROWN_AT_LAST
        if size - at_end < wanted * self._rate:
            return False
        self._rate = 0.0
        return True

    def _size(self) -> int:
        source = self._source
        return 0 if source is None or source.is_network else self._size_of(source.url) or 0


def file_size(path: str) -> int | None:
    """Bytes of a file; None if it cannot be looked at."""
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return None
