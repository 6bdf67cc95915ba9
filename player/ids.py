"""Event ids: new ids for what this seat asks for."""

from __future__ import annotations

import secrets
import time

from protocol.ids import FILLING_BITS, uuid7


def new_id() -> str:
    """An id for an event or a media."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(FILLING_BITS)).hex
