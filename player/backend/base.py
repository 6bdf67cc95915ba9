"""Player port: what the seat needs of a player; ``mpv`` and ``fake`` implement it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import msgspec

from protocol.exceptions import RemedyCode

Video = Literal["window", "terminal", "none"]
"""Where the pictures go."""
Adjustment = Literal["volume", "mute", "trim", "subtitle_delay", "subtitle_scale"]
"""What of a player is the seat's own; see `Player.adjust`."""
TrackKind = Literal["audio", "subtitle"]
"""What a person chooses a track of."""


class Chapter(msgspec.Struct, frozen=True):
    """A named place in the media."""

    title: str
    start: float
    """Seconds, never below 0."""


class Track(msgspec.Struct, frozen=True):
    """One stream of pictures, sound or text inside the media."""

    kind: Literal["video", "audio", "subtitle"]
    track_id: int
    title: str = ""
    language: str = ""
    codec: str = ""
    selected: bool = False
    is_forced: bool = False
    """Subtitles of what is foreign in the film only."""
    is_external: bool = False
    """From a file of its own."""


class TrackWishes(msgspec.Struct, frozen=True):
    """What a person wants of a film that is opened; None leaves it as the player starts with it."""

    audio_languages: tuple[str, ...] | None = None
    """Best first."""
    subtitle_languages: tuple[str, ...] | None = None
    no_subtitles: bool = False
    subtitle_delay: float | None = None
    """Seconds, later when positive."""
    subtitle_scale: float | None = None
    """Size of text, relative to the usual one."""
    volume: float | None = None
    """%"""
    muted: bool | None = None
    audio_trim: float | None = None
    """Seconds."""


class Route(msgspec.Struct, frozen=True):
    """The way of one item's connections: through the seat's dialer, within the item's rules."""

    item: int
    """Its number in the dialer's events."""
    proxy: str
    """The http proxy that leads there, credentials included: never shown, never logged."""


class MediaPart(msgspec.Struct, frozen=True):
    """One of several pieces that are played one after the other as one film."""

    url: str
    duration: float | None
    """Seconds that are played of it; None for all there is."""


class Cookie(msgspec.Struct, frozen=True):
    """A cookie that a site has given this seat's person."""

    name: str
    value: str
    domain: str
    """With a dot before it, of all names below it, too."""
    path: str = "/"

    def __repr__(self) -> str:
        return f"Cookie({self.name!r}, of {self.domain!r})"


class Source(msgspec.Struct, frozen=True):
    """What a player is to open: already allowed, already resolved."""

    url: str
    """Path of a local file, or an http(s) address of a file or manifest."""
    audio_url: str = ""
    """Separate sound, when the pictures come without."""
    subtitles: tuple[Subtitle, ...] = ()
    headers: Mapping[str, str] = {}
    """Said to every host that the media leads to."""
    cookies: tuple[Cookie, ...] = ()
    """Each is said to its own site only."""
    title: str = ""
    duration: float | None = None
    chapters: tuple[Chapter, ...] = ()
    is_network: bool = False
    route: Route | None = None
    """How its addresses are connected to; None for straight there."""
    is_live: bool = False
    has_shared_timestamps: bool = False
    """Of a live one: its timestamps are its sender's, and so the same at every seat."""
    live_origin: float | None = None
    """Timestamp in seconds at position 0, where timestamps are shared; None while unknown."""
    segment_duration: float = 0.0
    """Seconds of media that a live playlist grows by; 0 if unknown."""
    parts: tuple[MediaPart, ...] = ()
    """What is opened instead of ``url``, where timestamps begin anew within it."""
    joined_url: str = ""
    """A concatenation list of the parts, where it may be used."""
    expires_at: float | None = None
    """Unix seconds after which the address is no longer good."""
    notice: str = ""
    """What is missing and why; passed on by `MediaOpened`."""
    wishes: TrackWishes = TrackWishes()


class Subtitle(msgspec.Struct, frozen=True):
    """A subtitle file that belongs to a source; it is added once the film is open."""

    url: str
    """Path of a local file, or an http(s) address."""
    language: str = ""
    title: str = ""
    text: str = ""
    """What is in it, where a player could not tell its encoding; "" to read ``url``."""


class Sample(msgspec.Struct, frozen=True):
    """A position read between two looks at the clock.

    Both instants are seconds on the local monotonic clock.
    """

    before: float
    after: float
    position: float
    """Seconds; where the sound is, or the pictures when there is no sound."""

    @property
    def instant(self) -> float:
        return (self.before + self.after) / 2

    @property
    def bracket(self) -> float:
        """Seconds the read may be off by."""
        return self.after - self.before


# What a player tells, each with the generation of the load it belongs to ---------------


class MediaOpened(msgspec.Struct, frozen=True):
    """The media is open: what it is; the player is paused at the asked position."""

    generation: int
    title: str
    duration: float | None
    """Seconds; None while nothing but a guess can be told, and for what is live."""
    tracks: tuple[Track, ...]
    chapters: tuple[Chapter, ...]
    has_audio: bool
    has_video: bool
    audio_device: str = ""
    notice: str = ""
    """What of it cannot be shown or heard here, one clause; "" when all is well."""
    remedy_code: RemedyCode | None = None
    """What can be done about the last part of ``notice``."""
    pixels: int = 0
    """Of one picture; 0 without pictures, or if unknown."""
    is_seekable: bool = True
    """Whether a seek reaches every place; if not, only what is loaded, and from elsewhere it
    answers `Restarted` where it is."""
    is_live: bool = False
    """It has no end, and of what was sent before only a little can be had."""
    first_timestamp: float | None = None
    """Where it was opened, where timestamps are shared; then all positions of it are such."""
    live_origin: float | None = None
    """Timestamp at position 0, once that is settled."""


