"""Where files live: what the platform keeps for programs (XDG variables are honoured)."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

APP: Final = "matinee"
WAY_BACK: Final = "matinee host --return"
"""The command of a host who comes back."""
MOST_PARTIES: Final = 8
"""As many can be hosted at once by one user, each with a database of its own."""
LOG_LIMIT: Final = 4 * 1024 * 1024
"""Bytes; a longer log is put aside once, when a new party starts."""


def data_folder() -> Path:
    """Databases and host keys; only this user can look inside."""
    return _private(platformdirs.user_data_path(APP))


def database_file() -> Path:
    """The log of the parties that are hosted here."""
    return data_folder() / "matinee.sqlite"


def other_database_file(number: int) -> Path:
    """The log of a party that is hosted beside another one, ``number`` from 2 on."""
    return data_folder() / f"matinee-{number}.sqlite"


def database_files() -> list[Path]:
    """All that there may be: the first, then those of parties beside it."""
    return [
        database_file(),
        *(other_database_file(number) for number in range(2, MOST_PARTIES + 1)),
    ]


def served_database_file() -> Path:
    """The log of `matinee serve`, unless it is told another one."""
    return data_folder() / "server.db"


def trims_file() -> Path:
    """Shifts of the sound by device."""
    return _private(platformdirs.user_state_path(APP)) / "trims.json"


def trust_file() -> Path:
    """Sites whose films are always opened, one a line."""
    return platformdirs.user_config_path(APP) / "trusted-domains"


def keys_folder() -> Path:
    """Host keys."""
    return _private(data_folder() / "keys")


def runtime_folder() -> Path:
    """Where short-lived files go, such as pictures; each into a private folder of its own."""
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())


def log_file(name: str) -> Path:
    """A log, such as ``seat.log``, put aside when it has become long."""
    file = _private(platformdirs.user_log_path(APP)) / name
    with contextlib.suppress(OSError):
        if file.stat().st_size > LOG_LIMIT:
            file.replace(file.with_suffix(".old.log"))
    return file


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
    return folder
