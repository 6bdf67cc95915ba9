"""Process set-up: standard streams that are open and in UTF-8, whatever ``matinee`` was started
with, and an environment that names whole paths.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_FOLDERS: Final = (
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


def set_up_process(environment: MutableMapping[str, str] = os.environ) -> None:
    """Open what is closed, and have text go out as UTF-8 here and in every child."""
    _open_descriptors()
    if sys.stdin is None:
        sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = sys.__stderr__ = os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    environment.pop("PYTHONIOENCODING", None)
    for name in _FOLDERS:
        # As the XDG specification has it, a path that is not whole is none.
        if not os.path.isabs(environment.get(name, "/")):
            del environment[name]


def flush_output() -> str:
    """Write out what waits; why it could not be, "" when it was, or when its reader has left."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Nor must the interpreter's own flush complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return "" if isinstance(error, BrokenPipeError) else (error.strerror or "")
    return ""


def _open_descriptors() -> None:
    """A closed standard stream would be the next file that is opened."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