class Restarted(msgspec.Struct, frozen=True):
    """A load or seek is done: the picture at ``position`` is up (mpv's playback-restart)."""

    generation: int
    position: float
    instant: float


class PauseChanged(msgspec.Struct, frozen=True):
    """The player is paused or runs; by us or by somebody at its window."""

    generation: int
    paused: bool
    instant: float


class TimestampsRestarted(msgspec.Struct, frozen=True):
    """The media was joined from others: its position runs on, and no seek tells which part it
    leads to."""

    generation: int


class StallChanged(msgspec.Struct, frozen=True):
    """The player waits for its cache, or no longer."""

    generation: int
    stalled: bool
    instant: float


class EndReached(msgspec.Struct, frozen=True):
    """The last frame is shown: the media has been played out, or sought behind its end."""

    generation: int
    position: float
    """Where the media ends, in seconds."""
    instant: float


class DurationChanged(msgspec.Struct, frozen=True):
    """How long the media is has become known, was wrong, or is not known any more."""

    generation: int
    duration: float | None
    """As in `MediaOpened`."""


class MediaGrown(msgspec.Struct, frozen=True):
    """The media goes on behind the end that was reached: it must be opened anew."""

    generation: int


class Failed(msgspec.Struct, frozen=True):
    """The media could not be opened, or broke in the middle."""

    generation: int
    reason: str
    """One clause for people."""
    lost: bool = False
    """The player is gone (window closed, core shut down): it needs a new one."""
    http_status: int | None = None
    position: float | None = None
    """Where the media breaks off; None where there is no such place."""
    is_transient: bool = False
    """The way to the media broke, not the media: another try may succeed."""


class KeyBinding(msgspec.Struct, frozen=True):
    """A key of the player's own window."""

    key: str
    """As mpv names it."""
    line: str
    """The intent's line that it sends."""
    repeats: bool = False
    """It is sent again and again while the key is held down."""


class KeyPressed(msgspec.Struct, frozen=True):
    """A key in the player's window that stands for an action of ``player.api.intents``."""

    intent: str
    """An intent as a line, such as ``seek_by 5``."""


class SubtitlesFailed(msgspec.Struct, frozen=True):
    """A subtitle file that was to be added cannot be read."""

    generation: int
    title: str


class TracksChanged(msgspec.Struct, frozen=True):
    """Tracks came, another was chosen, or volume, mute, trim or the subtitles' delay or size
    moved: the seat's own things.
    """

    generation: int
    tracks: tuple[Track, ...]
    volume: float
    muted: bool
    audio_trim: float
    """Seconds."""
    subtitle_delay: float = 0.0
    """Seconds, later when positive."""
    subtitle_scale: float = 1.0
    """Size of text, relative to the usual one."""
    is_complete: bool = True
    """Every subtitle file that was asked for has been added, or has failed."""


PlayerEvent = (
    MediaOpened
    | Restarted
    | PauseChanged
    | TimestampsRestarted
    | StallChanged
    | EndReached
    | DurationChanged
    | MediaGrown
    | Failed
    | KeyPressed
    | SubtitlesFailed
    | TracksChanged
)

EventSink = Callable[[PlayerEvent], None]
"""Called from any thread; must only enqueue."""


class Player(Protocol):
    """A media player that does what it is told and tells what happens.

    All methods are called by one thread, never by an event loop, and return at once; what
    they lead to is told as events. Positions are seconds; a negative one never reaches
    the player.
    """

    def load(self, source: Source, position: float, generation: int) -> None:
        """Open ``source`` paused at ``position``; it answers `MediaOpened`, or `Failed`."""
        ...

    def stop(self) -> None:
        """Close the media and go idle."""
        ...

    def set_paused(self, paused: bool) -> None: ...

    def seek(self, position: float) -> None:
        """Go exactly to ``position``; answers `Restarted`."""
        ...

    def set_rate(self, rate: float) -> None:
        """Media seconds per second, pitch kept."""
        ...

    def sample(self) -> Sample | None:
        """Where the player is now; None when that is not known."""
        ...

    def resting_position(self) -> float | None:
        """Where a paused player resumes from, in seconds; None when that is not known."""
        ...

    def buffered_until(self) -> float | None:
        """Position up to which the media is ready, in seconds."""
        ...

    def loaded_range(self) -> tuple[float, float] | None:
        """Positions between which all is loaded around the current one; None if unknown."""
        ...

    def is_filling(self) -> bool:
        """Whether it asks for more of a network film, as fast as that comes."""
        ...

    def show_text(self, text: str, seconds: float = 2.0) -> None:
        """A line over the picture; ``text`` is shown as it is."""
        ...

    def adjust(self, what: Adjustment, value: float) -> None:
        """The seat's own things: ``volume`` by %, ``mute`` toggles, ``trim`` shifts the sound
        by seconds, ``subtitle_delay`` the subtitles; ``subtitle_scale`` changes the size of
        their text."""
        ...

    def select_track(self, kind: TrackKind, track_id: int | None) -> None:
        """Show or play that track of the open media, None for none."""
        ...

    def add_subtitle(self, subtitle: Subtitle) -> None:
        """Add a file to the open media; answers `TracksChanged`, or `SubtitlesFailed`."""
        ...

    def resize_picture(self, width: int, height: int) -> None:
        """Pixels of the pictures for the face; nothing without ``video="terminal"``."""
        ...

    def close(self) -> None:
        """End the player; nothing is told after this."""
        ...
