"""Effects: what the server's core wants done: frozen values for its rim to carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from protocol.server.core.store_calls import AnyStoreCall
    from protocol.wire.messages import ServerMessage

# Effects --------------------------------------------------------------------------------


class Send(NamedTuple):
    """One message to these peers; encode it once."""

    peers: tuple[int, ...]
    message: ServerMessage
    is_urgent: bool = True
    """What is not may be overtaken by what is, and keeps its order otherwise."""


class Close(NamedTuple):
    """Close a peer's connection after what was sent to it."""

    peer: int
    code: int
    """Of the websocket protocol."""
    reason: str


class AskStore(NamedTuple):
    """Give this to the store, in order; its answer goes to ``stored`` with the ticket."""

    ticket: int
    call: AnyStoreCall


Effect = Send | Close | AskStore

NORMAL = 1000
GOING_AWAY = 1001
POLICY = 1008
