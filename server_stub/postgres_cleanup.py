"""Retention on PostgreSQL: calls the database's own functions, batch by batch.

Each batch is a transaction of its own. One server at a time does it: whoever comes second
leaves it to the first.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from server_stub import maintenance
from server_stub.maintenance import Maintained
from server_stub.rows import plain_id
from server_stub.schema import at

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sqlalchemy.engine import Connection, Engine

    from protocol.server_log import Moment

logger = logging.getLogger("matinee.store")

CLEANUP_LOCK: Final = 0x6D6174696E6566
"""As in the migration that makes the functions."""
_LOCK: Final = sa.select(sa.func.pg_try_advisory_lock(CLEANUP_LOCK))
_UNLOCK: Final = sa.select(sa.func.pg_advisory_unlock(CLEANUP_LOCK))
_EVENTS: Final = sa.text("SELECT cleanup_old_playback_events(:now, :batch)")
_STREAMS: Final = sa.text("SELECT cleanup_inactive_stream_sync_state(:now, :instant, :batch)")


def maintain_playback_sync_data(
    engine: Engine, now: Moment, live: Sequence[str] = ()
) -> Maintained:
    """As `server_stub.maintenance.maintain_playback_sync_data`."""
    maintenance.touch(engine, now, live)
    with engine.connect() as connection:
        with connection.begin():
            is_ours = connection.scalar(_LOCK)
        if not is_ours:
            logger.info("event=maintained_elsewhere")
            return Maintained(0, 0)
        try:
            deleted = sum(_old_events(connection, now))
            reset = tuple(map(plain_id, _inactive_streams(connection, now)))
            with connection.begin():
                connection.execute(_UNLOCK)
        except BaseException:
            # The lock ends with the connection, not with the transaction.
            connection.invalidate()
            raise
    return Maintained(deleted, len(reset), reset)


def _old_events(connection: Connection, now: Moment) -> Generator[int]:
    """How many were deleted, by batch."""
    batch = count = maintenance.BATCH
    while count == batch:
        with connection.begin():
            count = connection.execute(
                _EVENTS, {"now": at(now.unix_ms), "batch": batch}
            ).scalar_one()
        yield count


def _inactive_streams(connection: Connection, now: Moment) -> Generator[str]:
    """Which were reset."""
    batch = maintenance.BATCH
    where = {"now": at(now.unix_ms), "instant": now.instant, "batch": batch}
    while True:
        with connection.begin():
            ids = list(connection.execute(_STREAMS, where).scalars())
        yield from map(str, ids)
        if len(ids) < batch:
            return
