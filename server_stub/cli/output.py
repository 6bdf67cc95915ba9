"""Output of commands: what a command tells whoever started it: lines, JSON lines, and one
sentence when it cannot.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Final

from protocol.exceptions import (
    ListenError,
    MatineeError,
    SchemaTooNew,
    SettingsError,
    StorageFull,
    StoreLocked,
    StoreUnusable,
)
from protocol.text import readable

HELP: Final = {"help_option_names": ["-h", "--help"]}
"""Settings of every command."""

_CODES: Final[tuple[tuple[type[MatineeError], str], ...]] = (
    (ListenError, "cannot_listen"),
    (SettingsError, "bad_setting"),
    (StoreLocked, "store_locked"),
    (SchemaTooNew, "schema_too_new"),
    (StorageFull, "storage_full"),
    (StoreUnusable, "store_unusable"),
)


def put(line: dict[str, object]) -> None:
    """One JSON object on standard output, at once."""
    sys.stdout.write(readable(json.dumps(line, ensure_ascii=False)) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """One line on standard error."""
    # A log on a full disk is no reason to say nothing on standard output either.
    with contextlib.suppress(OSError):
        sys.stderr.write(readable(text) + "\n")
        sys.stderr.flush()


def complain(command: str, error: MatineeError, *, as_json: bool) -> None:
    """Why ``command`` cannot, and what to do."""
    say(f"matinee {command}: {error}")
    if as_json:
        put(
            {
                "event": "error",
                "code": next((c for kind, c in _CODES if isinstance(error, kind)), "error"),
                "message": error.message,
                "remedy": error.remedy,
            }
        )
