"""Who may come by an invite, and who may not come back.

The way down keeps it all under other names, and the next way up takes it back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PARKED_MEMBERS = "rolled_back_stream_members"
PARKED_USES = "rolled_back_max_uses"
MEMBERS = "stream_members"
COLUMNS = "stream_id, member_id, invite_hash, created_at, removed_at"


def upgrade() -> None:
    op.add_column("stream_tokens", sa.Column("max_uses", sa.Integer))
    op.create_table(
        MEMBERS,
        sa.Column("stream_id", sa.Uuid(as_uuid=False), sa.ForeignKey("streams.id"), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("invite_hash", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("stream_id", "member_id"),
    )
    if PARKED_MEMBERS in sa.inspect(op.get_bind()).get_table_names():
        op.execute(f"INSERT INTO {MEMBERS} ({COLUMNS}) SELECT {COLUMNS} FROM {PARKED_MEMBERS}")
        op.execute(
            f"UPDATE stream_tokens SET max_uses = (SELECT parked.max_uses FROM {PARKED_USES} AS"
            f" parked WHERE parked.hash = stream_tokens.hash)"
        )
        op.drop_table(PARKED_MEMBERS)
        op.drop_table(PARKED_USES)


def downgrade() -> None:
    op.execute(f"CREATE TABLE {PARKED_MEMBERS} AS SELECT {COLUMNS} FROM {MEMBERS}")
    op.execute(f"CREATE TABLE {PARKED_USES} AS SELECT hash, max_uses FROM stream_tokens")
    op.drop_table(MEMBERS)
    op.drop_column("stream_tokens", "max_uses")
