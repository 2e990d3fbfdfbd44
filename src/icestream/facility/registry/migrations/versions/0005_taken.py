"""When the last movie of a session was found: until then its microscope was used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("session", sa.Column("taken", sa.Double(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("session", "taken")
