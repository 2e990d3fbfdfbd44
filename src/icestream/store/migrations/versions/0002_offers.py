"""Alerts can come with an offer: a change of parameters that would mend what they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offer", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("adopted", sa.Double(), nullable=True))
        batch_op.add_column(
            sa.Column("adopted_by", sa.Text(), nullable=False, server_default=sa.text("''"))
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_column("adopted_by")
        batch_op.drop_column("adopted")
        batch_op.drop_column("offer")
