"""Owned stream: what its owner knows of it: the record, who is in it, and on which edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.server.bus.messages import ReadinessReport

if TYPE_CHECKING:
    from protocol.server.bus.bus import Bus
    from protocol.server.bus.messages import DownMessage
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.wire.messages import Member


class EdgeState:
    """What an edge has told of itself."""

    __slots__ = ("is_connected", "report")

    def __init__(self) -> None:
        self.is_connected = False
        self.report = ReadinessReport()


class SeatedMember(NamedTuple):
    """A member, and where it has its seat."""

    edge_id: str
    member: Member


class OwnedStream:
    """A stream with at least one edge."""

    def __init__(self, record: StreamRecord, bus: Bus) -> None:
        self.record = record
        self.edges: dict[str, EdgeState] = {}
        self.members: dict[str, SeatedMember] = {}
        self._bus = bus

    @property
    def is_connected(self) -> bool:
        """Whether anybody has a connection, to whichever edge."""
        return any(edge.is_connected for edge in self.edges.values())

    def enter(self, record: StreamRecord) -> bool:
        """The stream is at ``record`` now; False where it has been already."""
        if not self.record.cursor < record.cursor:
            return False
        self.record = record
        return True

    def tell(self, message: DownMessage, now: Moment) -> None:
        """Tell every edge."""
        self._bus.send_down(self.record.stream_id, message, now)
