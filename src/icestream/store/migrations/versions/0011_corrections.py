"""What people correct by hand, and the results that come of it.

Nobody had corrected anything before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "correction",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("step_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_subject_id_step_id", "correction", ["subject_id", "step_id"])
    corrected = sa.Column("corrected", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("task", corrected)
    op.add_column("result", sa.Column("correction_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take back: tasks whose results were corrected have those that they made themselves."""
    op.execute(
        "UPDATE task SET result_id = (SELECT id FROM result WHERE result.key = task.key)"
        " WHERE corrected <> ''"
    )
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.drop_column("correction_id")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_column("corrected")
    op.drop_index("ix_correction_subject_id_step_id", table_name="correction")
    op.drop_table("correction")
