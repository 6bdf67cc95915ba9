"""The store in SQL: one schema and one set of queries for every engine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from protocol.exceptions import StorageFull, StoreError
from protocol.log_line import log_line
from protocol.server.core.store_calls import (
    AddInvite,
    AdmitMembers,
    AnyStoreCall,
    InsertStream,
    OpenedStream,
    OpenStream,
    ReadEvents,
    ReadSince,
    RemoveMember,
    StoreFailed,
    StoreResult,
)
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import Appended, AppendRequest
from server_stub.clock import ClockAnchor
from server_stub.storage.sql.access import (
    add_invite,
    add_one_more,
    add_token,
    admit_members,
    admitted,
    remove_member,
)
from server_stub.storage.sql.append import append
from server_stub.storage.sql.locks import lock_streams
from server_stub.storage.sql.mapping import event_of, event_row, record_of, stream_row
from server_stub.storage.sql.queries import (
    ADD_EVENT,
    ADD_STREAM,
    ANCHOR,
    READ_LOG,
    SET_ANCHOR,
    STREAM,
)
from server_stub.storage.sql.retention import maintain_playback_sync_data
from server_stub.storage.sql.schema import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.engine import Connection, Engine

    from protocol.server.moment import Moment
    from protocol.wire.messages import Cursor, Event
    from server_stub.storage.base import Maintained

logger = logging.getLogger("matinee.store")

Trouble = Literal["full", "lost", "other"]
"""No room to write; the connection is gone, perhaps in the middle of a commit; anything else."""

_Result = TypeVar("_Result")


class Backend(NamedTuple):
    """What databases do not have in common."""

    trouble: Callable[[SQLAlchemyError], Trouble]
    """What an error means."""
    maintenance: Callable[[Engine, Moment, Sequence[str]], Iterator[Maintained]]
    """See `Store`."""
    wall_ahead: Callable[[Connection], float]
    """Seconds that our wall clock is ahead of the database's own."""
    tidy: Callable[[Engine], bool]
    """See `Store`."""


