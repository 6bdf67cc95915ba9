"""Local bus: in one process: hands every message over in the same turn, as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.server.bus.bus import Bus

if TYPE_CHECKING:
    from protocol.server.bus.bus import EdgeListener, OwnerListener
    from protocol.server.bus.messages import DownMessage, LogMessage, UpMessage
    from protocol.server.moment import Moment


class LocalBus(Bus):
    """Bus of a server that shares its streams with no other."""

    _edge: EdgeListener
    _owner: OwnerListener

    def connect(self, edge: EdgeListener, owner: OwnerListener) -> None:
        self._edge = edge
        self._owner = owner

    def publish(self, stream_id: str, message: LogMessage, now: Moment) -> None:
        self._edge.take_log(stream_id, message, now)
        self._owner.take_log(stream_id, message, now)

    def send_up(self, stream_id: str, edge_id: str, message: UpMessage, now: Moment) -> None:
        self._owner.take_up(stream_id, edge_id, message, now)

    def send_down(self, stream_id: str, message: DownMessage, now: Moment) -> None:
        self._edge.take_down(stream_id, message, now)
