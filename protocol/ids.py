"""UUIDv7: ids that nobody else makes, and that a database keeps side by side when they are of
one time.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

FILLING_BITS: Final = 74


def uuid7(unix_ms: int, filling: int) -> UUID:
    """A UUID of version 7 (RFC 9562): ids sort by the millisecond they were made in.

    Random ids would be spread all over an index, so that each row that comes or goes is
    another page to write.

    Args:
        unix_ms: when, in Unix milliseconds.
        filling: `FILLING_BITS` bits that are no other id's of that millisecond.
    """
    value = (unix_ms & (1 << 48) - 1) << 80
    value |= 7 << 76 | (filling >> 62 & 0xFFF) << 64
    value |= 0b10 << 62 | filling & (1 << 62) - 1
    return UUID(int=value)
