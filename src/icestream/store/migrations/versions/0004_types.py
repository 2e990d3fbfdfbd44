"""Results say what their items are, and which of their files are pictures."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MADE = {
    "movies.import": {"movie": "Movie"},
    "movies.align": {"micrograph": "Micrograph"},
    "gain.estimate": {"gain": "Gain"},
    "ctf.estimate": {"ctf": "Ctf"},
    "ctf.consensus": {"ctf": "Ctf"},
    "micrographs.judge": {"micrograph_quality": "MicrographQuality"},
    "picks.auto": {"picks": "Picks"},
    "picks.log": {"picks": "Picks"},
    "picks.template": {"picks": "Picks"},
    "picks.consensus": {"picks": "Picks"},
    "particles.extract": {"particles": "Particles"},
    "particles.reextract": {"particles": "Particles"},
    "classes2d.online": {"classes": "Classes"},
    "classes2d.select": {"classes": "Classes"},
    "volume.initial": {"volume": "Volume"},
}
"""What the protocols that were shipped before this made, by output port. What those of others made
was not recorded, and stays unknown."""

_EXTRACT = [name for name, ports in _MADE.items() if "Particles" in ports.values()]

_step = sa.table("step", sa.column("id"), sa.column("protocol"), sa.column("kind"))
_result = sa.table(
    "result",
    sa.column("id"),
    sa.column("step_id"),
    sa.column("document"),
    sa.column("types", sa.Text),
)
_part = sa.table("part", sa.column("result_id"), sa.column("port"))


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("types", sa.Text(), nullable=False, server_default=sa.text("'{}'"))
        )
        batch_op.add_column(
            sa.Column("pictures", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
        )
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("port", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
    for protocol, ports in _MADE.items():
        _say(_step.c.protocol == protocol, ports)
    judged = _step.c.kind == "selection"
    _say(judged, {"verdict": "Accepted"}, '{"verdict": {"accepted": true%')
    _say(judged, {"verdict": "Rejected"}, '{"verdict": {"accepted": false%')
    _name_ports()


def _say(steps: sa.ColumnElement[bool], ports: dict[str, str], like: str = "%") -> None:
    """Say what the results of some steps are, of those with such a document."""
    types = {port: f"icestream.model:{name}" for port, name in ports.items()}
    op.execute(
        sa.update(_result)
        .where(
            _result.c.step_id.in_(sa.select(_step.c.id).where(steps)),
            _result.c.document.like(like),
        )
        .values(types=json.dumps(types))
    )


def _name_ports() -> None:
    """Say where in its result each part is: where our types say so, or where segments looked."""
    ours = sa.select(_step.c.id).where(_step.c.protocol.in_(_EXTRACT))
    of_ours = sa.select(_result.c.id).where(_result.c.step_id.in_(ours))
    op.execute(sa.update(_part).where(_part.c.result_id.in_(of_ours)).values(port="particles"))
    connection = op.get_bind()
    chosen = (
        sa.select(_part.c.result_id, _result.c.document)
        .join(_result, _result.c.id == _part.c.result_id)
        .where(_part.c.port == "")
    )
    found: dict[str, list[int]] = {}
    for number, text in connection.execute(chosen):
        documents = json.loads(text).items()
        port = next(name for name, said in documents if "stack" in said and "box" in said)
        found.setdefault(port, []).append(number)
    for port, numbers in found.items():
        for start in range(0, len(numbers), 500):
            page = numbers[start : start + 500]
            op.execute(sa.update(_part).where(_part.c.result_id.in_(page)).values(port=port))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.drop_column("port")
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.drop_column("pictures")
        batch_op.drop_column("types")
