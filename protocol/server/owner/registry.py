"""Owner registry: the streams that this node owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.server.bus.bus import OwnerListener
from protocol.server.bus.messages import EdgeOpened
from protocol.server.owner.idle_pause import IdlePause
from protocol.server.owner.stream_owner import StreamOwner

if TYPE_CHECKING:
    from protocol.server.bus.bus import Bus
    from protocol.server.bus.log_writer import LogWriter
    from protocol.server.bus.messages import LogMessage, UpMessage
    from protocol.server.core.context import ServerContext
    from protocol.server.moment import Moment
    from protocol.server.owner.stream import OwnedStream


class OwnerRegistry(OwnerListener):
    """An owner lives as long as its stream has an edge."""

    def __init__(self, context: ServerContext, writer: LogWriter, bus: Bus) -> None:
        self._context = context
        self._writer = writer
        self._bus = bus
        self._owners: dict[str, StreamOwner] = {}
        self._idle_pause = IdlePause(context, writer, self._stream)

    def take_log(self, stream_id: str, message: LogMessage, now: Moment) -> None:
        owner = self._owners.get(stream_id)
        if owner is not None:
            owner.take_log(message, now)

    def take_up(self, stream_id: str, edge_id: str, message: UpMessage, now: Moment) -> None:
        owner = self._owners.get(stream_id)
        if owner is None:
            if not isinstance(message, EdgeOpened):
                return
            owner = self._owners[stream_id] = StreamOwner(
                self._context, self._writer, self._bus, self._idle_pause, message.record
            )
        owner.take_up(edge_id, message, now)
        if not owner.stream.edges:
            del self._owners[stream_id]

    def stop(self, now: Moment) -> None:
        """The server stops: what would be done by time is done."""
        self._idle_pause.hurry(now)

    def _stream(self, stream_id: str) -> OwnedStream | None:
        owner = self._owners.get(stream_id)
        return None if owner is None else owner.stream
