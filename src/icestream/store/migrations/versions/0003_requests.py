"""Requests with verb and document; sessions with uid and place; a catalogue of events."""

import uuid

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
    _add_identity()
    _add_count("session", "events")
    _add_count("step", "waiting")
    _rename_event("command.answered", "request.answered", "command", "verb")
    _rename_event("session.started", "epoch.started", "epoch", "epoch")


def downgrade() -> None:
    """Take back."""
    _rename_event("epoch.started", "session.started", "epoch", "epoch")
    with op.batch_alter_table("step", schema=None) as batch_op:
        batch_op.drop_column("waiting")
    with op.batch_alter_table("epoch", schema=None) as batch_op:
        batch_op.drop_column("folder")
        batch_op.drop_column("host")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("events")
        batch_op.drop_column("uid")
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


def _add_identity() -> None:
    """Give the session a uid, and the epochs the host that their holder names."""
    empty = sa.text("''")
    for table, column in (("session", "uid"), ("epoch", "host"), ("epoch", "folder")):
        added = sa.Column(column, sa.Text(), nullable=False, server_default=empty)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(added)
    op.execute(sa.text("UPDATE session SET uid = :uid").bindparams(uid=uuid.uuid4().hex))
    connection = op.get_bind()
    for number, holder in connection.execute(sa.text("SELECT id, holder FROM epoch")).all():
        change = sa.text("UPDATE epoch SET host = :host WHERE id = :number")
        connection.execute(change, {"host": holder.partition("@")[2], "number": number})


def _add_count(table: str, column: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(column, sa.Integer(), nullable=False, server_default=sa.text("0"))
        )


def _rename_event(old: str, new: str, key: str, called: str) -> None:
    """Rename a kind of event, and the first key of its documents."""
    op.execute(
        sa.text(
            "UPDATE event SET kind = :new, document = replace(document, :key, :called) "
            "WHERE kind = :old"
        ).bindparams(new=new, old=old, key=f'{{"{key}": ', called=f'{{"{called}": ')
    )
