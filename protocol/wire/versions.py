"""Version negotiation: what a peer of an older version is told in place of what it does not know.

Version 1 refuses message types and event types that it does not know, and comes back in a loop.
From version 2 on a peer ignores them. A message carries the version that it
came with (``since``), an event type has it in a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from protocol.wire.messages import Event, EventType, Hello, ServerMessage, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOL_VERSION: Final = 3
"""The newest version this program speaks: 2 passes over what it does not know, 3 takes addresses of
up to 8,192 characters."""
PROTOCOL_OLDEST: Final = 1
"""The oldest version this program speaks."""

EVENT_SINCE: Final[Mapping[EventType, int]] = {}
"""The version that each event type came with; 1 for what is not here."""

LONG_URL_SINCE: Final = 3
SHORT_URL: Final = 2048
"""Characters that every version takes."""


def negotiated(hello: Hello) -> int:
    """The newest version that both sides speak."""
    return min(PROTOCOL_VERSION, hello.version_max)


class VersionFilter:
    """Version filter: turns a message into what a peer of an older version can take.

    Args:
        event_since: version by event type.
    """

    def __init__(self, event_since: Mapping[EventType, int] = EVENT_SINCE) -> None:
        self._event_since = event_since

    def since(self, message: ServerMessage) -> int:
        """The version from which on a peer knows it."""
        since = message.since
        if isinstance(message, Event):
            since = self._event_since.get(message.event_type, 1)
        return max(since, LONG_URL_SINCE) if _has_long_url(message) else since

    def harmless(self, message: ServerMessage) -> ServerMessage | None:
        """What an older peer gets instead; None for nothing.

        The log must stay dense, and its timeline is absolute: an event that is not known there
        becomes a start by the server itself without a reason, of which no face says a word. A
        film at an address that is too long there is one of which no address is known.
        """
        if isinstance(message, Event | Snapshot) and _has_long_url(message) and message.media:
            unnamed = msgspec.structs.replace(message.media, kind="file", url="")
            message = msgspec.structs.replace(message, media=unnamed)
            if isinstance(message, Snapshot) or self.since(message) == 1:
                return message
        if not isinstance(message, Event):
            return None
        return msgspec.structs.replace(
            message, event_type="play", member_id="", name="", reason="", reason_code=""
        )


def _has_long_url(message: ServerMessage) -> bool:
    if not isinstance(message, Event | Snapshot) or message.media is None:
        return False
    return len(message.media.url) > SHORT_URL
