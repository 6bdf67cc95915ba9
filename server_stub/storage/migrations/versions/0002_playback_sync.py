"""Enhanced sync state: the timeline in ``streams``, the log in ``playback_events``.

The way down destroys nothing: columns and log are parked under other names, and the next
way up takes them back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PARKED_EVENTS = "rolled_back_playback_events"
PARKED_STREAMS = "rolled_back_streams"
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
IS_ACTIVE = sa.text("status = 'active'")


def _sync_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("time", sa.Double, nullable=False, server_default="0"),
        sa.Column("is_playing", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("last_sync_at", sa.DateTime(timezone=True)),
        sa.Column("video_url", sa.Text),
        sa.Column("sync_enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("sync_tolerance", sa.Integer, nullable=False, server_default="500"),
        sa.Column("rate", sa.Double, nullable=False, server_default="1"),
        sa.Column("timeline_at", sa.Double, nullable=False, server_default="0"),
        sa.Column("media", JSON),
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("last_seq", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("host_term", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("host_counter", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("foreign_seq", sa.BigInteger, nullable=False, server_default="0"),
    ]


def upgrade() -> None:
    for column in _sync_columns():
        op.add_column("streams", column)
    parked = sa.inspect(op.get_bind()).get_table_names()
    if PARKED_STREAMS in parked:
        _take_back_streams()
    if PARKED_EVENTS in parked:
        op.rename_table(PARKED_EVENTS, "playback_events")
    else:
        _create_events()
    _create_indexes()


def _take_back_streams() -> None:
    names = [column.name for column in _sync_columns()]
    values = ", ".join(
        f"{name} = (SELECT parked.{name} FROM {PARKED_STREAMS} AS parked"
        " WHERE parked.id = streams.id)"
        for name in names
    )
    op.execute(f"UPDATE streams SET {values} WHERE id IN (SELECT id FROM {PARKED_STREAMS})")
    op.drop_table(PARKED_STREAMS)


def _create_events() -> None:
    op.create_table(
        "playback_events",
        sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("stream_id", sa.Uuid(as_uuid=False), sa.ForeignKey("streams.id"), nullable=False),
        sa.Column("host_user_id", sa.Uuid(as_uuid=False)),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("timestamp_ms", sa.BigInteger, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("metadata", JSON),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )


def _create_indexes() -> None:
    op.create_index(
        "idx_streams_playback_sync",
        "streams",
        ["last_sync_at", "is_playing"],
        sqlite_where=IS_ACTIVE,
        postgresql_where=IS_ACTIVE,
    )
    op.create_index(
        "idx_streams_sync_enabled",
        "streams",
        ["sync_enabled", "last_sync_at"],
        sqlite_where=IS_ACTIVE,
        postgresql_where=IS_ACTIVE,
    )
    op.create_index(
        "idx_playback_events_stream_timestamp", "playback_events", ["stream_id", "timestamp_ms"]
    )
    op.create_index(
        "idx_playback_events_event_id", "playback_events", ["stream_id", "event_id"], unique=True
    )
    op.create_index("idx_playback_events_cleanup", "playback_events", ["created_at"])
    op.create_index(
        "idx_playback_events_stream_type",
        "playback_events",
        ["stream_id", "event_type", "timestamp_ms"],
    )
    op.create_index(
        "idx_playback_events_cursor", "playback_events", ["stream_id", "epoch", "seq"], unique=True
    )


def downgrade() -> None:
    for name in (
        "idx_playback_events_cursor",
        "idx_playback_events_stream_type",
        "idx_playback_events_cleanup",
        "idx_playback_events_event_id",
        "idx_playback_events_stream_timestamp",
    ):
        op.drop_index(name, "playback_events")
    op.drop_index("idx_streams_sync_enabled", "streams")
    op.drop_index("idx_streams_playback_sync", "streams")
    op.rename_table("playback_events", PARKED_EVENTS)
    names = [column.name for column in _sync_columns()]
    op.execute(f"CREATE TABLE {PARKED_STREAMS} AS SELECT id, {', '.join(names)} FROM streams")
    for name in names:
        op.drop_column("streams", name)