class SqlStore:
    """A `Store` on an engine whose schema is current.

    Args:
        engine: where; it is the store's own.
        backend: which kind of database that is.
    """

    def __init__(self, engine: Engine, backend: Backend) -> None:
        self._engine = engine
        self._backend = backend
        self._in_doubt: set[str] = set()

    def perform(self, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
        """See `Store`: one transaction for all, or, should it fail, one for each."""
        try:
            return self._perform(calls)
        except SQLAlchemyError as error:
            trouble = self._backend.trouble(error)
            if len(calls) == 1 or trouble == "lost":
                failed = StoreFailed("storage_full" if trouble == "full" else "try_again")
                _log(error, failed.code)
                return [failed for _ in calls]
        return [self.perform([call])[0] for call in calls]

    def _perform(self, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
        """On a connection that is lost on the way, once more on another."""
        answers: list[StoreResult] = []
        try:
            for is_last in (False, True):
                try:
                    with self._engine.begin() as connection:
                        # These were answers of a commit that was not heard of again.
                        if not answers or not _is_kept(connection, answers):
                            answers.clear()
                            answers += _answers(connection, calls)
                    break
                except SQLAlchemyError as error:
                    if is_last or self._backend.trouble(error) != "lost":
                        raise
        except SQLAlchemyError:
            kept = (answer.record for answer in answers if isinstance(answer, Appended))
            self._in_doubt.update(record.stream_id for record in kept)
            raise
        return answers

    @property
    def is_in_doubt(self) -> bool:
        """See `Store`."""
        return bool(self._in_doubt)

    def settle(self) -> list[StreamRecord]:
        """See `Store`."""
        in_doubt = sorted(self._in_doubt)
        # The lock waits for a commit that may still be under way.
        records = self._do(lambda connection: lock_streams(connection, in_doubt))
        self._in_doubt.clear()
        return list(records.values())

    def stream(self, stream_id: str, token_hash: str, now: Moment) -> StreamRecord | None:
        """See `Store`."""
        call = OpenStream(stream_id, token_hash, now)
        return self._do(lambda connection: _open(connection, call).record)

    def records(self, stream_ids: Sequence[str]) -> list[StreamRecord]:
        """See `Store`."""
        found = self._do(lambda connection: [_record(connection, i) for i in stream_ids])
        return [record for record in found if record is not None]

    def events(self, stream_id: str, epoch: int, after: int, limit: int) -> tuple[Event, ...]:
        """See `Store`."""
        return self._do(lambda connection: _events(connection, stream_id, epoch, after, limit))

    def anchor(self) -> ClockAnchor | None:
        """See `Store`."""
        row = self._do(lambda connection: connection.execute(ANCHOR).mappings().first())
        if row is None:
            return None
        return ClockAnchor(*(row[name] for name in ClockAnchor._fields))

    def set_anchor(self, anchor: ClockAnchor) -> None:
        """See `Store`."""
        self._do(lambda connection: connection.execute(SET_ANCHOR, anchor._asdict()))

    def wall_ahead(self) -> float:
        """See `Store`."""
        return self._do(self._backend.wall_ahead)

    def maintenance(self, now: Moment, live: Sequence[str]) -> Iterator[Maintained]:
        """See `Store`."""
        try:
            yield from self._backend.maintenance(self._engine, now, live)
        except SQLAlchemyError as error:
            raise self._explained(error) from error

    def maintain(self, now: Moment, live: Sequence[str]) -> Maintained:
        """See `Store`."""
        return maintain_playback_sync_data(self.maintenance(now, live))

    def tidy(self) -> bool:
        """See `Store`."""
        return self._backend.tidy(self._engine)

    def close(self) -> None:
        """See `Store`."""
        self._engine.dispose()

    def _do(self, work: Callable[[Connection], _Result]) -> _Result:
        """Something that may be done twice, within a transaction."""
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            if self._backend.trouble(error) != "lost":
                raise self._explained(error) from error
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise self._explained(error) from error

    def _explained(self, error: SQLAlchemyError) -> StoreError:
        trouble = self._backend.trouble(error)
        _log(error, trouble)
        if trouble == "full":
            return StorageFull("there is no room to write", "free some space")
        if trouble == "lost":
            return StoreError("the database cannot be reached just now", "try again")
        return StoreError("the database could not do it", "try again")


def _log(error: SQLAlchemyError, code: str) -> None:
    # The statement and its values hold titles and names: only the cause is logged.
    cause = str(getattr(error, "orig", None) or type(error))
    logger.error(log_line("store_failed", code=code, cause=cause.partition("\n")[0]))


# What they are for ----------------------------------------------------------------------


def _is_kept(connection: Connection, answers: Sequence[StoreResult]) -> bool:
    """Whether the transaction that gave these answers was committed: all of it, or nothing."""
    for answer in answers:
        if isinstance(answer, Appended):
            stream_id, event = answer.record.stream_id, answer.event
            # Waits for that transaction's end, should it not have come yet.
            lock_streams(connection, [stream_id])
            return _events(connection, stream_id, event.epoch, event.seq - 1, 1) == (event,)
        if isinstance(answer, StreamRecord):
            return _record(connection, answer.stream_id) is not None
    return False


def _answers(connection: Connection, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
    """The answers, in order; entries that follow each other are written together."""
    answers: list[StoreResult] = []
    entries: list[AppendRequest] = []
    for call in calls:
        if isinstance(call, AppendRequest):
            entries.append(call)
            continue
        answers += append(connection, entries)
        entries.clear()
        answers.append(_answer(connection, call))
    return [*answers, *append(connection, entries)]


def _answer(
    connection: Connection,
    call: InsertStream | OpenStream | ReadSince | AddInvite | AdmitMembers | RemoveMember,
) -> StoreResult:
    match call:
        case OpenStream():
            return _open(connection, call)
        case ReadSince():
            return _read(connection, call.stream_id, call.cursor, call.limit)
        case InsertStream():
            return _create(connection, call)
        case AddInvite():
            return add_invite(connection, call)
        case AdmitMembers():
            return admit_members(connection, call)
        case RemoveMember():
            return remove_member(connection, call)


def _create(connection: Connection, call: InsertStream) -> StreamRecord:
    record, created_at = call.record, at(call.now.unix_ms)
    row = stream_row(record, call.now.unix_ms)
    connection.execute(ADD_STREAM, {"id": record.stream_id, "created_at": created_at, **row})
    add_token(connection, record.stream_id, "host", call.host_key_hash, created_at, None)
    until = at(call.invite_until_ms)
    add_token(connection, record.stream_id, "viewer", call.invite_hash, created_at, until)
    if call.event is not None:
        connection.execute(ADD_EVENT, event_row(record.stream_id, call.event, "created"))
    return record


def _open(connection: Connection, call: OpenStream) -> OpenedStream:
    record = _record(connection, call.stream_id)
    found = admitted(connection, call, "" if record is None else record.host_id)
    if record is None or found.role is None:
        return OpenedStream(is_removed=found.is_removed)
    if found.role == "host" and call.fresh_invite_hash:
        now, until = at(call.now.unix_ms), at(call.invite_until_ms)
        add_one_more(connection, call.stream_id, call.fresh_invite_hash, now, until)
    return OpenedStream(record, found.role, found.by_invite)


def _read(connection: Connection, stream_id: str, cursor: Cursor, limit: int) -> StoreResult:
    record = _record(connection, stream_id)
    if record is None:
        return StoreFailed("try_again")
    events = _events(connection, stream_id, cursor.epoch, cursor.seq, limit)
    # What another server has added between the two looks is not of the record's instant.
    return ReadEvents(record, tuple(event for event in events if not record.cursor < event.cursor))


def _record(connection: Connection, stream_id: str) -> StreamRecord | None:
    row = connection.execute(STREAM, {"stream_id": stream_id}).mappings().first()
    return None if row is None else record_of(row)


def _events(
    connection: Connection, stream_id: str, epoch: int, after: int, limit: int
) -> tuple[Event, ...]:
    where = {"stream_id": stream_id, "epoch": epoch, "after": after, "limit": limit}
    return tuple(map(event_of, connection.execute(READ_LOG, where).mappings()))
