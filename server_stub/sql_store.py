"""The store in SQL: one schema and one set of queries for every engine."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from protocol.server_effects import (
    CreateStream,
    Opened,
    OpenStream,
    Read,
    ReadSince,
    StoreCall,
    StoreFailed,
    StoreResult,
)
from protocol.server_log import Entry, Moment, StreamRecord
from server_stub.appending import append
from server_stub.clock import Anchor
from server_stub.maintenance import Maintained, maintain_playback_sync_data
from server_stub.queries import (
    ADD_EVENT,
    ADD_STREAM,
    ADD_TOKEN,
    ANCHOR,
    READ_LOG,
    STREAM,
    TOKENS,
)
from server_stub.rows import event_of, event_row, record_of, stream_row
from server_stub.schema import at, server_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine

    from protocol.messages import Cursor, Event, Role

logger = logging.getLogger("matinee.store")


class SqlStore:
    """A `Store` on an engine whose schema is current.

    Args:
        engine: where.
        is_full: tells whether an error means that there is no room to write.
        on_close: ends what belongs to the engine.
    """

    def __init__(
        self,
        engine: Engine,
        is_full: Callable[[SQLAlchemyError], bool],
        on_close: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._is_full = is_full
        self._on_close = on_close

    def perform(self, calls: Sequence[StoreCall]) -> list[StoreResult]:
        """See `Store`: one transaction for all, or, should it fail, one for each."""
        try:
            return self._perform(calls)
        except SQLAlchemyError as error:
            if len(calls) == 1:
                return [self._failed(error)]
        return [self.perform([call])[0] for call in calls]

    def _perform(self, calls: Sequence[StoreCall]) -> list[StoreResult]:
        with self._engine.begin() as connection:
            return _answers(connection, calls)

    def _failed(self, error: SQLAlchemyError) -> StoreFailed:
        code = "storage_full" if self._is_full(error) else "try_again"
        # The statement and its values hold titles and names: only the cause is logged.
        cause = getattr(error, "orig", None)
        logger.error("event=store_failed code=%s cause=%r", code, str(cause or type(error)))
        return StoreFailed(code)

    def stream(self, stream_id: str, token_hash: str, now: Moment) -> StreamRecord | None:
        """See `Store`."""
        with self._engine.begin() as connection:
            return _open(connection, OpenStream(stream_id, token_hash, now)).record

    def records(self, stream_ids: Sequence[str]) -> list[StreamRecord]:
        """See `Store`."""
        with self._engine.begin() as connection:
            found = [_record(connection, stream_id) for stream_id in stream_ids]
        return [record for record in found if record is not None]

    def events(self, stream_id: str, epoch: int, after: int, limit: int) -> tuple[Event, ...]:
        """See `Store`."""
        with self._engine.begin() as connection:
            return _events(connection, stream_id, epoch, after, limit)

    def anchor(self) -> Anchor | None:
        """See `Store`."""
        with self._engine.begin() as connection:
            row = connection.execute(ANCHOR).mappings().first()
        if row is None:
            return None
        return Anchor(*(row[name] for name in Anchor._fields))

    def set_anchor(self, anchor: Anchor) -> None:
        """See `Store`."""
        with self._engine.begin() as connection:
            connection.execute(server_clock.delete())
            connection.execute(server_clock.insert().values(id=1, **anchor._asdict()))

    def maintain(self, now: Moment, live: Sequence[str]) -> Maintained:
        """See `Store`."""
        return maintain_playback_sync_data(self._engine, now, live)

    def close(self) -> None:
        """See `Store`."""
        self._on_close()


# What they are for ----------------------------------------------------------------------


def _answers(connection: Connection, calls: Sequence[StoreCall]) -> list[StoreResult]:
    """The answers, in order; entries that follow each other are written together."""
    answers: list[StoreResult] = []
    entries: list[Entry] = []
    for call in calls:
        if isinstance(call, Entry):
            entries.append(call)
            continue
        answers += append(connection, entries)
        entries.clear()
        answers.append(_answer(connection, call))
    return [*answers, *append(connection, entries)]


def _answer(connection: Connection, call: CreateStream | OpenStream | ReadSince) -> StoreResult:
    match call:
        case OpenStream():
            return _open(connection, call)
        case ReadSince():
            return _read(connection, call.stream_id, call.cursor, call.limit)
        case CreateStream():
            return _create(connection, call)


def _create(connection: Connection, call: CreateStream) -> StreamRecord:
    record, created_at = call.record, at(call.now.unix_ms)
    row = stream_row(record, call.now.unix_ms)
    connection.execute(ADD_STREAM, {"id": record.stream_id, "created_at": created_at, **row})
    _add_token(connection, record.stream_id, "host", call.host_key_hash, created_at, None)
    until = at(call.invite_until_ms)
    _add_token(connection, record.stream_id, "viewer", call.invite_hash, created_at, until)
    if call.event is not None:
        connection.execute(ADD_EVENT, event_row(record.stream_id, call.event, "created"))
    return record


def _open(connection: Connection, call: OpenStream) -> Opened:
    now = at(call.now.unix_ms)
    record = _record(connection, call.stream_id)
    tokens = connection.execute(TOKENS, {"stream_id": call.stream_id}).mappings()
    role: Role | None = None
    # Every token is looked at, so that the time taken does not tell which one nearly fits.
    for token in tokens.all():
        is_it = hmac.compare_digest(token["hash"], call.token_hash)
        is_good = token["revoked_at"] is None and (
            token["expires_at"] is None or now < token["expires_at"]
        )
        if is_it and is_good:
            role = "host" if token["role"] == "host" else "viewer"
    if record is None or role is None:
        return Opened()
    if role == "host" and call.fresh_invite_hash:
        until = at(call.invite_until_ms)
        _add_token(connection, call.stream_id, "viewer", call.fresh_invite_hash, now, until)
    return Opened(record, role)


def _read(connection: Connection, stream_id: str, cursor: Cursor, limit: int) -> StoreResult:
    record = _record(connection, stream_id)
    if record is None:
        return StoreFailed("try_again")
    return Read(record, _events(connection, stream_id, cursor.epoch, cursor.seq, limit))


def _record(connection: Connection, stream_id: str) -> StreamRecord | None:
    row = connection.execute(STREAM, {"stream_id": stream_id}).mappings().first()
    return None if row is None else record_of(row)


def _events(
    connection: Connection, stream_id: str, epoch: int, after: int, limit: int
) -> tuple[Event, ...]:
    where = {"stream_id": stream_id, "epoch": epoch, "after": after, "limit": limit}
    return tuple(map(event_of, connection.execute(READ_LOG, where).mappings()))


def _add_token(
    connection: Connection,
    stream_id: str,
    role: Role,
    token_hash: str,
    now: datetime,
    until: datetime | None,
) -> None:
    connection.execute(
        ADD_TOKEN,
        {
            "hash": token_hash,
            "stream_id": stream_id,
            "role": role,
            "created_at": now,
            "expires_at": until,
        },
    )
