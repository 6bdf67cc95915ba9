"""Host keys on disk: one file a stream, readable by its owner only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from protocol.exceptions import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def keep_host_key(path: Path, key: str) -> None:
    """Write ``key`` so that only this user can read it.

    Raises:
        SettingsError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Whole or not at all: half a key would be taken for one.
        new = path.with_suffix(".new-key")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key)
        new.replace(path)
    except OSError as error:
        raise SettingsError(
            "host_key_file",
            f"the host key cannot be kept in {path.parent} ({error.strerror})",
            "make room there, or you cannot come back to this party",
        ) from error


def read_host_key(path: Path) -> str:
    """The key kept at ``path``; "" when there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
