"""Identity: hashes of tokens, ids of members and streams."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid5


def hash_token(token: str) -> str:
    """What is kept of a token, and compared."""
    return hashlib.sha256(token.encode()).hexdigest()


def member_id_of(stream_id: str, instance_id: str) -> str:
    """The same seat is the same member, after reconnects and restarts, without storage.

    It is a hash of the seat's secret: others see it and cannot become it.
    """
    return uuid5(UUID(stream_id), instance_id).hex


def is_uuid_hex(text: str) -> bool:
    """Whether ``text`` can name a stream at all, or a member."""
    return len(text) == 32 and all(c in "0123456789abcdef" for c in text)
