"""Retention as functions of the database, on PostgreSQL.

Without arguments each does all there is to do by the database's own clock, for whoever
schedules it there. The server gives its own instants and takes one batch at a time.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CLEANUP_LOCK = 0x6D6174696E6566

NOW = """
CREATE FUNCTION playback_sync_now() RETURNS timestamptz
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM server_clock WHERE to_timestamp(wall) > now() + interval '1 hour') THEN
        RAISE EXCEPTION 'the clock has moved back, so what is old cannot be told'
            USING HINT = 'set the clock right';
    END IF;
    RETURN now();
END $$
"""

EVENTS = f"""
CREATE FUNCTION cleanup_old_playback_events(
    p_now timestamptz DEFAULT NULL, p_batch bigint DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    deleted bigint;
    moment timestamptz := coalesce(p_now, playback_sync_now());
BEGIN
    IF NOT pg_try_advisory_xact_lock({CLEANUP_LOCK}) THEN
        RETURN 0;
    END IF;
    DELETE FROM playback_events WHERE id IN (
        SELECT e.id FROM playback_events AS e
        WHERE e.created_at < moment - interval '7 days'
        LIMIT p_batch
    );
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$
"""

# The rows are looked at once more when they are locked: a stream that an event has just
# reached is left alone, and one that is being written to is.
STREAMS = f"""
CREATE FUNCTION cleanup_inactive_stream_sync_state(
    p_now timestamptz DEFAULT NULL,
    p_instant double precision DEFAULT NULL,
    p_batch bigint DEFAULT NULL
) RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    moment timestamptz := coalesce(p_now, playback_sync_now());
    instant double precision := coalesce(
        p_instant,
        (SELECT c.instant + extract(epoch FROM moment) - c.wall FROM server_clock AS c),
        0
    );
BEGIN
    IF NOT pg_try_advisory_xact_lock({CLEANUP_LOCK}) THEN
        RETURN;
    END IF;
    RETURN QUERY
    UPDATE streams AS s
    SET "time" = 0, is_playing = false, rate = 1, timeline_at = instant,
        epoch = s.epoch + 1, last_seq = 0, foreign_seq = 0, last_sync_at = moment
    WHERE s.id IN (
        SELECT i.id FROM streams AS i
        WHERE i.status = 'active' AND i.last_sync_at < moment - interval '24 hours'
            AND (i.is_playing OR i."time" > 0 OR i.last_seq > 1)
        LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING s.id;
END $$
"""

ALL = """
CREATE FUNCTION maintain_playback_sync_data()
RETURNS TABLE (events_deleted bigint, streams_reset bigint)
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT cleanup_old_playback_events(),
           (SELECT count(*) FROM cleanup_inactive_stream_sync_state())
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for function in (NOW, EVENTS, STREAMS, ALL):
            op.get_bind().exec_driver_sql(function)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for function in (
            "maintain_playback_sync_data()",
            "cleanup_inactive_stream_sync_state(timestamptz, double precision, bigint)",
            "cleanup_old_playback_events(timestamptz, bigint)",
            "playback_sync_now()",
        ):
            op.get_bind().exec_driver_sql(f"DROP FUNCTION {function}")
