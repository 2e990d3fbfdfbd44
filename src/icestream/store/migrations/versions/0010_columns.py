"""An index by which the values of a quality are found without those of others."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_quality_column", "quality", ["revision_id", "name", "subject_id", "value"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_quality_column", table_name="quality")
