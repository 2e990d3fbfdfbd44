"""Folders below which a step reads, and who said its parameters where it was no person.

Nobody had said either of any step before: they read all that they were led to, and who said a
parameter was not asked.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("revision", sa.Column("within", sa.Text(), nullable=True))
    op.add_column("revision", sa.Column("said_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_column("said_by")
        batch_op.drop_column("within")
