"""Tasks are about subjects, revisions say what a step is, and branches are sets of revisions.

Until now batches had negative numbers of exposures, a step had one graph and one current revision,
and everything about the present revision stood in the step.
"""

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ABOUT_SUBJECTS = ("task", "result", "quality", "arrival", "part", "event", "decision")
_OF_REVISION = (
    "protocol", "kind", "depth", "state", "reason", "cursor", "gate", "backfill", "waiting",
)  # fmt: skip


def upgrade() -> None:
    """Apply."""
    _create_tables()
    _make_subjects()
    _rename("exposure_id", "subject_id")
    _move_to_revisions()
    _move_links()
    _make_first_branch()
    with op.batch_alter_table("step", schema=None) as batch_op:
        for name in (*_OF_REVISION, "revision_id"):
            batch_op.drop_column(name)
    with op.batch_alter_table("exposure", schema=None) as batch_op:
        batch_op.drop_constraint("uq_exposure_name", type_="unique")
        batch_op.drop_column("name")
        batch_op.create_foreign_key("fk_exposure_id", "subject", ["id"], ["id"])
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_arrival_group", ["revision_id", "group_id"], unique=False)
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("branch_id", sa.BigInteger(), nullable=True))
    op.execute("UPDATE alert SET branch_id = 1 WHERE step_id IS NOT NULL")


def downgrade() -> None:
    """Take back: what the adopted branch has of exposures and batches stays, all else goes."""
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_column("branch_id")
    _forget_groups()
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.drop_index("ix_arrival_group")
        batch_op.drop_column("group_id")
    with op.batch_alter_table("exposure", schema=None) as batch_op:
        batch_op.drop_constraint("fk_exposure_id", type_="foreignkey")
        batch_op.add_column(sa.Column("name", sa.Text(), nullable=True))
    op.execute("UPDATE exposure SET name = (SELECT name FROM subject WHERE id = exposure.id)")
    with op.batch_alter_table("exposure", schema=None) as batch_op:
        batch_op.alter_column("name", existing_type=sa.Text(), nullable=False)
        batch_op.create_unique_constraint("uq_exposure_name", ["name"])
    _steps_again()
    _rename("subject_id", "exposure_id")
    for table in _ABOUT_SUBJECTS:
        op.execute(
            f"UPDATE {table} SET exposure_id ="
            f" (SELECT -number FROM subject WHERE subject.id = {table}.exposure_id)"
            " WHERE exposure_id IN (SELECT id FROM subject WHERE kind = 'batch')"
        )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        for name in _OF_REVISION:
            batch_op.drop_column(name)
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("branch_id")
    op.drop_table("member")
    op.drop_table("branch")
    op.drop_table("subject")


