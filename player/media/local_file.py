"""Local file: what can be told of a local film without playing it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from player.backend.base import Source
from protocol.exceptions import ResolveError
from protocol.media.fingerprint import Fingerprint
from protocol.text import TITLE_CELLS, clean_text
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
    path = path.expanduser()
    size = _size_of(path)
    try:
        with path.open("rb") as file:
            pieces: list[bytes] = []
            for offset, length in Fingerprint.ranges(size):
                file.seek(offset)
                pieces.append(file.read(length))
    except OSError as error:
        raise _unreadable(path, error) from error
    return Media(
        media_id=UNNAMED,
        kind="file",
        title=title_of_file(path),
        file_name=clean_text(path.name, TITLE_CELLS),
        size=size,
        fingerprint=Fingerprint.digest(size, pieces),
    )


def open_file(path: Path) -> Source:
    """The file as a player can open it.

    Raises:
        ResolveError: it is not a file that can be read.
    """
    path = path.expanduser().absolute()
    _size_of(path)
    if not os.access(path, os.R_OK):
        raise ResolveError(f"{path} may not be read by this user", "look at its permissions")
    # The title inside the film is better than its file's name, and mpv knows it.
    return Source(url=str(path))


def title_of_file(path: Path) -> str:
    """The file's name without its ending, fit to be shown."""
    return clean_text(path.stem, TITLE_CELLS) or "untitled"


def _size_of(path: Path) -> int:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise ResolveError(f"{path} is a directory", "name the film in it")
    if not stat.S_ISREG(status.st_mode):
        raise ResolveError(f"{path} is not a file", "name a film")
    if status.st_size == 0:
        raise ResolveError(f"{path} is empty", "name a film")
    return status.st_size


def _unreadable(path: Path, error: Exception) -> ResolveError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ResolveError(f"there is no file {path}", "check the path")
    if isinstance(error, PermissionError):
        return ResolveError(f"{path} may not be read by this user", "look at its permissions")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ResolveError(f"{path} cannot be read ({reason})", "check the path")
