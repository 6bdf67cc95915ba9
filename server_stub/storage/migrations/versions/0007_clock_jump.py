"""How far off the wall clock was, beside where it should have been.

Before, a jump was kept as if as much more, or less, time had gone by; on the way down it is again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    zero = sa.text("0")
    op.add_column("server_clock", sa.Column("jump", sa.Double, nullable=False, server_default=zero))


def downgrade() -> None:
    op.execute("UPDATE server_clock SET wall = wall + jump, elapsed = elapsed + jump")
    op.drop_column("server_clock", "jump")
