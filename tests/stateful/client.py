"""A connection as a model's schedule has it: it folds what it hears, and forgives no gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.client.stream_state import StreamState, from_snapshot
from protocol.wire.messages import (
    Ack,
    Command,
    Cursor,
    Event,
    Invited,
    ModerationRequest,
    Note,
    Refusal,
    Snapshot,
    StateNow,
    Welcome,
)

if TYPE_CHECKING:
    from protocol.server.log.record import StreamRecord
    from protocol.wire.messages import ClientMessage, ServerMessage
    from tests.stateful.model import Model


class Client:
    """One connection, and the picture that its seat has of the party."""

    def __init__(self, model: Model, number: int, stream_id: str) -> None:
        self._model = model
        self.by_key = False
        """It has shown the host key."""
        self.invite = ""
        """The newest that it was given."""
        self.number = number
        self.stream_id = stream_id
        self.heard: list[ServerMessage] = []
        self.welcome: Welcome | None = None
        self.state: StreamState | None = None
        self.owed: list[str] = []
        """Ids of what it wants, and has no answer to."""
        self._requests: set[str] = set()
        self.is_open = True

    @property
    def is_host(self) -> bool:
        if self.welcome is None:
            return False
        if self.state is None:
            return self.welcome.role == "host"
        return self.state.host_id == self.welcome.member_id

    def says(self, message: ClientMessage) -> None:
        if isinstance(message, Command | Note | ModerationRequest) and self.is_open:
            self.owed.append(message.event_id)
        if isinstance(message, ModerationRequest):
            self._requests.add(message.event_id)

    def starts_from(self, record: StreamRecord) -> None:
        """It comes back, and knows how this party stood."""
        self.state = StreamState(
            stream_id=record.stream_id,
            cursor=record.cursor,
            timeline=record.timeline,
            host_id=record.host_id,
            host_term=record.host_term,
            media=record.media,
            settings=record.settings,
        )

    def hears(self, message: ServerMessage) -> None:
        if not self.is_open:
            return
        self.heard.append(message)
        match message:
            case Welcome():
                self.welcome, self.stream_id = message, message.stream_id
            case Snapshot():
                self.state = from_snapshot(message)
            case Event():
                self._take(message)
            case StateNow() if self.state is not None:
                is_gap = self.state.restate(message)[0] == "gap"
                assert not is_gap or self._is_refused_on_the_way(), "nothing is left out"
            case Ack(event_id=event_id):
                self.owed.remove(event_id)
                self._check_kept(message)
            case Invited(event_id=event_id):
                self.invite = message.invite_token
                if event_id:
                    self.owed.remove(event_id)
            case Refusal(event_id=event_id) if event_id:
                self.owed.remove(event_id)
            case _:
                pass

    def _take(self, event: Event) -> None:
        written = self._model.parties[self.stream_id].written
        assert written.get(event.cursor) == event, "nobody hears of what is not in the log"
        if self.state is not None:
            applied, self.state = self.state.apply(event)
            assert applied != "gap", "nothing is left out"

    def _check_kept(self, ack: Ack) -> None:
        written = self._model.parties[self.stream_id].written
        event = written.get(Cursor(ack.epoch, ack.seq))
        if ack.event_id not in self._requests:
            assert event is not None, "what is acknowledged is in the log"
            assert event.event_id == ack.event_id

    def _is_refused_on_the_way(self) -> bool:
        """While its resume is under way, a host's refusal says how things stand as well."""
        before = self.heard[-2]
        return isinstance(before, Refusal) and before.code == "stale_base"

    def check_agrees(self, record: StreamRecord) -> None:
        """Once nothing is on its way any more."""
        if not self.is_open or self.welcome is None:
            return
        assert not self.owed, "everything is answered"
        state = self.state
        if state is None:
            return
        assert (state.cursor, state.timeline) == (record.cursor, record.timeline)
        assert (state.host_id, state.host_term) == (record.host_id, record.host_term)
        assert state.media == record.media
        assert state.settings == record.settings
