"""Room registry: the rooms of this server."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from protocol.server.bus.bus import EdgeListener
from protocol.server.bus.messages import EdgeClosed, EdgeOpened
from protocol.server.room.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.server.bus.bus import Bus
    from protocol.server.bus.log_writer import LogWriter
    from protocol.server.bus.messages import DownMessage, LogMessage
    from protocol.server.core.context import ServerContext
    from protocol.server.core.store_calls import StoreFailed
    from protocol.server.log.record import StreamRecord
    from protocol.server.log.requests import AppendRequest, Outcome, StoreCall
    from protocol.server.moment import Moment

_Answer = TypeVar("_Answer")


class RoomRegistry(EdgeListener):
    """Owns the rooms.

    A room lives as long as somebody is in it or the store owes an answer about its stream: while
    a call is on its way, everybody may leave and somebody else come, and it is the same room.
    """

    def __init__(self, context: ServerContext, writer: LogWriter, bus: Bus, edge_id: str) -> None:
        self._context = context
        self._writer = writer
        self._bus = bus
        self._edge_id = edge_id
        self._rooms: dict[str, Room] = {}
        writer.observe(self._close_if_empty)

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    @property
    def stream_ids(self) -> tuple[str, ...]:
        return tuple(self._rooms)

    def open(self, record: StreamRecord, now: Moment) -> Room:
        """The room of a stream that the store knows as ``record``."""
        stream_id = record.stream_id
        room = self._rooms.get(stream_id)
        if room is None:
            room = Room(self._context, self._bus, self._edge_id, record, self._close_if_empty)
            self._rooms[stream_id] = room
            self._bus.send_up(stream_id, self._edge_id, EdgeOpened(record), now)
        elif not room.participants:
            room.reset(record, now)
            self._bus.send_up(stream_id, self._edge_id, EdgeOpened(record), now)
        return room

    def ask(
        self,
        stream_id: str,
        call: StoreCall[_Answer],
        then: Callable[[_Answer | StoreFailed, Moment], None],
    ) -> None:
        """Ask the store, and keep the stream's room until ``then`` has had the answer."""
        self._writer.ask(stream_id, call, then)

    def append(
        self,
        request: AppendRequest,
        *,
        answer_to: int | None = None,
        then: Callable[[Outcome | StoreFailed, Moment], None] | None = None,
    ) -> None:
        """Write what a member wants to the log: see `LogWriter.append`."""

        def committed(now: Moment) -> None:
            room = self._rooms.get(request.stream_id)
            if answer_to is not None and room is not None:
                room.link.readiness.lead_times.wrote(now.instant - request.now.instant)

        self._writer.append(request, answer_to=answer_to, committed=committed, then=then)

    def take_log(self, stream_id: str, message: LogMessage, now: Moment) -> None:
        room = self._rooms.get(stream_id)
        if room is not None:
            room.take_log(message, now)

    def take_down(self, stream_id: str, message: DownMessage, now: Moment) -> None:
        room = self._rooms.get(stream_id)
        if room is not None:
            room.link.take(message, now)

    def _close_if_empty(self, stream_id: str, now: Moment) -> None:
        """Forget a room that nobody is in; its log stays."""
        room = self._rooms.get(stream_id)
        if room is not None and not room.participants and not self._writer.is_owed(stream_id):
            del self._rooms[stream_id]
            self._bus.send_up(stream_id, self._edge_id, EdgeClosed(), now)
