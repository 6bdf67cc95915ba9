"""Idle pause: a film does not run on for nobody, the server pauses it where the last one left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.server.core.store_calls import StoreFailed
from protocol.server.log.requests import AppendRequest
from protocol.server.log.server_acts import AutoPause

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.bus.log_writer import LogWriter
    from protocol.server.core.context import ServerContext
    from protocol.server.log.requests import Outcome
    from protocol.server.moment import Moment
    from protocol.server.owner.stream import OwnedStream


class _Idle(NamedTuple):
    since: float
    """Instant at which the last connection went."""
    playing: bool
    """The film ran on, by the last that was known."""


class IdlePause:
    """Watches over streams that nobody is connected to, on whichever edge.

    Args:
        context: timers, ids.
        writer: appends the pause.
        current: the stream of this id while it has an edge.
    """

    def __init__(
        self,
        context: ServerContext,
        writer: LogWriter,
        current: Callable[[str], OwnedStream | None],
    ) -> None:
        self._context = context
        self._writer = writer
        self._current = current
        self._watched: dict[str, _Idle] = {}
        """By stream; of those that somebody came back to the deadline is cancelled."""

    def idle(self, stream: OwnedStream, now: Moment) -> None:
        """The last connection has gone."""
        record = stream.record
        self._watch(record.stream_id, _Idle(now.instant, record.timeline.playing), now)

    def connected(self, stream: OwnedStream) -> None:
        """Somebody is there."""
        self._context.timers.cancel(("idle", stream.record.stream_id))

    def closed(self, stream: OwnedStream) -> None:
        """The last edge has gone: nobody hears of the stream any more."""
        stream_id, playing = stream.record.stream_id, stream.record.timeline.playing
        watched = self._watched.get(stream_id)
        if watched is not None:
            self._watched[stream_id] = watched._replace(playing=playing)

    def hurry(self, now: Moment) -> None:
        """The server stops: what is idle is paused while there is time."""
        for stream_id in list(self._watched):
            if self._context.timers.due_at(("idle", stream_id)) is not None:
                self._context.timers.cancel(("idle", stream_id))
                self._pause(stream_id, now)

    def _watch(self, stream_id: str, idle: _Idle, now: Moment) -> None:
        self._watched[stream_id] = idle
        self._context.timers.set(
            ("idle", stream_id),
            now.instant + self._context.limits.idle_interval,
            lambda then: self._pause(stream_id, then),
        )

    def _pause(self, stream_id: str, now: Moment) -> None:
        idle = self._watched.pop(stream_id)
        stream = self._current(stream_id)
        if not (idle.playing if stream is None else stream.record.timeline.playing):
            return
        request = AppendRequest(
            stream_id=stream_id,
            event_id=self._context.ids.event_id(),
            member_id="",
            name="",
            change=AutoPause(idle.since),
            now=now,
        )

        def then(result: Outcome | StoreFailed, later: Moment) -> None:
            at = self._current(stream_id)
            if isinstance(result, StoreFailed) and (at is None or not at.is_connected):
                self._watch(stream_id, idle._replace(playing=True), later)

        self._writer.append(request, then=then)
