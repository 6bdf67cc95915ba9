"""Request paths: what may be asked for."""

from __future__ import annotations

import re
from typing import Final

_ID: Final = "([0-9A-Za-z_-]{8,64})"
_QUERY: Final = r"(?:\?(.*))?"

HEALTH: Final = re.compile(f"/healthz{_QUERY}")
INVITE: Final = re.compile(f"/j/{_ID}{_QUERY}")
METRICS: Final = re.compile(f"/metrics{_QUERY}")
READ: Final = re.compile(f"/streams/{_ID}/(state|events){_QUERY}")
"""A stream, what of it, and how much."""
SOCKET: Final = re.compile(f"/ws(?:/{_ID})?")
"""A websocket's; without an id it is a new stream's."""
PAGE: Final = re.compile(f"/j/{_ID}")
"""What a browser may ask for by itself."""


def socket_stream(path: str) -> str | None:
    """The stream that a websocket's path names, "" for a new one; None for another path."""
    found = SOCKET.fullmatch(path)
    return None if found is None else found[1] or ""