def _number() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _create_tables() -> None:
    op.create_table(
        "subject",
        sa.Column("id", _number(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subject"),
        sa.UniqueConstraint("kind", "family", "number", name="uq_subject_kind_family_number"),
        sa.UniqueConstraint("kind", "family", "name", name="uq_subject_kind_family_name"),
    )
    op.create_table(
        "branch",
        sa.Column("id", _number(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_branch"),
        sa.UniqueConstraint("name", name="uq_branch_name"),
    )
    op.create_table(
        "member",
        sa.Column("branch_id", _number(), nullable=False),
        sa.Column("step_id", _number(), nullable=False),
        sa.Column("revision_id", _number(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "step_id", name="pk_member"),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name="fk_member_branch_id"),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_member_step_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_member_revision_id"),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index("ix_member_revision_id", ["revision_id"], unique=False)
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("branch_id", sa.BigInteger(), nullable=False, server_default=sa.text("1"))
        )


def _make_subjects() -> None:
    """Exposures keep their numbers; every batch gets a number of its own."""
    connection = op.get_bind()
    names = connection.execute(sa.text("SELECT id, name FROM exposure ORDER BY id")).all()
    rows = [
        {"id": one, "kind": "exposure", "family": "", "number": place + 1, "name": name}
        for place, (one, name) in enumerate(names)
    ]
    past = _Past(connection)
    batches = _Batches(1 + max((row["id"] for row in rows), default=0))
    ended = {
        serial: revision
        for serial, revision, _ in _about_batches(connection, "task", "serial", "revision_id")
    }
    said = {
        seq: batches.subject(past.family(ended.get(seq) or past.revision_at(step, seq)), -number)
        for seq, step, number in _about_batches(connection, "event", "seq", "step_id")
    }
    _set_subjects("event", "seq", said)
    for table, key in (("task", "id"), ("result", "id"), ("quality", "id"), ("part", "result_id")):
        about = {
            one: batches.subject(past.family(revision), -number)
            for one, revision, number in _about_batches(connection, table, key, "revision_id")
        }
        _set_subjects(table, key, about)
    arrived = {
        one: batches.subject(past.source_family(revision), -number)
        for one, revision, number in _about_batches(connection, "arrival", "id", "revision_id")
    }
    _set_subjects("arrival", "id", arrived)
    _each("INSERT INTO subject (id, kind, family, number, name) "
          "VALUES (:id, :kind, :family, :number, :name)", rows + batches.rows)  # fmt: skip


def _about_batches(connection: sa.Connection, table: str, *columns: str) -> list[Any]:
    """Some columns, and the negative number, of what a table has about batches."""
    chosen = f"SELECT {', '.join(columns)}, exposure_id FROM {table} WHERE exposure_id < 0"
    return list(connection.execute(sa.text(f"{chosen} ORDER BY {columns[0]}")))


def _set_subjects(table: str, key: str, subjects: dict[int, int]) -> None:
    rows = [{"row": row, "subject": subject} for row, subject in subjects.items()]
    _each(f"UPDATE {table} SET exposure_id = :subject WHERE {key} = :row", rows)


class _Batches:
    """Subjects of batches, by their families and numbers."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._known: dict[tuple[str, int], int] = {}
        self.rows: list[dict[str, Any]] = []

    def subject(self, family: str, number: int) -> int:
        if (family, number) not in self._known:
            name = f"batch_{number:05d}"
            row = {"id": self._next, "kind": "batch", "family": family, "number": number}
            self.rows.append({**row, "name": name})
            self._known[family, number] = self._next
            self._next += 1
        return self._known[family, number]


class _Past:
    """Which revision each step had when, and which batches each revision is about.

    A batch and what is made of its snapshots had one number, whatever the revisions. Which
    revision of the batch step that was is not in the results: one that had been made before was
    taken again. But a change of a step gave all that depend on it new revisions after its own.
    """

    def __init__(self, connection: sa.Connection) -> None:
        steps = connection.execute(sa.text("SELECT id, name, kind FROM step")).all()
        links = sa.text("SELECT step_id, source_id FROM link ORDER BY id")
        chosen = sa.text("SELECT id, step_id, number FROM revision")
        self._steps = {step.id: step for step in steps}
        self._sources: dict[int, list[int]] = {step.id: [] for step in steps}
        for step, source in connection.execute(links):
            self._sources[step].append(source)
        self._revisions = {row.id: row for row in connection.execute(chosen)}
        numbers = {(row.step_id, row.number): row.id for row in self._revisions.values()}
        self._entered: dict[int, list[tuple[int, int]]] = {step.id: [] for step in steps}
        events = sa.text(
            "SELECT seq, step_id, document FROM event"
            " WHERE kind IN ('step.added', 'step.revised') ORDER BY seq"
        )
        for event in connection.execute(events):
            number = json.loads(event.document).get("revision", 1)
            self._entered[event.step_id].append((event.seq, numbers[event.step_id, number]))

    def revision_at(self, step: int, seq: int) -> int:
        """The revision that a step had when an event happened."""
        return [revision for at, revision in self._entered[step] if at <= seq][-1]

    def family(self, revision: int) -> str:
        """The batches that tasks of a revision are about."""
        row = self._revisions[revision]
        step = self._steps[row.step_id]
        if step.kind != "batch":
            return self.source_family(revision)
        return str(step.name) if row.number == 1 else f"{step.name}@{row.number}"

    def source_family(self, revision: int) -> str:
        """The batches whose snapshots come into a revision."""
        row = self._revisions[revision]
        source = next(one for one in self._sources[row.step_id] if self._is_about_batches(one))
        entered = next(at for at, one in self._entered[row.step_id] if one == revision)
        return self.family(self.revision_at(source, entered))

    def _is_about_batches(self, step: int) -> bool:
        batch = self._steps[step].kind == "batch"
        return batch or any(map(self._is_about_batches, self._sources[step]))


def _rename(old: str, new: str) -> None:
    """Rename the column that says what a row is about, with its indexes and constraints."""
    for table in _ABOUT_SUBJECTS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for table, rest in (("task", []), ("quality", []), ("decision", ["step_id"])):
        op.drop_index("_".join(["ix", table, old, *rest]), table_name=table)
        op.create_index("_".join(["ix", table, new, *rest]), table, [new, *rest])
    for table in ("task", "arrival"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(f"uq_{table}_revision_id_{old}", type_="unique")
            columns = ["revision_id", new]
            batch_op.create_unique_constraint(f"uq_{table}_revision_id_{new}", columns)


def _move_to_revisions() -> None:
    """What stood in the step for its present revision stands in the revision."""
    with op.batch_alter_table("revision", schema=None) as batch_op:
        for name in ("protocol", "kind"):
            batch_op.add_column(sa.Column(name, sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("depth", sa.Integer(), nullable=True))
        for name, value in (
            ("state", "waiting"),
            ("reason", ""),
            ("cursor", "null"),
            ("gate", "held"),
        ):
            batch_op.add_column(
                sa.Column(name, sa.Text(), nullable=False, server_default=sa.text(f"'{value}'"))
            )
        batch_op.add_column(sa.Column("backfill", sa.BigInteger(), nullable=True))
        none = sa.text("0")
        batch_op.add_column(sa.Column("waiting", sa.Integer(), nullable=False, server_default=none))
    for name in ("protocol", "kind", "depth"):
        op.execute(
            f"UPDATE revision SET {name} ="
            f" (SELECT step.{name} FROM step WHERE step.id = revision.step_id)"
        )
    for name in ("state", "reason", "cursor", "gate", "backfill", "waiting"):
        op.execute(
            f"UPDATE revision SET {name} ="
            f" (SELECT step.{name} FROM step WHERE step.revision_id = revision.id)"
            " WHERE id IN (SELECT revision_id FROM step)"
        )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        for name in ("protocol", "kind"):
            batch_op.alter_column(name, existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("depth", existing_type=sa.Integer(), nullable=False)
        for name in ("state", "reason", "cursor", "gate"):
            batch_op.alter_column(name, existing_type=sa.Text(), server_default=None)


def _move_links() -> None:
    """Every revision has the links that its step had: until now they were never changed."""
    connection = op.get_bind()
    links = connection.execute(
        sa.text(
            "SELECT revision.id AS revision_id, link.port, link.source_id, link.source_port"
            " FROM link JOIN revision ON revision.step_id = link.step_id"
            " ORDER BY revision.id, link.id"
        )
    ).all()
    op.execute("DELETE FROM link")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_constraint("fk_link_step_id", type_="foreignkey")
        batch_op.drop_column("step_id")
        batch_op.add_column(sa.Column("revision_id", _number(), nullable=False))
        batch_op.create_foreign_key("fk_link_revision_id", "revision", ["revision_id"], ["id"])
        batch_op.create_index("ix_link_revision_id", ["revision_id"], unique=False)
    rows = [{"id": place + 1, **row._asdict()} for place, row in enumerate(links)]
    _each("INSERT INTO link (id, revision_id, port, source_id, source_port) "
          "VALUES (:id, :revision_id, :port, :source_id, :source_port)", rows)  # fmt: skip


def _make_first_branch() -> None:
    op.execute(
        "INSERT INTO branch (id, name, workflow, state, created, who)"
        " SELECT 1, 'main', workflow, 'active', created, '' FROM session"
    )
    op.execute(
        "INSERT INTO member (branch_id, step_id, revision_id)"
        " SELECT 1, id, revision_id FROM step WHERE EXISTS (SELECT 1 FROM session)"
    )


def _forget_groups() -> None:
    """Before branches there were no groups: what is about one goes, and no event names it."""
    groups = "(SELECT id FROM subject WHERE kind = 'group')"
    for table in ("task", "result", "quality", "arrival", "part"):
        op.execute(f"DELETE FROM {table} WHERE subject_id IN {groups}")
    op.execute(f"UPDATE event SET subject_id = NULL WHERE subject_id IN {groups}")


def _steps_again() -> None:
    """Bring what revisions of the adopted branch say back into their steps; other steps go."""
    with op.batch_alter_table("step", schema=None) as batch_op:
        for name in _OF_REVISION:
            kind: Any = sa.Text()
            kind = sa.Integer() if name in ("depth", "waiting") else kind
            kind = sa.BigInteger() if name == "backfill" else kind
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.add_column(sa.Column("revision_id", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("step_id", sa.BigInteger(), nullable=True))
    op.execute("DELETE FROM member WHERE branch_id <> (SELECT branch_id FROM session)")
    op.execute("DELETE FROM link WHERE revision_id NOT IN (SELECT revision_id FROM member)")
    op.execute("DELETE FROM revision WHERE step_id NOT IN (SELECT step_id FROM member)")
    op.execute("DELETE FROM step WHERE id NOT IN (SELECT step_id FROM member)")
    op.execute(
        "UPDATE link SET step_id ="
        " (SELECT step_id FROM revision WHERE revision.id = link.revision_id)"
    )
    op.execute(
        "UPDATE step SET revision_id ="
        " (SELECT revision_id FROM member WHERE member.step_id = step.id)"
    )
    for name in _OF_REVISION:
        op.execute(
            f"UPDATE step SET {name} ="
            f" (SELECT revision.{name} FROM revision WHERE revision.id = step.revision_id)"
        )
    with op.batch_alter_table("step", schema=None) as batch_op:
        for name in ("protocol", "kind", "state", "reason", "cursor", "gate"):
            batch_op.alter_column(name, existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("depth", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("revision_id", existing_type=sa.BigInteger(), nullable=False)
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index("ix_link_revision_id")
        batch_op.drop_constraint("fk_link_revision_id", type_="foreignkey")
        batch_op.drop_column("revision_id")
        batch_op.alter_column("step_id", existing_type=sa.BigInteger(), nullable=False)
        batch_op.create_foreign_key("fk_link_step_id", "step", ["step_id"], ["id"])


def _each(statement: str, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    if rows:
        op.get_bind().execute(sa.text(statement), rows)
