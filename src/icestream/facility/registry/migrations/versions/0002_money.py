"""Charges, invoices that never change, and what is billed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_GAP = (
    "NEW.serial <> 1 + COALESCE("
    "(SELECT MAX(serial) FROM invoice WHERE kind = NEW.kind AND year = NEW.year), 0)"
)
_MORE = (
    "(SELECT COUNT(*) FROM invoice_line WHERE invoice_id = NEW.invoice_id)"
    " >= (SELECT lines FROM invoice WHERE id = NEW.invoice_id)"
)
_TWICE = (
    "EXISTS (SELECT 1 FROM billed WHERE microscope_id = NEW.microscope_id"
    " AND begins < NEW.ends AND ends > NEW.begins)"
)
_HELD = "NOT EXISTS (SELECT 1 FROM invoice_line WHERE corrects_id = OLD.line_id)"

_RULES = (
    ("invoice_changed", "UPDATE", "invoice", "", "an issued invoice is never changed"),
    ("invoice_removed", "DELETE", "invoice", "", "an issued invoice is never removed"),
    ("line_changed", "UPDATE", "invoice_line", "", "a line of an invoice is never changed"),
    ("line_removed", "DELETE", "invoice_line", "", "a line of an invoice is never removed"),
    ("billed_changed", "UPDATE", "billed", "", "what is billed is only credited"),
    ("invoice_gap", "INSERT", "invoice", _GAP, "numbers of invoices have no gap"),
    ("line_added", "INSERT", "invoice_line", _MORE, "an issued invoice gets no more lines"),
    ("billed_twice", "INSERT", "billed", _TWICE, "this time is billed already"),
    ("billed_removed", "DELETE", "billed", _HELD, "what is billed is only credited"),
)
"""Name of the rule, what it forbids on which table, when (always, where empty), and what is said.
"""


def upgrade() -> None:
    """Apply."""
    _charge()
    _invoice()
    _billed()
    for statement in _postgres() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def _charge() -> None:
    op.create_table(
        "charge",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        sa.Column("removed", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_charge_project_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_charge_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
    )
    op.create_index(op.f("ix_charge_team_id"), "charge", ["team_id"])
    op.create_index(op.f("ix_charge_project_id"), "charge", ["project_id"])


def _invoice() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued", sa.Double(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net", sa.Text(), nullable=False),
        sa.Column("tax", sa.Text(), nullable=False),
        sa.Column("total", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("kind", "year", "serial", name=op.f("uq_invoice_kind_year_serial")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
    )
    op.create_table(
        "invoice_line",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["invoice_line.id"], name=op.f("fk_invoice_line_corrects_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_invoice_line_corrects_id")),
        sa.UniqueConstraint("invoice_id", "number", name=op.f("uq_invoice_line_invoice_id_number")),
    )


def _billed() -> None:
    op.create_table(
        "billed",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("microscope_id", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_billed_line_id")),
        sa.ForeignKeyConstraint(
            ["microscope_id"], ["microscope.id"], name=op.f("fk_billed_microscope_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billed")),
        sa.UniqueConstraint(
            "kind", "source_id", "begins", name=op.f("uq_billed_kind_source_id_begins")
        ),
    )
    op.create_index(op.f("ix_billed_line_id"), "billed", ["line_id"])
    op.create_index(op.f("ix_billed_microscope_id"), "billed", ["microscope_id"])


def _sqlite() -> list[str]:
    made = []
    for name, event, table, when, said in _RULES:
        clause = f"WHEN {when} " if when else ""
        made.append(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {clause}"
            f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )
    return made


def _postgres() -> list[str]:
    made = []
    for name, event, table, when, said in _RULES:
        refusal = f"RAISE EXCEPTION '{said}';"
        check = f"IF {when} THEN {refusal} END IF;" if when else refusal
        answer = "OLD" if event == "DELETE" else "NEW"
        made += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {check} RETURN {answer}; END $$",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    made.append(
        "CREATE FUNCTION never_emptied() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'issued invoices are never removed'; END $$"
    )
    made += [
        f"CREATE TRIGGER {table}_emptied BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()"
        for table in ("invoice", "invoice_line", "billed")
    ]
    return made


def downgrade() -> None:
    """Take back."""
    for name in ("billed", "invoice_line", "invoice", "charge"):
        op.drop_table(name)  # with its triggers
    if op.get_bind().dialect.name == "postgresql":
        for name in (*(rule[0] for rule in _RULES), "never_emptied"):
            op.execute(f"DROP FUNCTION {name}()")
