"""Local file: what can be told of a local film without playing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.api.local_path import name_of, size_of, title_of, unreadable
from player.backend.base import Source
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
    """The file as a player can open it.

    Raises:
        ResolveError: it is not a file that can be read.
    """
    size_of(path)
    return Source(url=str(path.absolute()))
