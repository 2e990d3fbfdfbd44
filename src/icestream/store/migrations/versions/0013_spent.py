"""What tasks took: processor time, and memory at their peak.

Nothing is known of those that ran before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for name in ("cpu", "memory"):
        op.add_column("result", sa.Column(name, sa.Double(), nullable=True))
    for name, kind in (("cpu", sa.Double()), ("metered", sa.Integer()), ("memory", sa.Double())):
        op.add_column("counter", sa.Column(name, kind, nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """Take back: what tasks took is forgotten."""
    with op.batch_alter_table("counter", schema=None) as batch_op:
        for name in ("memory", "metered", "cpu"):
            batch_op.drop_column(name)
    with op.batch_alter_table("result", schema=None) as batch_op:
        for name in ("memory", "cpu"):
            batch_op.drop_column(name)
