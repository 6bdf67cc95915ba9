"""Version negotiation: what a peer of an older version is told in place of what it does not know.

Version 1 refuses message types and event types that it does not know, and comes back in a loop.
From version 2 on a peer ignores them. A message carries the version that it
came with (``since``), an event type has it in a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from protocol.wire.messages import Event, EventType, Hello, ServerMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOL_VERSION: Final = 2
"""The newest version this program speaks; version 2 passes over what it does not know."""
PROTOCOL_OLDEST: Final = 1
"""The oldest version this program speaks."""

EVENT_SINCE: Final[Mapping[EventType, int]] = {}
"""The version that each event type came with; 1 for what is not here."""


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
        if isinstance(message, Event):
            return self._event_since.get(message.event_type, 1)
        return message.since

    def harmless(self, message: ServerMessage) -> ServerMessage | None:
        """What an older peer gets instead; None for nothing.

        The log must stay dense, and its timeline is absolute: an event that is not known there
        becomes a start by the server itself without a reason, of which no face says a word.
        """
        if not isinstance(message, Event):
            return None
        return msgspec.structs.replace(
            message, event_type="play", member_id="", name="", reason="", reason_code=""
        )
