"""Random ids: new ids and keys, from the system's randomness."""

from __future__ import annotations

import secrets
import time
from uuid import uuid4

from protocol.ids import FILLING_BITS, uuid7


class RandomIds:
    """The `protocol.server.core.context.IdSource` of a running server."""

    def stream_id(self) -> str:
        return uuid4().hex

    def event_id(self) -> str:
        return uuid7(time.time_ns() // 1_000_000, secrets.randbits(FILLING_BITS)).hex

    def host_key(self) -> str:
        return secrets.token_urlsafe(32)

    def invite_token(self) -> str:
        return secrets.token_urlsafe(16)
