"""Old events are found by their index, on PostgreSQL.

Without an order it reads the table in turns, and whoever finds that nothing is left has read
all of what was deleted: 200 ms after a million rows.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CLEANUP_LOCK = 0x6D6174696E6566

EVENTS = f"""
CREATE OR REPLACE FUNCTION cleanup_old_playback_events(
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
        <order>
        LIMIT p_batch
    );
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$
"""


def upgrade() -> None:
    _define("ORDER BY e.created_at")


def downgrade() -> None:
    _define("")


def _define(order: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().exec_driver_sql(EVENTS.replace("<order>", order))
