"""A film does not run on for nobody: the server pauses it where the last one left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.server.core.store_calls import StoreFailed, StoreResult
from protocol.server.log.requests import Appended, AppendRequest, AutoPause

if TYPE_CHECKING:
    from protocol.server.core.context import ServerContext
    from protocol.server.moment import Moment
    from protocol.server.room.room import Room


class IdlePause:
    """Watches over streams that nobody is connected to."""

    def __init__(self, desk: ServerContext, rooms: dict[str, Room]) -> None:
        self._desk = desk
        self._rooms = rooms
        self._watched: dict[str, tuple[Room, float]] = {}
        """By stream; of those that somebody came back to the deadline is cancelled."""

    def begin(self, room: Room, now: Moment) -> None:
        """The last connection has gone; a seat that is taken in time ends the watch."""
        self._watch(room, now.instant, now)

    def hurry(self, now: Moment) -> None:
        """The server stops: what is deserted is paused while there is time."""
        for stream_id, (room, since) in list(self._watched.items()):
            if self._desk.timers.due_at(("deserted", stream_id)) is not None:
                self._desk.timers.cancel(("deserted", stream_id))
                self._pause(room, since, now)

    def _watch(self, room: Room, since: float, now: Moment) -> None:
        self._watched[room.record.stream_id] = room, since
        # Under the stream's name: another room may stand for it when somebody comes back.
        self._desk.timers.set(
            ("deserted", room.record.stream_id),
            now.instant + self._desk.limits.deserted_interval,
            lambda then: self._pause(room, since, then),
        )

    def _pause(self, room: Room, since: float, now: Moment) -> None:
        del self._watched[room.record.stream_id]
        if not room.record.timeline.playing:
            return
        entry = AppendRequest(
            stream_id=room.record.stream_id,
            event_id=self._desk.mint.event_id(),
            member_id="",
            name="",
            change=AutoPause(since),
            now=now,
        )
        self._desk.ask(entry, lambda result, then: self._paused(room, since, result, then))

    def _paused(self, room: Room, since: float, result: StoreResult, now: Moment) -> None:
        # While the store was busy, somebody may have come.
        room = self._rooms.get(room.record.stream_id, room)
        if isinstance(result, Appended):
            room.publish(result.record, result.event, now)
        elif isinstance(result, StoreFailed) and not room.listeners:
            self._watch(room, since, now)
