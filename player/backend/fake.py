"""Reference double of the player port: no pictures or sound, exact to the nanosecond.

It stands beside the port, being its second implementation: what the tests and the simulation
show of a seat, they show on it. Everything follows from the clock it is given: the same calls
at the same instants lead to the same events and positions. It costs what a real player costs:
time to load, to seek and to start, a frame grid that seeks land on, and a sound clock that runs
slightly wrong.
"""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from player.backend import base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class FakeFilm(msgspec.Struct, frozen=True):
    """What is behind an address."""

    duration: float | None = 600.0
    """Seconds; None for a live one."""
    stated: float | UnsetType | None = UNSET
    """What its container says of that; left out where it is right."""
    title: str = "A fake film"
    fps: float = 25.0
    has_audio: bool = True
    chapters: tuple[base.Chapter, ...] = ()
    failure: str = ""
    """Why it cannot be opened, if it cannot."""


class Costs(msgspec.Struct, frozen=True):
    """What a player takes its time for, in seconds."""

    load: float = 0.1
    seek: float = 0.12
    start: float = 0.02
    """From unpausing to moving."""
    rate_error_ppm: float = 0.0
    """How much too fast its sound clock runs."""
    read_ahead: float = 10.0


class FakePlayer:
    """Reference double of `player.backend.base.Player`, on the clock it is given."""

    def __init__(
        self,
        report: base.EventSink,
        clock: Callable[[], float],
        *,
        films: Mapping[str, FakeFilm] | None = None,
        costs: Costs | None = None,
    ) -> None:
        """Without ``films``, every address is a `FakeFilm`; otherwise only theirs are."""
        self._report = report
        self._clock = clock
        self._films = films
        self._costs = costs or Costs()
        self._film: FakeFilm | None = None
        self._source: base.Source | None = None
        self._generation = 0
        self._paused = True
        self._rate = 1.0
        self._busy = False
        """Loading or seeking: nothing is known of the position."""
        self._stalled = False
        self._ended = False
        self._gone = False
        self._volume, self._muted, self._trim = 100.0, False, 0.0
        self._subtitle_delay, self._subtitle_scale = 0.0, 1.0
        self._subtitles: list[base.Subtitle] = []
        self._selected: dict[base.TrackKind, int | None] = {}
        self._base, self._since = 0.0, 0.0
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._work = 0
        """Number of the last load or seek: what an earlier one had begun is void."""
        self.texts: list[str] = []
        """What was shown over the picture."""

    # As the port has it -----------------------------------------------------------------

    def load(self, source: base.Source, position: float, generation: int) -> None:
        """See `Player.load`."""
        now = self.tick()
        if self._gone:
            self._report(base.Failed(generation, "the player has ended", lost=True))
            return
        self._source, self._film, self._generation = source, None, generation
        self._subtitles, self._selected = list(source.subtitles), {}
        self._subtitle_delay = source.wishes.subtitle_delay or 0.0
        self._pause_from(now, True)
        self._rate, self._ended, self._stalled = 1.0, False, False
        film = self._films.get(source.url) if self._films is not None else FakeFilm()
        self._begin(self._costs.load, lambda at: self._open(film, position, at))

    def stop(self) -> None:
        """See `Player.stop`."""
        self.tick()
        self._film = self._source = None
        self._work += 1
        self._busy = False

    def set_paused(self, paused: bool) -> None:
        """See `Player.set_paused`."""
        self._pause_from(self.tick(), paused)

    def seek(self, position: float) -> None:
        """See `Player.seek`."""
        self.tick()
        if self._film is not None:
            self._ended = False
            self._begin(self._costs.seek, lambda at: self._land(position, at))

    def set_rate(self, rate: float) -> None:
        """See `Player.set_rate`."""
        self._rebase(self.tick())
        self._rate = rate

    def sample(self) -> base.Sample | None:
        """See `Player.sample`."""
        now = self.tick()
        if self._film is None or self._busy or self._gone:
            return None
        return base.Sample(now, now, self._position_at(now))

    def resting_position(self) -> float | None:
        """See `Player.resting_position`."""
        sample = self.sample()
        return sample.position if sample else None

    def buffered_until(self) -> float | None:
        """See `Player.buffered_until`."""
        now = self.tick()
        if self._film is None:
            return None
        ahead = 0.0 if self._stalled else self._costs.read_ahead
        return min(self._position_at(now) + ahead, self._end)

    def loaded_range(self) -> tuple[float, float] | None:
        """See `Player.loaded_range`."""
        until = self.buffered_until()
        return None if until is None else (0.0, until)

    def is_filling(self) -> bool:
        """See `Player.is_filling`."""
        return False

    def show_text(self, text: str, seconds: float = 2.0) -> None:
        """See `Player.show_text`."""
        self.texts.append(text)

    def adjust(self, what: base.Adjustment, value: float) -> None:
        """See `Player.adjust`."""
        self.tick()
        match what:
            case "volume":
                self._volume = min(max(self._volume + value, 0.0), 130.0)
            case "mute":
                self._muted = not self._muted
            case "trim":
                self._trim += value
            case "subtitle_delay":
                self._subtitle_delay += value
            case "subtitle_scale":
                self._subtitle_scale = max(self._subtitle_scale + value, 0.1)
            case _:
                assert_never(what)
        self._tell_tracks()

    def select_track(self, kind: base.TrackKind, track_id: int | None) -> None:
        """See `Player.select_track`."""
        self.tick()
        self._selected[kind] = track_id
        self._tell_tracks()

    def add_subtitle(self, subtitle: base.Subtitle) -> None:
        """See `Player.add_subtitle`."""
        self.tick()
        self._subtitles.append(subtitle)
        self._tell_tracks()

    def resize_picture(self, width: int, height: int) -> None:
        """See `Player.resize_picture`."""

    def close(self) -> None:
        """See `Player.close`."""
        self._gone = True
        self._due.clear()
        self._report = _nobody

    # What happens to it -----------------------------------------------------------------

    def stall(self, seconds: float) -> None:
        """Its data runs dry for so long."""
        now = self.tick()
        self._rebase(now)
        self._stalled = True
        self._tell(base.StallChanged(self._generation, True, now))
        generation = self._generation
        self._at(now + seconds, lambda at: self._recover(generation, at))

    def press(self, intent: str) -> None:
        """A key in its window."""
        self._tell(base.KeyPressed(intent))

    def fail(self, reason: str, *, lost: bool = False, http_status: int | None = None) -> None:
        """The media breaks, or with ``lost`` the player itself."""
        self.tick()
        self._gone = self._gone or lost
        self._film = None
        self._tell(base.Failed(self._generation, reason, lost=lost, http_status=http_status))

    def next_deadline(self) -> float | None:
        """Instant at which something is due; None when nothing is."""
        ends = self._instant_of_end()
        first = self._due[0][0] if self._due else math.inf
        soonest = min(first, ends)
        return None if soonest == math.inf else soonest

    def tick(self) -> float:
        """Tell what has become due; answers the clock's instant."""
        now = self._clock()
        while (due := self.next_deadline()) is not None and due <= now:
            if self._due and self._due[0][0] <= due:
                _, _, act = heapq.heappop(self._due)
                act(due)
            else:
                self._rebase(due)
                self._finish(due)
        return now

    # How it goes about it ---------------------------------------------------------------

    def _begin(self, cost: float, done: Callable[[float], None]) -> None:
        self._work += 1
        self._busy = True
        work = self._work

        def unless_void(at: float) -> None:
            if work == self._work:
                done(at)

        self._at(self._clock() + cost, unless_void)

    def _at(self, instant: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._due, (instant, next(self._order), act))

    def _open(self, film: FakeFilm | None, position: float, at: float) -> None:
        if film is None or film.failure:
            self._busy = False
            reason = film.failure if film else "there is no such file"
            self._tell(base.Failed(self._generation, reason))
            return
        self._film = film
        self._tell(
            base.MediaOpened(
                self._generation,
                title=(self._source.title if self._source else "") or film.title,
                duration=film.duration if film.stated is UNSET else film.stated,
                tracks=self._tracks(),
                chapters=film.chapters,
                has_audio=film.has_audio,
                has_video=film.fps > 0,
                is_live=film.duration is None,
            )
        )
        self._land(position, at)

    def _land(self, position: float, at: float) -> None:
        """Show the first frame at or after ``position``."""
        fps = self._film.fps if self._film else 0.0
        target = max(0.0, position)
        landed = math.ceil(target * fps - 1e-6) / fps if fps else target
        self._busy = False
        self._base, self._since = min(landed, self._end), at
        self._tell(base.Restarted(self._generation, self._base, at))
        if landed > self._end - 1e-6:
            self._finish(at)

    def _finish(self, at: float) -> None:
        """The film's end is reached, and with it how long it is."""
        self._base, self._ended = self._end, True
        if self._film is not None and self._film.stated is not UNSET:
            self._film = msgspec.structs.replace(self._film, stated=UNSET)
            self._tell(base.DurationChanged(self._generation, self._film.duration))
        self._tell(base.EndReached(self._generation, self._base, at))

    def _recover(self, generation: int, at: float) -> None:
        if generation != self._generation or not self._stalled:
            return
        self._since = max(at, self._since)
        self._stalled = False
        self._tell(base.StallChanged(self._generation, False, at))

    def _pause_from(self, now: float, paused: bool) -> None:
        if paused == self._paused:
            return
        self._rebase(now)
        self._paused = paused
        if not paused:
            self._since = now + self._costs.start
        self._tell(base.PauseChanged(self._generation, paused, now))

    def _rebase(self, now: float) -> None:
        """Count from here on; a start that is still to come stays where it is."""
        self._base = self._position_at(now)
        self._since = max(now, self._since)

    def _position_at(self, now: float) -> float:
        if not self._moves:
            return self._base
        run = max(0.0, now - self._since) * self._true_rate
        return min(self._base + run, self._end)

    def _instant_of_end(self) -> float:
        if self._film is None or not self._moves or self._end == math.inf:
            return math.inf
        return self._since + (self._end - self._base) / self._true_rate

    @property
    def _moves(self) -> bool:
        return not (self._paused or self._busy or self._stalled or self._ended)

    @property
    def _true_rate(self) -> float:
        return self._rate * (1 + self._costs.rate_error_ppm / 1e6)

    @property
    def _end(self) -> float:
        known = self._film.duration if self._film else None
        return math.inf if known is None else known

    def _tracks(self) -> tuple[base.Track, ...]:
        if self._film is None:
            return ()
        video = (base.Track("video", 1, codec="fake", selected=True),) if self._film.fps else ()
        heard = self._selected.get("audio", 1)
        audio = (base.Track("audio", 1, codec="fake", selected=heard == 1),)
        subtitles = tuple(
            base.Track(
                "subtitle",
                number,
                title=subtitle.title,
                language=subtitle.language,
                codec="fake",
                selected=self._selected.get("subtitle") == number,
                is_external=True,
            )
            for number, subtitle in enumerate(self._subtitles, 1)
        )
        return video + (audio if self._film.has_audio else ()) + subtitles

    def _tell_tracks(self) -> None:
        self._tell(
            base.TracksChanged(
                self._generation,
                self._tracks(),
                self._volume,
                self._muted,
                self._trim,
                self._subtitle_delay,
                self._subtitle_scale,
            )
        )

    def _tell(self, event: base.PlayerEvent) -> None:
        self._report(event)


def _nobody(event: base.PlayerEvent) -> None:
    """Hears what a closed player would tell."""
