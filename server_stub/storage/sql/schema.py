"""The tables as the newest migration leaves them; `migrations/` makes them so.

Names are those of the requirement. ``host_user_id`` holds member ids: a member is a seat's
secret, hashed with its stream.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Timestamp(sa.types.TypeDecorator[datetime]):
    """An aware instant on the wall clock; SQLite, which has no such type, keeps it as UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

metadata: Final = sa.MetaData()

streams: Final = sa.Table(
    "streams",
    metadata,
    sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("host_user_id", sa.Uuid(as_uuid=False)),
    sa.Column("created_at", Timestamp, nullable=False),
    # Position in seconds at timeline_at; whole seconds could not carry a frame.
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("is_playing", sa.Boolean, nullable=False),
    sa.Column("last_sync_at", Timestamp),
    sa.Column("video_url", sa.Text),
    sa.Column("sync_enabled", sa.Boolean, nullable=False),
    sa.Column("sync_tolerance", sa.Integer, nullable=False),
    sa.Column("rate", sa.Double, nullable=False),
    # Seconds on the server's clock, see server_clock.
    sa.Column("timeline_at", sa.Double, nullable=False),
    sa.Column("media", Json),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("host_term", sa.BigInteger, nullable=False),
    sa.Column("host_counter", sa.BigInteger, nullable=False),
    sa.Column("foreign_seq", sa.BigInteger, nullable=False),
    # The party stops for a member who stalls.
    sa.Column("waits_for_stalls", sa.Boolean, nullable=False),
)

playback_events: Final = sa.Table(
    "playback_events",
    metadata,
    sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
    sa.Column("stream_id", sa.Uuid(as_uuid=False), sa.ForeignKey("streams.id"), nullable=False),
    sa.Column("host_user_id", sa.Uuid(as_uuid=False)),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("timestamp_ms", sa.BigInteger, nullable=False),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("metadata", Json),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)

stream_tokens: Final = sa.Table(
    "stream_tokens",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("stream_id", sa.Uuid(as_uuid=False), sa.ForeignKey("streams.id"), nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("expires_at", Timestamp),
    sa.Column("revoked_at", Timestamp),
    # Members who may come by it, as many as stream_members names; NULL for any number.
    sa.Column("max_uses", sa.Integer),
    sa.Index("idx_stream_tokens_stream", "stream_id"),
)

stream_members: Final = sa.Table(
    "stream_members",
    metadata,
    # Only whom a rule is about: who may come back by himself, and who may not at all.
    sa.Column("stream_id", sa.Uuid(as_uuid=False), sa.ForeignKey("streams.id"), nullable=False),
    sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
    # By which he came, where its uses are counted.
    sa.Column("invite_hash", sa.Text),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("removed_at", Timestamp),
    sa.PrimaryKeyConstraint("stream_id", "member_id"),
)

server_clock: Final = sa.Table(
    "server_clock",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("boot_id", sa.Text, nullable=False),
    sa.Column("shift", sa.Double, nullable=False),
    sa.Column("instant", sa.Double, nullable=False),
    sa.Column("elapsed", sa.Double, nullable=False),
    sa.Column("wall", sa.Double, nullable=False),
    sa.Column("jump", sa.Double, nullable=False, server_default=sa.text("0")),
)

IS_ACTIVE: Final = sa.text("status = 'active'")
"""Written out, since SQLite uses a partial index only for the very words it was made with."""

sa.Index(
    "idx_streams_playback_sync",
    streams.c.last_sync_at,
    streams.c.is_playing,
    sqlite_where=IS_ACTIVE,
    postgresql_where=IS_ACTIVE,
)
sa.Index(
    "idx_streams_sync_enabled",
    streams.c.sync_enabled,
    streams.c.last_sync_at,
    sqlite_where=IS_ACTIVE,
    postgresql_where=IS_ACTIVE,
)
sa.Index(
    "idx_playback_events_stream_timestamp",
    playback_events.c.stream_id,
    playback_events.c.timestamp_ms,
)
sa.Index(
    "idx_playback_events_event_id",
    playback_events.c.stream_id,
    playback_events.c.event_id,
    unique=True,
)
sa.Index("idx_playback_events_cleanup", playback_events.c.created_at)
sa.Index(
    "idx_playback_events_stream_type",
    playback_events.c.stream_id,
    playback_events.c.event_type,
    playback_events.c.timestamp_ms,
)
sa.Index(
    "idx_playback_events_cursor",
    playback_events.c.stream_id,
    playback_events.c.epoch,
    playback_events.c.seq,
    unique=True,
)


def at(unix_ms: int) -> datetime:
    """The wall clock's instant as the tables keep it."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC)
