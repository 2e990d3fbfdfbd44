"""What is wrong now and staff are told of: until they know that it is over."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "trouble",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("tried", sa.Double(), nullable=True),
        sa.Column("told", sa.Double(), nullable=True),
        sa.Column("over", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_trouble")),
    )
    op.execute(
        "INSERT INTO trouble (key, level, message, since, told) "
        "SELECT 'facility.' || name, 'critical', name || ' has failed: ' || problem, "
        "coalesce(failing_since, told), told FROM duty "
        "WHERE told IS NOT NULL AND name <> 'keep.disk'"
    )
    op.execute(
        "INSERT INTO trouble (key, level, message, since, told) "
        "SELECT 'facility.disk', 'warning', problem, told, told FROM duty "
        "WHERE told IS NOT NULL AND name = 'keep.disk'"
    )
    op.execute("DELETE FROM duty WHERE name = 'keep.disk'")
    op.drop_column("duty", "told")


def downgrade() -> None:
    """Take back."""
    op.add_column("duty", sa.Column("told", sa.Double(), nullable=True))
    op.drop_table("trouble")
