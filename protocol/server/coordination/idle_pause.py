"""Idle pause: a film does not run on for nobody, the server pauses it where the last one left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.server.core.store_calls import StoreFailed
from protocol.server.log.requests import AppendRequest, AutoPause
from protocol.server.room.room import RoomObserver

if TYPE_CHECKING:
    from protocol.server.core.context import ServerContext
    from protocol.server.log.requests import Outcome
    from protocol.server.moment import Moment
    from protocol.server.room.registry import RoomRegistry
    from protocol.server.room.room import Room


class _Deserted(NamedTuple):
    since: float
    """Instant at which the last connection went."""
    playing: bool
    """The film ran on, by the last that was known."""


class IdlePause(RoomObserver):
    """Watches over streams that nobody is connected to."""

    def __init__(self, context: ServerContext, rooms: RoomRegistry) -> None:
        self._context = context
        self._rooms = rooms
        self._watched: dict[str, _Deserted] = {}
        """By stream; of those that somebody came back to the deadline is cancelled."""

    def deserted(self, room: Room, now: Moment) -> None:
        stream_id = room.record.stream_id
        self._watch(stream_id, _Deserted(now.instant, room.record.timeline.playing), now)

    def look(self, room: Room, now: Moment) -> None:
        if room.is_connected:
            self._context.timers.cancel(("deserted", room.record.stream_id))

    def closed(self, room: Room) -> None:
        watched = self._watched.get(room.record.stream_id)
        if watched is not None:
            playing = room.record.timeline.playing
            self._watched[room.record.stream_id] = watched._replace(playing=playing)

    def hurry(self, now: Moment) -> None:
        """The server stops: what is deserted is paused while there is time."""
        for stream_id in list(self._watched):
            if self._context.timers.due_at(("deserted", stream_id)) is not None:
                self._context.timers.cancel(("deserted", stream_id))
                self._pause(stream_id, now)

    def _watch(self, stream_id: str, deserted: _Deserted, now: Moment) -> None:
        self._watched[stream_id] = deserted
        # Under the stream's name: another room may stand for it when somebody comes back.
        self._context.timers.set(
            ("deserted", stream_id),
            now.instant + self._context.limits.deserted_interval,
            lambda then: self._pause(stream_id, then),
        )

    def _pause(self, stream_id: str, now: Moment) -> None:
        deserted = self._watched.pop(stream_id)
        room = self._rooms.current(stream_id)
        if not (deserted.playing if room is None else room.record.timeline.playing):
            return
        request = AppendRequest(
            stream_id=stream_id,
            event_id=self._context.ids.event_id(),
            member_id="",
            name="",
            change=AutoPause(deserted.since),
            now=now,
        )

        def then(result: Outcome | StoreFailed, later: Moment) -> None:
            at = self._rooms.current(stream_id)
            if isinstance(result, StoreFailed) and (at is None or not at.is_connected):
                self._watch(stream_id, deserted._replace(playing=True), later)

        self._rooms.append(request, then=then)
