"""Where files live: what the platform keeps for programs (XDG variables are honoured).

These are names; a folder is made where something is to be kept in it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

from protocol.exceptions import SettingsError

APP: Final = "matinee"
WAY_BACK: Final = "matinee host --return"
"""The command of a host who comes back."""
MOST_PARTIES: Final = 8
"""As many can be hosted at once by one user, each with a database of its own."""
LOG_LIMIT: Final = 4 * 1024 * 1024
"""Bytes; a longer log is put aside once, when a new party starts."""
_RUNTIME: Final = "XDG_RUNTIME_DIR"
_OTHERS: Final = 0o077
"""What others may do in a folder."""


def data_folder() -> Path:
    """Databases and host keys."""
    return platformdirs.user_data_path(APP)


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


def keys_folder() -> Path:
    """Host keys."""
    return data_folder() / "keys"


def trims_file() -> Path:
    """Shifts of the sound by device."""
    return platformdirs.user_state_path(APP) / "trims.json"


def trust_file() -> Path:
    """Sites whose films are always opened, one a line."""
    return platformdirs.user_config_path(APP) / "trusted-domains"


def log_folder() -> Path:
    """Logs of the face, the seats and a server."""
    return platformdirs.user_log_path(APP)


def log_file(name: str) -> Path | None:
    """A log, such as ``seat.log``, put aside when it has become long; None where none can be
    kept.
    """
    with contextlib.suppress(OSError, SettingsError):
        file = prepared(log_folder()) / name
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_size > LOG_LIMIT:
                file.replace(file.with_suffix(".old.log"))
        file.open("ab").close()
        return file
    return None


def prepared(folder: Path) -> Path:
    """The folder, made if need be; only this user can look inside.

    Raises:
        SettingsError: nothing can be kept there; names the folder, and why.
    """
    if not folder.is_absolute():
        raise SettingsError("HOME", "there is no folder of your own", "set HOME to one")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(0, "it may not be written by this user")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(
            "folder",
            f"{folder} cannot be used ({why})",
            "make it writable, or name another by HOME or the XDG variables",
        ) from None
    return folder


def unkept() -> str:
    """Why nothing is kept of what a guest sets and does, "" when it is."""
    try:
        folder = prepared(log_folder())
    except SettingsError as error:
        return f"nothing is kept of this evening, neither a log nor your sound: {error.message}"
    if log_file("face.log") is None:
        return f"nothing is kept of this evening: {folder} takes no file"
    return ""


def runtime_folder() -> Path:
    """Where short-lived files go, such as pictures; each into a private folder of its own.

    Raises:
        SettingsError: there is none.
    """
    named = Path(os.environ.get(_RUNTIME, ""))
    if _is_ours(named):
        return named
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise SettingsError(
            "TMPDIR",
            f"there is no folder for short-lived files ({error.strerror})",
            "set it to one",
        ) from None


def unused_runtime() -> str:
    """Why the runtime folder that the environment names is not used, "" when it is, or none is."""
    named = os.environ.get(_RUNTIME, "")
    if not named or _is_ours(Path(named)):
        return ""
    return f"{_RUNTIME} ({named}) is no folder of yours alone: {runtime_folder()} is used"


def _is_ours(folder: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        status = folder.stat()
        return (
            folder.is_absolute()
            and stat.S_ISDIR(status.st_mode)
            and status.st_uid == os.geteuid()
            and not status.st_mode & _OTHERS
            and os.access(folder, os.W_OK | os.X_OK)
        )
    return False
