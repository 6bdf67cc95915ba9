"""What a person asks of a seat, as lines on its standard input.

Two spellings of one thing: words (``seek 240``) for people, JSON objects
(``{"intent":"seek","position":240}``) for programs.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from player.stage import MAX_HEIGHT, MAX_WIDTH
from protocol.exceptions import DecodeError
from protocol.messages import ChatText, Position, Rate, Url
from protocol.timeline import MAX_POSITION


class Intent(msgspec.Struct, frozen=True, tag_field="intent"):
    """Something a person asks for."""


Offset = Annotated[float, Meta(ge=-MAX_POSITION, le=MAX_POSITION)]


class Play(Intent, frozen=True, tag="play"):
    """Host: start."""


class Pause(Intent, frozen=True, tag="pause"):
    """Host: stop."""


class Toggle(Intent, frozen=True, tag="toggle"):
    """Host: play or pause, whichever is not."""


class Seek(Intent, frozen=True, tag="seek"):
    """Host: go to a position in seconds."""

    position: Position


class SeekBy(Intent, frozen=True, tag="seek_by"):
    """Host: go forward, or back when negative, by seconds."""

    offset: Offset


class SetRate(Intent, frozen=True, tag="rate"):
    """Host: media seconds per second."""

    rate: Rate


class RateBy(Intent, frozen=True, tag="rate_by"):
    """Host: multiply the rate."""

    factor: Annotated[float, Meta(ge=0.25, le=4.0)]


class ChapterBy(Intent, frozen=True, tag="chapter_by"):
    """Host: to a later or an earlier chapter."""

    step: Annotated[int, Meta(ge=-100, le=100)]


class LoadNext(Intent, frozen=True, tag="next"):
    """Host: the next film of those named at the start."""


class LoadMedia(Intent, frozen=True, tag="load"):
    """Host: watch something else, a path or an address."""

    media: Url


class Resync(Intent, frozen=True, tag="resync"):
    """Measure again and jump to where the timeline is, now."""


class Say(Intent, frozen=True, tag="say"):
    """Chat."""

    text: ChatText


class Volume(Intent, frozen=True, tag="volume"):
    """The seat's own volume, up or down by percent."""

    step: Annotated[float, Meta(ge=-100, le=100)]


class Mute(Intent, frozen=True, tag="mute"):
    """The seat's own sound, off or on."""


class Subtitles(Intent, frozen=True, tag="subtitles"):
    """The seat's own next subtitle track, or none."""


class Audio(Intent, frozen=True, tag="audio"):
    """The seat's own next sound track."""


class Trim(Intent, frozen=True, tag="trim"):
    """Shift the seat's own sound, in milliseconds; for devices that are late."""

    step_ms: Annotated[float, Meta(ge=-1000, le=1000)]


class StageSize(Intent, frozen=True, tag="stage"):
    """The face can show this many pixels of the film; 0 x 0 for none (see ``player.stage``)."""

    width: Annotated[int, Meta(ge=0, le=MAX_WIDTH)]
    height: Annotated[int, Meta(ge=0, le=MAX_HEIGHT)]


class Reopen(Intent, frozen=True, tag="reopen"):
    """Open the player again after its window was closed or it failed."""


class Quit(Intent, frozen=True, tag="quit"):
    """Leave."""


AnyIntent = (
    Play
    | Pause
    | Toggle
    | Seek
    | SeekBy
    | SetRate
    | RateBy
    | ChapterBy
    | LoadNext
    | LoadMedia
    | Resync
    | Say
    | Volume
    | Mute
    | Subtitles
    | Audio
    | Trim
    | StageSize
    | Reopen
    | Quit
)

HOST_ONLY: Final = (Play, Pause, Toggle, Seek, SeekBy, SetRate, RateBy, ChapterBy, LoadNext, LoadMedia)
"""What a viewer may not ask for."""

_WORDS: Final[dict[str, tuple[type[Intent], str]]] = {
    "play": (Play, ""),
    "pause": (Pause, ""),
    "toggle": (Toggle, ""),
    "seek": (Seek, "position"),
    "seek_by": (SeekBy, "offset"),
    "rate": (SetRate, "rate"),
    "rate_by": (RateBy, "factor"),
    "chapter_by": (ChapterBy, "step"),
    "next": (LoadNext, ""),
    "load": (LoadMedia, "media"),
    "resync": (Resync, ""),
    "say": (Say, "text"),
    "volume": (Volume, "step"),
    "mute": (Mute, ""),
    "subtitles": (Subtitles, ""),
    "audio": (Audio, ""),
    "trim": (Trim, "step_ms"),
    "reopen": (Reopen, ""),
    "quit": (Quit, ""),
}
"""Command word: its intent, and the field that its one argument fills."""
