"""Launch environment: what this machine and this person's folders say before a launch."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from player.api.capabilities import has_display
from player.api.line_codec import decode_typed
from player.api.local_path import is_address, local_path, media_text, path_text
from tui.keyboard_layouts import language_of
from tui.storage import paths

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Facts that every launch takes."""

    is_terminal: bool
    """Standard input and output are one."""
    has_display: bool
    has_trim_variable: bool
    """The shift of the sound is set by the environment."""
    seat_log: str
    second_log: str
    """Of the demo's other seat."""
    """"" where no log can be kept."""
    trust_file: str
    language: str = ""
    """Of this person, a code of ISO 639-1; "" when it is not known."""
    trouble: str = ""
    """Why nothing is kept of this evening, "" when it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFolders:
    """Where a host keeps what he comes back by."""

    keys: Path
    databases: tuple[str, ...]
    """The first that no other server uses is taken."""


def read_environment() -> Environment:
    """This machine as it is."""
    return Environment(
        is_terminal=sys.stdin.isatty() and sys.stdout.isatty(),
        has_display=has_display(),
        has_trim_variable=bool(os.environ.get("MATINEE_TRIM_MS")),
        seat_log=_log("seat.log"),
        second_log=_log("second-seat.log"),
        trust_file=path_text(paths.trust_file()),
        language=language_of(os.environ),
        trouble=paths.unkept(),
    )


def host_folders() -> HostFolders:
    """This person's folders, made if need be.

    Raises:
        SettingsError: a host could not come back, since nothing can be kept there.
    """
    paths.prepared(paths.data_folder())
    databases = tuple(map(path_text, paths.database_files()))
    return HostFolders(keys=paths.prepared(paths.keys_folder()), databases=databases)


def _log(name: str) -> str:
    file = paths.log_file(name)
    return "" if file is None else path_text(file)


def new_instance_id() -> str:
    """Who a seat is: random, and nobody else knows it."""
    return secrets.token_urlsafe(24)


def subtitle_argument(text: str) -> str:
    """A path made absolute.

    Raises:
        MediaError: there is no such file, or it cannot be read.
    """
    return path_text(local_path(decode_typed(os.fsencode(text))))


def media_argument(text: str) -> str:
    """A path made absolute, or an address as it is; the seat looks closer.

    Raises:
        MediaError: there is no such file, or it cannot be read.
    """
    named = decode_typed(os.fsencode(text))
    if is_address(named):
        return media_text(os.fsencode(text))
    return path_text(local_path(named))
