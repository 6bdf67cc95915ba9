"""Peer: one connection, as the server's core sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from protocol.server.limits.connection import ConnectionLimiter
from protocol.wire.versions import PROTOCOL_OLDEST

if TYPE_CHECKING:
    from protocol.server.limits.addresses import TokenLookup
    from protocol.server.limits.config import Limits
    from protocol.server.room.room import Room


class HandshakeInfo(NamedTuple):
    """Who opened a connection, as its handshake tells."""

    address: str
    """Remote IP address; "" for a local one that has none."""
    stream_id: str = ""
    """"" where new streams are created."""
    token: str = ""


class Peer:
    """One open connection and how far it has come."""

    __slots__ = (
        "by_invite", "came_at", "limits", "look", "member_id", "name", "number", "rests_until",
        "room", "state", "version", "visitor",
    )  # fmt: skip

    def __init__(self, number: int, visitor: HandshakeInfo, limits: Limits, now: float) -> None:
        self.number = number
        self.visitor = visitor
        self.limits = ConnectionLimiter(limits, now)
        self.came_at = now
        self.rests_until = now
        self.state: Literal["new", "opening", "seated", "closed"] = "new"
        self.look: TokenLookup | None = None
        """Its token's."""
        self.room: Room | None = None
        self.version = PROTOCOL_OLDEST
        """Of the protocol, as negotiated; the oldest before the hello."""
        self.member_id = ""
        self.name = ""
        self.by_invite = False
        """It was not the host key that opened the stream."""
