"""memory."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "measured",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("exposures", sa.Integer(), nullable=False),
        sa.Column("pixel", sa.Double(), nullable=True),
        sa.Column("apart", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_measured_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_measured")),
    )
    op.create_table(
        "figure",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("spread", sa.Double(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_figure_session_id")),
        sa.PrimaryKeyConstraint("session_id", "name", name=op.f("pk_figure")),
    )
    op.create_table(
        "drift",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("microscope_id", sa.BigInteger(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("began", sa.Double(), nullable=False),
        sa.Column("over", sa.Double(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("told", sa.Double(), nullable=True),
        sa.Column("told_over", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["microscope_id"], ["microscope.id"], name=op.f("fk_drift_microscope_id")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_drift_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift")),
    )
    with op.batch_alter_table("drift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drift_microscope_id"), ["microscope_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("drift", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drift_microscope_id"))

    op.drop_table("drift")
    op.drop_table("figure")
    op.drop_table("measured")
