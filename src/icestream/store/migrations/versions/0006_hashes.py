"""Hashes of the files of results, and sizes and hashes of segments.

What was made before has none: it was never read again, and what it holds now proves nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_NONE = sa.text("0")


def upgrade() -> None:
    """Apply."""
    op.add_column("file", sa.Column("hash", sa.Text(), nullable=False, server_default=_EMPTY))
    size = sa.Column("size", sa.BigInteger(), nullable=False, server_default=_NONE)
    op.add_column("segment", size)
    op.add_column("segment", sa.Column("hash", sa.Text(), nullable=False, server_default=_EMPTY))


def downgrade() -> None:
    """Take back."""
    for table, columns in (("segment", ("hash", "size")), ("file", ("hash",))):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in columns:
                batch_op.drop_column(name)
