"""New ids and keys, from the system's randomness."""

from __future__ import annotations

import secrets
from uuid import uuid4


class RandomMint:
    """The `protocol.server_effects.Mint` of a running server."""

    def stream_id(self) -> str:
        return uuid4().hex

    def event_id(self) -> str:
        return uuid4().hex

    def host_key(self) -> str:
        return secrets.token_urlsafe(32)

    def invite_token(self) -> str:
        return secrets.token_urlsafe(16)
