"""Retention on PostgreSQL: calls the database's own functions, batch by batch.

Each batch is a transaction of its own, under a lock that the functions take. A server that
finds it taken leaves what is left to whoever has it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from protocol.log_line import log_line
from server_stub.storage.base import Maintained
from server_stub.storage.sql.mapping import plain_id
from server_stub.storage.sql.retention import BATCH, in_batches, touch
from server_stub.storage.sql.schema import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Engine

    from protocol.server.moment import Moment

logger = logging.getLogger("matinee.store")

CLEANUP_LOCK: Final = 0x6D6174696E6566
"""As in the migration that makes the functions."""
_IS_FREE: Final = sa.select(sa.func.pg_try_advisory_xact_lock(CLEANUP_LOCK))
_EVENTS: Final = sa.text(
    "SELECT cleanup_old_playback_events(:now, :batch),"
    " set_config('synchronous_commit', 'off', true)"
)
"""The commit does not wait for the disk: what a crash takes of a deletion is deleted again."""
_STREAMS: Final = sa.text("SELECT cleanup_inactive_stream_sync_state(:now, :instant, :batch)")


def maintenance(engine: Engine, now: Moment, live: Sequence[str] = ()) -> Iterator[Maintained]:
    """As `server_stub.storage.sql.retention.maintenance`."""
    touch(engine, now, live)
    with engine.begin() as connection:
        if not connection.execute(_IS_FREE).scalar_one():
            logger.info(log_line("maintained_elsewhere"))
            return
    where: dict[str, Any] = {"now": at(now.unix_ms), "batch": BATCH}
    count = BATCH
    while count == BATCH:
        with engine.begin() as connection:
            found = connection.execute(_STREAMS, {**where, "instant": now.instant}).scalars()
            reset = tuple(map(plain_id, found))
        count = len(reset)
        yield Maintained(0, count, reset)

    def delete(batch: int) -> int:
        with engine.begin() as connection:
            return int(connection.execute(_EVENTS, {**where, "batch": batch}).scalar_one())

    for deleted in in_batches(delete):
        yield Maintained(deleted, 0)
