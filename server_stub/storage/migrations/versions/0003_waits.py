"""Whether a party stops for a member who stalls.

The way down keeps the choice under another name, and the next way up takes it back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PARKED = "rolled_back_waits"
COLUMN = "waits_for_stalls"


def upgrade() -> None:
    op.add_column(
        "streams", sa.Column(COLUMN, sa.Boolean, nullable=False, server_default=sa.false())
    )
    if PARKED in sa.inspect(op.get_bind()).get_table_names():
        op.execute(
            f"UPDATE streams SET {COLUMN} = (SELECT parked.{COLUMN} FROM {PARKED} AS parked"
            f" WHERE parked.id = streams.id) WHERE id IN (SELECT id FROM {PARKED})"
        )
        op.drop_table(PARKED)


def downgrade() -> None:
    op.execute(f"CREATE TABLE {PARKED} AS SELECT id, {COLUMN} FROM streams")
    op.drop_column("streams", COLUMN)
