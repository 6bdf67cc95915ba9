"""HTTP status: what an answer that is none means to who wants to watch a film."""

from __future__ import annotations

from typing import Final

_MEANINGS: Final = {
    401: "it wants a login",
    403: "access is refused",
    404: "there is nothing at this address",
    410: "it is gone",
    429: "too many requests, try again later",
}


_TRANSIENT: Final = frozenset((408, 425, 429))


def is_transient_status(status: int) -> bool:
    """Whether the server may answer otherwise another time."""
    return status in _TRANSIENT or status >= 500


def status_text(status: int, otherwise: str = "") -> str:
    """One clause: what the address answered, and its meaning, ``otherwise`` when it has none."""
    meaning = _MEANINGS.get(status, otherwise)
    return f"the address answered {status}" + (f": {meaning}" if meaning else "")
