"""Events are found by their kind.

Changes of a session are few among its events, and were looked for in all of them.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(op.f("ix_event_kind_seq"), "event", ["kind", "seq"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_event_kind_seq"), "event")
