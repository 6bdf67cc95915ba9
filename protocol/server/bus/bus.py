"""Bus: the port between a stream's owner and its edges.

An engine hands over what is sent for one stream by one sender in its order, and a log in the
order of its cursors: what it loses on the way it makes good before it goes on. It may hand over
at once, before the sender's call returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from protocol.server.bus.messages import DownMessage, LogMessage, UpMessage
    from protocol.server.moment import Moment


class EdgeListener(Protocol):
    """The edges of one node."""

    def take_log(self, stream_id: str, message: LogMessage, now: Moment) -> None: ...

    def take_down(self, stream_id: str, message: DownMessage, now: Moment) -> None: ...


class OwnerListener(Protocol):
    """The owners on one node."""

    def take_log(self, stream_id: str, message: LogMessage, now: Moment) -> None: ...

    def take_up(self, stream_id: str, edge_id: str, message: UpMessage, now: Moment) -> None: ...


class Bus(Protocol):
    """What a node sends, and who hears on it."""

    def connect(self, edge: EdgeListener, owner: OwnerListener) -> None:
        """These two hear on this node."""
        ...

    def publish(self, stream_id: str, message: LogMessage, now: Moment) -> None:
        """To every edge of the stream, and then to its owner."""
        ...

    def send_up(self, stream_id: str, edge_id: str, message: UpMessage, now: Moment) -> None:
        """To the owner of the stream, from its edge of this id."""
        ...

    def send_down(self, stream_id: str, message: DownMessage, now: Moment) -> None:
        """To every edge of the stream."""
        ...
