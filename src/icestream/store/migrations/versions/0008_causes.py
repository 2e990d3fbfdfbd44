"""When an alert began, which exposures show it, and its likely cause.

Of alerts of before nothing of that is known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("alert", sa.Column("began", sa.Double(), nullable=True))
    op.add_column("alert", sa.Column("extent", sa.Text(), nullable=True))
    cause = sa.Column("cause", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("alert", cause)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_column("cause")
        batch_op.drop_column("extent")
        batch_op.drop_column("began")
