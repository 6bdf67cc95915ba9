"""Streams taken for one transaction alone, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server_stub.storage.sql.mapping import record_of
from server_stub.storage.sql.queries import LOCK_STREAM, LOCK_STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from protocol.server.log.record import StreamRecord


def lock_streams(connection: Connection, stream_ids: Sequence[str]) -> dict[str, StreamRecord]:
    """The streams as they stand, this transaction's own from here on."""
    if len(stream_ids) == 1:
        found = connection.execute(LOCK_STREAM, {"stream_id": stream_ids[0]})
    else:
        found = connection.execute(LOCK_STREAMS, {"stream_ids": stream_ids})
    return {record.stream_id: record for record in map(record_of, found.mappings())}
