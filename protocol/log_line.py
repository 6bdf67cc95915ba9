"""Log line: what happened as ``key=value`` pairs, as each process of ours writes it."""

from __future__ import annotations

import re
from typing import Final

LINE_HEAD: Final = "time=%(asctime)s.%(msecs)03dZ level=%(levelname)s logger=%(name)s"
"""Before what happened, as `logging.Formatter` reads it; the time is UTC."""
TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%S"
_PLAIN: Final = re.compile(r"[^\s\"'=\\]+")


def log_line(event: str, /, **fields: object) -> str:
    """``event=EVENT key=value …``.

    Args:
        event: what happened, one word.
        fields: in their order; a text that is no single word is quoted.
    """
    return " ".join([f"event={event}", *(f"{key}={_shown(fields[key])}" for key in fields)])


def _shown(value: object) -> str:
    if isinstance(value, str) and not (value.isprintable() and _PLAIN.fullmatch(value)):
        return repr(value)
    return str(value)
