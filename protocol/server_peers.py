"""One connection, as the server's core sees it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple
from uuid import UUID, uuid5

from protocol.server_limits import Limits, PeerLimits

if TYPE_CHECKING:
    from protocol.server_addresses import Look
    from protocol.server_room import Room


class Visitor(NamedTuple):
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
        "room", "stage", "visitor",
    )  # fmt: skip

    def __init__(self, number: int, visitor: Visitor, limits: Limits, now: float) -> None:
        self.number = number
        self.visitor = visitor
        self.limits = PeerLimits(limits, now)
        self.came_at = now
        self.rests_until = now
        self.stage: Literal["new", "opening", "seated", "closed"] = "new"
        self.look: Look | None = None
        """Its token's."""
        self.room: Room | None = None
        self.member_id = ""
        self.name = ""
        self.by_invite = False
        """It was not the host key that opened the stream."""


def hash_token(token: str) -> str:
    """What is kept of a token, and compared."""
    return hashlib.sha256(token.encode()).hexdigest()


def member_id_of(stream_id: str, instance_id: str) -> str:
    """The same seat is the same member, after reconnects and restarts, without storage.

    It is a hash of the seat's secret: others see it and cannot become it.
    """
    return uuid5(UUID(stream_id), instance_id).hex


def is_stream_id(text: str) -> bool:
    """Whether ``text`` can name a stream at all, or a member."""
    return len(text) == 32 and all(c in "0123456789abcdef" for c in text)
