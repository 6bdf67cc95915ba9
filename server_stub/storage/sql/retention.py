"""Retention: what the requirement calls cleanup, with its names.

On SQLite the server runs these itself, on PostgreSQL they are functions of the same names in
the database (see `migrations/`). Each batch is a transaction of its own, and whoever takes the
steps of `maintenance` may let others write in between.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from server_stub.storage.base import EVENT_RETENTION, INACTIVE_AFTER, Maintained
from server_stub.storage.sql.mapping import plain_id
from server_stub.storage.sql.schema import IS_ACTIVE, at, playback_events, streams

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine

    from protocol.server.moment import Moment

BATCH: Final = 50
"""Streams in a step."""
LEAST: Final = 100
"""Events in the first step; later ones are larger where that costs nobody, see `next_batch`."""
MOST: Final = 1000
AIM: Final = 0.003
"""Seconds of a step: whoever wants to write waits for one, and an append takes as long."""
_PATIENT: Final = 1.5
"""Times the quickest step, where a disk is so slow that it is more: appends are no quicker."""
_ROOM: Final = 0.8
"""Share of the aim up to which the next step is larger."""


def maintenance(engine: Engine, now: Moment, live: Sequence[str] = ()) -> Iterator[Maintained]:
    """All of `maintain_playback_sync_data`, in steps; what is reset comes first.

    Streams in ``live`` are in use and count as synced now.
    """
    touch(engine, now, live)
    for reset in cleanup_inactive_stream_sync_state(engine, at(now.unix_ms), now.instant):
        yield Maintained(0, len(reset), reset)
    for deleted in cleanup_old_playback_events(engine, at(now.unix_ms)):
        yield Maintained(deleted, 0)


def maintain_playback_sync_data(steps: Iterable[Maintained]) -> Maintained:
    """Take all steps at once; returns what they did together."""
    return Maintained.together(steps)


def touch(engine: Engine, now: Moment, live: Sequence[str]) -> None:
    """Streams in ``live`` are in use and count as synced now."""
    for start in range(0, len(live), BATCH):
        with engine.begin() as connection:
            connection.execute(
                streams.update()
                .where(streams.c.id.in_(live[start : start + BATCH]))
                .values(last_sync_at=at(now.unix_ms))
            )


def cleanup_old_playback_events(engine: Engine, now: datetime) -> Iterator[int]:
    """Delete events older than `EVENT_RETENTION`; yields how many, by batch."""

    def delete(batch: int) -> int:
        old = old_events(now - EVENT_RETENTION, batch)
        with _without_waiting(engine) as connection:
            return connection.execute(
                playback_events.delete().where(playback_events.c.id.in_(old))
            ).rowcount

    return in_batches(delete)


@contextmanager
def _without_waiting(engine: Engine) -> Generator[Connection]:
    """A transaction whose commit does not wait for the disk.

    What the power takes of it is done again, and the next append, which waits, takes it along.
    So a disk that stops for a moment hardly ever stops a batch, and behind it everybody else.
    """
    with engine.connect() as connection:
        driver = connection.connection.cursor()
        # Neither may be said within a transaction.
        driver.execute("PRAGMA synchronous = NORMAL")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute("PRAGMA synchronous = FULL")
            driver.close()


def in_batches(delete: Callable[[int], int]) -> Iterator[int]:
    """Delete so many at most, again and again, until there are fewer; yields how many each."""
    batch = count = LEAST
    quickest = last = float("inf")
    while count == batch:
        began = time.monotonic()
        count = delete(batch)
        took = time.monotonic() - began
        quickest = min(quickest, took)
        yield count
        if count == batch:
            batch = count = next_batch(batch, (last, took), quickest)
            last = took


def next_batch(batch: int, took: tuple[float, float], quickest: float) -> int:
    """How many rows after ``batch``, when the last two steps took so many seconds.

    Only both together make it smaller or larger: one may have been held up by somebody else.
    """
    aim = max(AIM, _PATIENT * quickest)
    if min(took) > aim:
        return max(LEAST, batch * 3 // 4)
    return min(MOST, batch + max(LEAST, batch // 4)) if max(took) < _ROOM * aim else batch


def old_events(before: datetime, batch: int = BATCH) -> sa.Select[str]:
    """Ids of one batch of events that were created before."""
    return sa.select(playback_events.c.id).where(playback_events.c.created_at < before).limit(batch)


def cleanup_inactive_stream_sync_state(
    engine: Engine, now: datetime, instant: float
) -> Iterator[tuple[str, ...]]:
    """Put streams that were inactive for `INACTIVE_AFTER` back to their beginning, paused.

    The epoch rises, so that whoever comes back takes a snapshot. A stream that stands at
    its beginning already is left alone.

    Args:
        engine: the database.
        now: wall clock.
        instant: seconds on the server's clock, the new timeline's.

    Yields:
        Ids of the streams that were reset, by batch.
    """
    query = inactive_streams(now - INACTIVE_AFTER)
    ids = [""] * BATCH
    while len(ids) == BATCH:
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
        yield tuple(map(plain_id, ids))


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
