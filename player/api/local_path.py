"""Local path: what a person names on his own disk, from text to a path and back."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from protocol.exceptions import MediaRefused, ResolveError
from protocol.text import TITLE_CELLS, clean_text, raw_bytes, readable

FILE_SCHEME: Final = "file:"
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)
_THIS_MACHINE: Final = ("", "localhost")
_NOT_ASCII: Final = 0x80
_LONGEST_SHOWN: Final = 200


def is_address(media: str) -> bool:
    """Whether a person named an address, and not a file of his own."""
    return bool(_ADDRESS.match(media)) and not _is_file_uri(media)


def media_text(raw: bytes) -> str:
    """What a person named, as text that every line can carry: bytes that are no UTF-8 are written
    in per cent, a path with them as a file URI.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    if is_address(raw.decode("ascii", "replace")):
        return "".join(chr(byte) if byte < _NOT_ASCII else f"%{byte:02X}" for byte in raw)
    return f"{FILE_SCHEME}{'//' if raw.startswith(b'/') else ''}{quote(raw)}"


def path_text(path: Path) -> str:
    """A path as text that every line can carry; `path_of` reads it."""
    return media_text(os.fsencode(path))


def path_of(text: str) -> Path:
    """The path of a text; a file URI may name no other machine.

    Raises:
        ResolveError: it names another machine.
    """
    raw = raw_bytes(text)
    if _is_file_uri(text):
        raw = unquote_to_bytes(raw[len(FILE_SCHEME) :])
        if raw.startswith(b"//"):
            host, slash, rest = raw[2:].partition(b"/")
            if host.decode("utf-8", "replace").lower() not in _THIS_MACHINE:
                raise ResolveError(
                    f"{_shown(text)} is on another machine", "give a path of this one"
                )
            raw = slash + rest
    return Path(os.fsdecode(raw))


def local_path(text: str) -> Path:
    """The file that a person means, absolute; ``~`` and a file URI are what they look like only
    where no file is called so.

    Raises:
        MediaRefused: it is an address of a kind that is not opened.
        ResolveError: it is not a file that can be read; says why.
    """
    named = Path(os.fsdecode(raw_bytes(text)))
    path = _absolute(named)
    if not _is_there(path):
        path = _absolute(_expanded(path_of(text)))
    scheme = _SCHEME.match(text)
    if scheme and not _is_file_uri(text) and not _is_there(path):
        raise MediaRefused(
            f"{scheme[1].lower()}: is not opened",
            "give an https or http address, or a file's path",
        )
    size_of(path)
    return path


def size_of(path: Path) -> int:
    """The size in bytes of a file that can be read.

    Raises:
        ResolveError: it is no file, is empty, or may not be read.
    """
    shown = _shown(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise ResolveError(f"{shown} is a directory", "name the film in it")
    if not stat.S_ISREG(status.st_mode):
        raise ResolveError(f"{shown} is not a file", "name a film")
    if status.st_size == 0:
        raise ResolveError(f"{shown} is empty", "name a film")
    if not os.access(path, os.R_OK):
        raise unreadable(path, PermissionError())
    return status.st_size


def unreadable(path: Path, error: Exception) -> ResolveError:
    """Why a file cannot be read."""
    shown = _shown(path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ResolveError(f"there is no file {shown}", "check its name, or give an address")
    if isinstance(error, PermissionError):
        return ResolveError(f"{shown} may not be read by this user", "look at its permissions")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ResolveError(f"{shown} cannot be read ({reason})", "check the path")


def name_of(path: Path) -> str:
    """The file's name, fit to be shown."""
    return clean_text(readable(path.name), TITLE_CELLS)


def title_of(path: Path) -> str:
    """The file's name without its ending, fit to be shown."""
    return clean_text(readable(path.stem), TITLE_CELLS) or "untitled"


def _is_file_uri(text: str) -> bool:
    return text[: len(FILE_SCHEME)].lower() == FILE_SCHEME


def _is_there(path: Path) -> bool:
    try:
        os.lstat(path)
    except (OSError, ValueError):
        return False
    return True


def _absolute(path: Path) -> Path:
    """From the current folder on, links as they are named."""
    try:
        return path.absolute()
    except OSError as error:
        raise ResolveError("the current folder is gone", "go to another one") from error


def _expanded(path: Path) -> Path:
    """``~`` as a folder of somebody on this machine, or as it is where there is nobody."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _shown(path: Path | str) -> str:
    text = readable(str(path))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
