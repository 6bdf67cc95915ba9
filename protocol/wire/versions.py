"""Version negotiation: what a peer of an older version is told in place of what it does not know.

Version 1 refuses message types and event types that it does not know, and comes back in a loop.
From version 2 on a peer ignores them. Whatever is newer than version 1 stands in the two tables.
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

MESSAGE_SINCE: Final[Mapping[type[ServerMessage], int]] = {}
"""The version that each message of the server's came with; 1 for what is not here."""
EVENT_SINCE: Final[Mapping[EventType, int]] = {}
"""The version that each event type came with; 1 for what is not here."""


def negotiated(hello: Hello) -> int:
    """The newest version that both sides speak."""
    return min(PROTOCOL_VERSION, hello.version_max)


class VersionFilter:
    """Version filter: turns a message into what a peer of an older version can take.

    Args:
        message_since: version by message type.
        event_since: version by event type.
    """

    def __init__(
        self,
        message_since: Mapping[type[ServerMessage], int] = MESSAGE_SINCE,
        event_since: Mapping[EventType, int] = EVENT_SINCE,
    ) -> None:
        self._message_since = message_since
        self._event_since = event_since

    def since(self, message: ServerMessage) -> int:
        """The version from which on a peer knows it."""
        known = self._message_since.get(type(message), 1)
        if isinstance(message, Event):
            return max(known, self._event_since.get(message.event_type, 1))
        return known

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
