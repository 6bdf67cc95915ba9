"""Own tracks: what a person has chosen of sound and subtitles, kept over films and restarts."""

from __future__ import annotations

import msgspec


class TrackChoice(msgspec.Struct, frozen=True):
    """A track that was chosen by hand: by its language, or else by its place."""

    language: str = ""
    """Short tag; "" for a track that names none."""
    title: str = ""
    place: int = 0
    """Among the tracks of its kind, from 1; 0 when only the title counts."""
    is_forced: bool = False
    is_off: bool = False
    """None of them."""


class OwnTracks(msgspec.Struct, frozen=True):
    """Everything that was chosen."""

    audio: TrackChoice | None = None
    """None while nothing was chosen."""
    subtitles: TrackChoice | None = None
    media_id: str = ""
    """The film that the rest is about."""
    subtitle_files: tuple[str, ...] = ()
    """Named for that film."""
    shows_file: bool = False
    """The last of them is chosen."""
    subtitle_delay_ms: float = 0.0
