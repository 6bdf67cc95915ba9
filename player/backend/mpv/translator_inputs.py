"""Translator inputs: what the translator of a core's events takes in, in one order."""

from __future__ import annotations

from typing import Final

import msgspec

from player.backend.mpv.binding import events as ev
from player.backend.mpv.external_subtitles import SubtitleAnswered, SubtitleAsked

OBSERVED: Final = (
    "pause",
    "paused-for-cache",
    "eof-reached",
    "volume",
    "mute",
    "audio-delay",
    "aid",
    "sid",
    "sub-delay",
    "sub-scale",
)
"""Properties whose changes are told."""


class SeekAnswered(msgspec.Struct, frozen=True):
    """The core took a seek into its queue, or refused it."""

    ticket: int
    accepted: bool


class RetryAnswered(msgspec.Struct, frozen=True):
    """The core took another try of a seek into its queue: what it seeks next is that."""

    generation: int


class TracksAsked(msgspec.Struct, frozen=True):
    """Something of the seat's own was adjusted: tell how it stands."""


class Stop(msgspec.Struct, frozen=True):
    """End the core and then the thread."""


TranslatorInput = (
    ev.CoreEvent
    | SeekAnswered
    | RetryAnswered
    | TracksAsked
    | SubtitleAsked
    | SubtitleAnswered
    | Stop
)
