"""What is kept: holds, removals, and who was told before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=True, nullable=False)


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text("('')"), nullable=False)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "hold",
        _id(),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        _words("class"),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=True),
        sa.Column("released", sa.Double(), nullable=True),
        _words("released_by"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_hold_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_session_id"), "hold", ["session_id"])
    op.create_table(
        "removal",
        _id(),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("files", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        _words("said"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_removal_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
    )
    op.create_index(op.f("ix_removal_session_id"), "removal", ["session_id"])
    op.create_table(
        "notice",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("before", sa.Double(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("told", sa.Double(), nullable=False),
        sa.Column("whom", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_notice_session_id")),
        sa.PrimaryKeyConstraint("session_id", "class", "before", name=op.f("pk_notice")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("notice")
    op.drop_index(op.f("ix_removal_session_id"), "removal")
    op.drop_table("removal")
    op.drop_index(op.f("ix_hold_session_id"), "hold")
    op.drop_table("hold")
