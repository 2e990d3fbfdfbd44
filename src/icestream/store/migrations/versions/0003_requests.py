"""What people ask is a request, with a verb and a document."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _make_table("request", "verb", "document")
    op.execute(
        "INSERT INTO request (token, time, verb, document, who, state, answer) "
        "SELECT token, time, name, arguments, who, state, answer FROM command"
    )
    op.drop_table("command")
    _rename_event("command.answered", "request.answered", "command", "verb")


def downgrade() -> None:
    """Take back."""
    _rename_event("request.answered", "command.answered", "verb", "command")
    _make_table("command", "name", "arguments")
    op.execute(
        "INSERT INTO command (token, time, name, arguments, who, state, answer) "
        "SELECT token, time, verb, document, who, state, answer FROM request"
    )
    op.drop_table("request")


def _make_table(name: str, verb: str, document: str) -> None:
    """The table of what people ask, by either of its names."""
    op.create_table(
        name,
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column(verb, sa.Text(), nullable=False),
        sa.Column(document, sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_state_time"), name, ["state", "time"], unique=False)


def _rename_event(old: str, new: str, key: str, called: str) -> None:
    """Rename a kind of event, and the first key of its documents."""
    op.execute(
        sa.text(
            "UPDATE event SET kind = :new, document = replace(document, :key, :called) "
            "WHERE kind = :old"
        ).bindparams(new=new, old=old, key=f'{{"{key}": ', called=f'{{"{called}": ')
    )
