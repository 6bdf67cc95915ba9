"""Local file: what can be told of a local film without playing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.api.local_path import name_of, size_of, title_of, unreadable
from player.backend.base import MediaPart, Source
from player.media.discontinuities import continuous_parts
from protocol.media.fingerprint import Fingerprint
from protocol.wire.messages import Media

if TYPE_CHECKING:
    from pathlib import Path

UNNAMED: Final = "unnamed-media"
"""Stands for the media_id that the stream will give."""


def describe_file(path: Path) -> Media:
    """Title, size and fingerprint, by which a viewer's copy is known to be the same film.

    Reads at most 192 KiB.

    Raises:
        ResolveError: it is not a file that can be read.
    """
    size = size_of(path)
    try:
        with path.open("rb") as file:
            pieces: list[bytes] = []
            for offset, length in Fingerprint.ranges(size):
                file.seek(offset)
                pieces.append(file.read(length))
    except OSError as error:
        raise unreadable(path, error) from error
    return Media(
        media_id=UNNAMED,
        kind="file",
        title=title_of(path),
        file_name=name_of(path),
        size=size,
        fingerprint=Fingerprint.digest(size, pieces),
    )


def open_file(path: Path) -> Source:
    """The file as a player can open it; reads up to 25 MB from all over it.

    Raises:
        ResolveError: it is not a file that can be read.
    """
    size = size_of(path)
    return Source(url=str(path.absolute()), parts=_parts_of(path.absolute(), size))


def _parts_of(path: Path, size: int) -> tuple[MediaPart, ...]:
    """The parts of a file that was joined from others, as a player opens them."""
    try:
        with path.open("rb") as file:

            def read(offset: int, count: int) -> bytes:
                file.seek(offset)
                return file.read(count)

            parts = continuous_parts(read, size)
    except OSError as error:
        raise unreadable(path, error) from error
    # The last one has no end: the file may still grow.
    spans = [f"{start}-{end}" if end < size else f"{start}" for start, end in parts]
    return tuple(MediaPart(f"slice://{span}@{path}", None) for span in spans)
