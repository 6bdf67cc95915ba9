"""What a stream's seats were told, and whether the log bears it out.

The invariants: I1 what was acknowledged is in the log, I2 ``seq`` is dense, I3 ids are there
once, I4 host terms rise by one and only the host of a term commands, I5 every seat's state is
the fold of the log.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from protocol.client.stream_state import StreamState
from protocol.timeline import Timeline
from protocol.wire.messages import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protocol.server.log.record import StreamRecord
    from protocol.wire.messages import Ack, Event

COMMANDS: Final = frozenset(("play", "pause", "seek", "rate", "media", "settings"))
MOST: Final = 5
"""Breaches of one kind that are told one by one."""


class Ledger:
    """What all seats of one stream were told."""

    def __init__(self) -> None:
        self.acked: dict[str, Cursor] = {}
        self.told: dict[Cursor, Event] = {}
        self.duplicates = 0
        """Answers that said the server had it already."""
        self.breaches: list[str] = []
        self.asked: dict[str, float] = {}
        """Instants of commands that are sent at once, until they are acknowledged."""
        self._took: list[float] = []

    def acknowledged(self, ack: Ack) -> None:
        """The server says that it has this."""
        asked = self.asked.pop(ack.event_id, None)
        if asked is not None:
            self._took.append(time.monotonic() - asked)
        place = Cursor(ack.epoch, ack.seq)
        self.duplicates += ack.duplicate
        if self.acked.setdefault(ack.event_id, place) != place:
            self.breaches.append(f"I3 {ack.event_id} acknowledged at two places")

    def take_times(self) -> list[float]:
        """Seconds from commands to their acknowledgements, since the last call."""
        took, self._took = self._took, []
        return took

    def heard(self, event: Event) -> None:
        """The server tells a seat that this happened."""
        if self.told.setdefault(event.cursor, event) != event:
            self.breaches.append(f"I5 seats were told different things at {event.cursor}")


def breaches(
    ledger: Ledger,
    record: StreamRecord,
    log: Sequence[Event],
    states: Mapping[str, StreamState],
) -> list[str]:
    """What is wrong, one sentence each, with the invariant in front.

    Args:
        ledger: what the seats were told.
        record: the stream as the database has it.
        log: its whole log, by epoch and seq.
        states: what seats that have caught up hold, by name.
    """
    return [
        *_few(ledger.breaches),
        *_few(_kept(ledger, log)),
        *_few(_dense(record, log)),
        *_few(_once(log)),
        *_few(_terms(record, log)),
        *_few(_agree(record, log, states)),
    ]


def _few(found: Iterable[str]) -> list[str]:
    told = list(found)
    more = [f"{told[MOST][:2]} … and {len(told) - MOST} more"] if len(told) > MOST else []
    return told[:MOST] + more


def _kept(ledger: Ledger, log: Sequence[Event]) -> Iterable[str]:
    places = {event.event_id: event.cursor for event in log}
    for event_id, place in ledger.acked.items():
        if places.get(event_id) != place:
            yield f"I1 {event_id} was acknowledged at {place} and is at {places.get(event_id)}"
    at = {event.cursor: event for event in log}
    for place, event in ledger.told.items():
        if at.get(place) != event:
            yield f"I1 {event.event_type} was told at {place} and the log has another or none"


def _dense(record: StreamRecord, log: Sequence[Event]) -> Iterable[str]:
    expected, reached = Cursor(1, 1), Cursor(1, 0)
    for event in log:
        begins = event.epoch == reached.epoch + 1 and event.seq == 1
        if event.cursor != expected and not begins:
            yield f"I2 {event.cursor} follows {reached}"
        reached = event.cursor
        expected = Cursor(event.epoch, event.seq + 1)
    if record.cursor != reached:
        yield f"I2 the stream stands at {record.cursor}, its log at {reached}"


def _once(log: Sequence[Event]) -> Iterable[str]:
    known: set[str] = set()
    for event in log:
        if event.event_id in known:
            yield f"I3 {event.event_id} is there twice"
        known.add(event.event_id)


def _terms(record: StreamRecord, log: Sequence[Event]) -> Iterable[str]:
    host, term = (log[0].member_id if log else ""), 1
    for event in log:
        if event.event_type == "host_change":
            if event.host_term != term + 1:
                yield f"I4 term {event.host_term} at {event.cursor} follows {term}"
            host, term = event.host_id, event.host_term
        elif event.event_type in COMMANDS and event.member_id not in ("", host):
            yield f"I4 {event.event_type} at {event.cursor} is of another host than term {term}'s"
    if (record.host_id, record.host_term) != (host, term):
        yield f"I4 the stream has term {record.host_term}, its log {term}"


def _agree(
    record: StreamRecord, log: Sequence[Event], states: Mapping[str, StreamState]
) -> Iterable[str]:
    whole = fold(log)
    if whole is None:
        yield "I5 there is no log"
        return
    if (whole.timeline, whole.media) != (record.timeline, record.media):
        yield "I5 the stream's row is not what its log says"
    for name, state in states.items():
        for what, mine, logs in (
            ("cursor", state.cursor, whole.cursor),
            ("timeline", state.timeline, whole.timeline),
            ("media", state.media, whole.media),
            ("host", (state.host_id, state.host_term), (whole.host_id, whole.host_term)),
            ("settings", state.settings, whole.settings),
        ):
            if mine != logs:
                yield f"I5 {name} holds {what} {mine}, the log says {logs}"


def fold(log: Sequence[Event]) -> StreamState | None:
    """The state that a log leads to; None for an empty one."""
    if not log:
        return None
    first = log[0]
    state = StreamState("", Cursor(1, 0), Timeline(), first.member_id, 1)
    for event in log:
        _, state = state.apply(event)
    return state
