"""Events of a libmpv core, as plain values copied on its event thread."""

from __future__ import annotations

from typing import Final

import msgspec

END_EOF: Final = 0
END_ERROR: Final = 4
"""Reasons of `FileEnded`, as in mpv's client.h."""


class FileStarted(msgspec.Struct, frozen=True):
    """A playlist entry begins to be opened."""

    entry: int


class FileEnded(msgspec.Struct, frozen=True):
    """A playlist entry is over."""

    entry: int
    reason: int
    error: int


class SeekBegun(msgspec.Struct, frozen=True):
    """The core carries out a seek; what is shown has no position until `PlaybackRestarted`."""


class PlaybackRestarted(msgspec.Struct, frozen=True):
    """The first picture and sound after a load or seek are ready."""

    instant: float


class PropertyChanged(msgspec.Struct, frozen=True):
    """An observed property has a new value."""

    name: str
    value: object
    instant: float


class MessageCame(msgspec.Struct, frozen=True):
    """A ``script-message``, here always from a key binding of ours."""

    words: tuple[str, ...]


class LogLine(msgspec.Struct, frozen=True):
    """A line of mpv's log."""

    level: str
    prefix: str
    text: str
    instant: float = 0.0
    """Local monotonic clock."""


class ShutDown(msgspec.Struct, frozen=True):
    """The core ends; no event follows."""


CoreEvent = (
    FileStarted
    | FileEnded
    | SeekBegun
    | PlaybackRestarted
    | PropertyChanged
    | MessageCame
    | LogLine
    | ShutDown
)
