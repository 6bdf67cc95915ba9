"""Writes entries into logs: many in few statements, by the rules of `decide`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from protocol.server.log.decide import decide
from protocol.server.log.requests import Appended, AppendRequest, KnownEvent, Outcome
from protocol.server.refusals import unauthorized
from protocol.wire.messages import Cursor
from server_stub.storage.sql.locks import lock_streams
from server_stub.storage.sql.mapping import event_row, stream_row
from server_stub.storage.sql.queries import ADD_EVENT, FIND_EVENT, FIND_EVENTS, UPDATE_STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Result


def append(connection: Connection, entries: Sequence[AppendRequest]) -> list[Outcome]:
    """What becomes of ``entries``, one after the other, within this transaction."""
    if not entries:
        return []
    records = lock_streams(connection, list({entry.stream_id: None for entry in entries}))
    known = _known(connection, entries)
    rows: list[dict[str, Any]] = []
    changed: dict[str, dict[str, Any]] = {}

    def take(entry: AppendRequest) -> Outcome:
        record = records.get(entry.stream_id)
        if record is None:
            return msgspec.structs.replace(unauthorized(), event_id=entry.event_id)
        name = (entry.stream_id, entry.event_id)
        outcome = decide(record, known.get(name), entry)
        if isinstance(outcome, Appended):
            digest = entry.digest
            records[entry.stream_id] = outcome.record
            known[name] = KnownEvent(outcome.event.cursor, digest)
            rows.append(event_row(entry.stream_id, outcome.event, digest))
            row = stream_row(outcome.record, entry.now.unix_ms)
            changed[entry.stream_id] = {"stream_id": entry.stream_id, **row}
        return outcome

    outcomes = [take(entry) for entry in entries]
    if rows:
        connection.execute(ADD_EVENT, rows)
        connection.execute(UPDATE_STREAM, list(changed.values()))
    return outcomes


def _known(
    connection: Connection, entries: Sequence[AppendRequest]
) -> dict[tuple[str, str], KnownEvent]:
    """What the logs have of these already: looked for only after the streams are locked."""
    asked: dict[str, dict[str, None]] = {}
    for entry in entries:
        asked.setdefault(entry.stream_id, {})[entry.event_id] = None
    return {
        (stream_id, row.event_id): KnownEvent(Cursor(row.epoch, row.seq), row.digest)
        for stream_id, event_ids in asked.items()
        for row in _find(connection, stream_id, list(event_ids))
    }


def _find(
    connection: Connection, stream_id: str, event_ids: list[str]
) -> Result[str, int, int, str]:
    if len(event_ids) == 1:
        return connection.execute(FIND_EVENT, {"stream_id": stream_id, "event_id": event_ids[0]})
    return connection.execute(FIND_EVENTS, {"stream_id": stream_id, "event_ids": event_ids})
