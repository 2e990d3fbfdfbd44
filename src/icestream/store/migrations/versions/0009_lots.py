"""Parts of a trigger's stream, when items came to it and went on, and which step has closed it.

What waited before is of one part, and no step had closed any.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")


def upgrade() -> None:
    """Apply."""
    closed = sa.Column("closed", sa.Text(), nullable=False, server_default=_EMPTY)
    op.add_column("revision", closed)
    op.add_column("arrival", sa.Column("lot", sa.Text(), nullable=False, server_default=_EMPTY))
    came: sa.Column[float] = sa.Column(
        "came", sa.Double(), nullable=False, server_default=sa.text("0")
    )
    op.add_column("arrival", came)
    op.add_column("arrival", sa.Column("went", sa.Double(), nullable=True))
    op.create_index("ix_arrival_lot", "arrival", ["revision_id", "lot", "went"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_arrival_lot", table_name="arrival")
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        for name in ("went", "came", "lot"):
            batch_op.drop_column(name)
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_column("closed")
