"""Room registry: the rooms of this server, and the one door by which its appends enter them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar, assert_never

from protocol.server import refusals as refuse
from protocol.server.core.store_calls import StoreFailed
from protocol.server.log.requests import Appended, Duplicate
from protocol.server.room.room import Room, RoomObserver
from protocol.wire.messages import Ack, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.server.core.context import ServerContext
    from protocol.server.log.record import StreamRecord
    from protocol.server.log.requests import AppendRequest, Outcome, StoreCall
    from protocol.server.moment import Moment

_Answer = TypeVar("_Answer")


class RoomRegistry(RoomObserver):
    """Owns the rooms.

    A room lives as long as somebody is in it or the store owes it an answer: while a call of
    `ask` or `append` is on its way, everybody may leave and somebody else come, and it is the
    same room.
    """

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._rooms: dict[str, Room] = {}
        self._observers: list[RoomObserver] = []
        self._owed: Counter[str] = Counter()
        """Answers of the store that are on their way, by stream."""

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    @property
    def stream_ids(self) -> tuple[str, ...]:
        return tuple(self._rooms)

    def observe(self, observer: RoomObserver) -> None:
        """Tell ``observer`` what happens in every room that is opened from now on."""
        self._observers.append(observer)

    def current(self, stream_id: str) -> Room | None:
        """The room of this stream; None when nobody is in it."""
        return self._rooms.get(stream_id)

    def open(self, record: StreamRecord, now: Moment) -> Room:
        """The room of a stream that the store knows as ``record``."""
        room = self._rooms.get(record.stream_id)
        if room is None:
            observers = (*self._observers, self)
            room = self._rooms[record.stream_id] = Room(self._context, record, observers)
        elif not room.seats:
            room.reset(record, now)
        return room

    def ask(
        self,
        stream_id: str,
        call: StoreCall[_Answer],
        then: Callable[[_Answer | StoreFailed, Moment], None],
    ) -> None:
        """Ask the store, and keep the stream's room until ``then`` has had the answer."""
        self._owed[stream_id] += 1

        def answered(result: _Answer | StoreFailed, now: Moment) -> None:
            then(result, now)
            self._owed[stream_id] -= 1
            self._close_if_empty(stream_id)

        self._context.ask(call, answered)

    def append(
        self,
        request: AppendRequest,
        *,
        answer_to: int | None = None,
        then: Callable[[Outcome | StoreFailed, Moment], None] | None = None,
    ) -> None:
        """Commit, acknowledge, broadcast: write to the log, then tell the stream's room.

        Args:
            request: what is to be written.
            answer_to: peer that is told what became of it, before anybody else is.
            then: gets what became of it, after everybody else.
        """
        stream_id = request.stream_id

        def answered(result: Outcome | StoreFailed, now: Moment) -> None:
            room = self._rooms.get(stream_id)
            if answer_to is not None:
                answer = acknowledgement(request.event_id, result)
                self._context.send((answer_to,), answer)
            if isinstance(result, Appended) and room is not None:
                if answer_to is not None:
                    room.lead_times.wrote(now.instant - request.now.instant)
                room.publish(result.record, result.event, now)
            if then is not None:
                then(result, now)

        self.ask(stream_id, request, answered)

    def vacated(self, room: Room, now: Moment) -> None:
        self._close_if_empty(room.record.stream_id)

    def _close_if_empty(self, stream_id: str) -> None:
        """Forget a room that nobody is in; its log stays."""
        if self._owed[stream_id]:
            return
        del self._owed[stream_id]
        room = self._rooms.get(stream_id)
        if room is not None and not room.seats:
            del self._rooms[stream_id]
            for observer in self._observers:
                observer.closed(room)


def acknowledgement(event_id: str, result: Outcome | StoreFailed) -> Ack | Refusal:
    """What the sender of an append request is told became of it."""
    match result:
        case Appended(event=event):
            return Ack(event_id, event.epoch, event.seq)
        case Duplicate(cursor=at):
            return Ack(event_id, at.epoch, at.seq, duplicate=True)
        case Refusal():
            return result
        case StoreFailed(code=code):
            return refuse.store_failed(code, event_id)
        case _:
            assert_never(result)
