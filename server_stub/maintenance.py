"""Retention: what the requirement calls cleanup, with its names.

On SQLite the server runs these itself, on PostgreSQL they are functions of the same names in
the database (see `migrations/`). Each batch is a transaction of its own, so that the log of a
living party waits for one batch at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from server_stub.rows import plain_id
from server_stub.schema import IS_ACTIVE, at, playback_events, streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Engine

    from protocol.server_log import Moment

EVENT_RETENTION: Final = timedelta(days=7)
INACTIVE_AFTER: Final = timedelta(hours=24)
BATCH: Final = 1000


class Maintained(NamedTuple):
    """What a run of maintenance did."""

    events_deleted: int
    streams_reset: int
    reset_ids: tuple[str, ...] = ()


def maintain_playback_sync_data(
    engine: Engine, now: Moment, live: Sequence[str] = ()
) -> Maintained:
    """All maintenance; streams in ``live`` are in use and count as synced now."""
    touch(engine, now, live)
    deleted = cleanup_old_playback_events(engine, at(now.unix_ms))
    reset = cleanup_inactive_stream_sync_state(engine, at(now.unix_ms), now.instant)
    return Maintained(deleted, len(reset), reset)


def touch(engine: Engine, now: Moment, live: Sequence[str]) -> None:
    """Streams in ``live`` are in use and count as synced now."""
    for start in range(0, len(live), BATCH):
        with engine.begin() as connection:
            connection.execute(
                streams.update()
                .where(streams.c.id.in_(live[start : start + BATCH]))
                .values(last_sync_at=at(now.unix_ms))
            )


def cleanup_old_playback_events(engine: Engine, now: datetime) -> int:
    """Delete events older than `EVENT_RETENTION`; returns how many."""
    old = old_events(now - EVENT_RETENTION)
    deleted = 0
    while True:
        with engine.begin() as connection:
            count = connection.execute(
                playback_events.delete().where(playback_events.c.id.in_(old))
            ).rowcount
        deleted += count
        if count < BATCH:
            return deleted


def old_events(before: datetime) -> sa.Select[str]:
    """Ids of one batch of events that were created before."""
    return sa.select(playback_events.c.id).where(playback_events.c.created_at < before).limit(BATCH)


def cleanup_inactive_stream_sync_state(
    engine: Engine, now: datetime, instant: float
) -> tuple[str, ...]:
    """Put streams that were inactive for `INACTIVE_AFTER` back to their beginning, paused.

    The epoch rises, so that whoever comes back takes a snapshot. A stream that stands at
    its beginning already is left alone.

    Args:
        engine: the database.
        now: wall clock.
        instant: seconds on the server's clock, the new timeline's.

    Returns:
        Ids of the streams that were reset.
    """
    query, reset = inactive_streams(now - INACTIVE_AFTER), list[str]()
    while True:
        with engine.begin() as connection:
            ids = list(connection.execute(query).scalars())
            if ids:
                connection.execute(
                    streams.update()
                    .where(streams.c.id.in_(ids))
                    .values(
                        time=0.0,
                        is_playing=False,
                        rate=1.0,
                        timeline_at=instant,
                        epoch=streams.c.epoch + 1,
                        last_seq=0,
                        foreign_seq=0,
                        last_sync_at=now,
                    )
                )
        reset += map(plain_id, ids)
        if len(ids) < BATCH:
            return tuple(reset)


def inactive_streams(before: datetime) -> sa.Select[str]:
    """Ids of one batch of streams with a state to reset and no sync since ``before``."""
    return (
        sa.select(streams.c.id)
        .where(
            IS_ACTIVE,
            streams.c.last_sync_at < before,
            sa.or_(streams.c.is_playing, streams.c.time > 0, streams.c.last_seq > 1),
        )
        .limit(BATCH)
    )
