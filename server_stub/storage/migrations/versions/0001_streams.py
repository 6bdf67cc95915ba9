"""Streams and what opens them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "streams",
        sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("status", sa.Text, nullable=False, server_default="active"),
        sa.Column("host_user_id", sa.Uuid(as_uuid=False)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "stream_tokens",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("stream_id", sa.Uuid(as_uuid=False), sa.ForeignKey("streams.id"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
    )
    op.create_index("idx_stream_tokens_stream", "stream_tokens", ["stream_id"])
    op.create_table(
        "server_clock",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("boot_id", sa.Text, nullable=False),
        sa.Column("shift", sa.Double, nullable=False),
        sa.Column("instant", sa.Double, nullable=False),
        sa.Column("elapsed", sa.Double, nullable=False),
        sa.Column("wall", sa.Double, nullable=False),
    )


def downgrade() -> None:
    # Parked by the steps above; without streams there is nothing to take them back for.
    op.execute("DROP TABLE IF EXISTS rolled_back_stream_members")
    op.execute("DROP TABLE IF EXISTS rolled_back_max_uses")
    op.execute("DROP TABLE IF EXISTS rolled_back_waits")
    op.execute("DROP TABLE IF EXISTS rolled_back_playback_events")
    op.execute("DROP TABLE IF EXISTS rolled_back_streams")
    op.drop_table("server_clock")
    op.drop_table("stream_tokens")
    op.drop_table("streams")
