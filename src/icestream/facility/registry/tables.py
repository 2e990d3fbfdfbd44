"""The tables of a facility's registry.

They hold what spans sessions, and nothing that only one session knows: its results are in its own
store, and what was done with its files is written down beside them. Times are seconds since the
epoch (UTC), amounts of money are decimal numbers as text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

__all__ = [
    "billed",
    "booking",
    "charge",
    "detector",
    "drift",
    "duty",
    "figure",
    "hold",
    "invoice",
    "invoice_line",
    "measured",
    "membership",
    "metadata",
    "microscope",
    "notice",
    "occasion",
    "person",
    "project",
    "removal",
    "session",
    "source",
    "team",
    "trouble",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    # INTEGER (not BIGINT) is what makes a SQLite primary key the row's own number.
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Column("id", kind, primary_key=True, autoincrement=True)


def _of(table: str, name: str | None = None, *, needed: bool = False) -> Column[int]:
    return Column(
        name or f"{table}_id",
        BigInteger,
        ForeignKey(f"{table}.id"),
        nullable=not needed,
        index=True,
    )


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


team = Table(
    "team",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    _words("title"),
    _words("institution"),
    _words("address"),
    _words("vat"),
    _words("price_class"),
    _words("reference"),
)

person = Table(
    "person",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),  # the login
    _words("title"),
    _words("email"),
    _of("team"),
    _words("source"),
)

project = Table(
    "project",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    _words("title"),
    _of("team"),
    _of("person", "pi_id"),
    Column("confidential", Boolean, nullable=False, server_default=false()),
    Column("begins", Double),
    Column("ends", Double),
    _words("reference"),
    _words("source"),
    Column("state", Text, nullable=False, server_default=text("'open'")),
)

membership = Table(
    "membership",
    metadata,
    Column("project_id", BigInteger, ForeignKey("project.id"), primary_key=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True, index=True),
    Column("role", Text, nullable=False),
    _words("source"),
)

microscope = Table(
    "microscope",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    _words("title"),
    _words("model"),
    Column("retired", Double),  # when it left the facility file
)

detector = Table(
    "detector",
    metadata,
    _id(),
    _of("microscope", needed=True),
    Column("name", Text, nullable=False),
    Column("since", Double, nullable=False),
    UniqueConstraint("microscope_id", "name"),
)

source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True),  # of bookings or projects, as the facility file has it
    Column("read", Double),  # when it was last read whole
    _words("problem"),  # why it could not be since
)

booking = Table(
    "booking",
    metadata,
    _id(),
    Column("source", Text, nullable=False),
    Column("reference", Text, nullable=False),
    _of("microscope"),
    Column("begins", Double, nullable=False),
    Column("ends", Double, nullable=False),
    _words("title"),
    _words("who"),
    _words("name"),
    _words("email"),
    _words("project"),
    Column("kind", Text, nullable=False, server_default=text("'booked'")),
    Column("state", Text, nullable=False, server_default=text("'booked'")),
    Column("cancelled", Double),
    Column("seen", Double, nullable=False),
    UniqueConstraint("source", "reference"),
    Index("ix_booking_microscope_begins", "microscope_id", "begins"),
)

session = Table(
    "session",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("place", Text, nullable=False),
    Column("folder", Text, nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),
    _of("microscope"),
    _of("detector"),
    _of("project"),
    _of("booking"),
    _of("person", "operator_id"),
    _words("workflow"),
    _words("sample"),
    Column("began", Double, nullable=False),
    Column("ended", Double),
    Column("taken", Double),  # when its last movie was found
    Column("state", Text, nullable=False),
    _words("reason"),
    Column("confidential", Boolean, nullable=False, server_default=false()),
    Column("exposures", Integer),
    Column("revived", Double),  # when its process was last started again by itself
    Column("revivals", Integer, nullable=False, server_default=text("0")),  # since it last did well
    _words("note"),
    Index("ix_session_microscope_began", "microscope_id", "began"),
)

occasion = Table(
    "occasion",
    metadata,
    _id(),
    _of("microscope", needed=True),
    Column("at", Double, nullable=False),
    Column("until", Double),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("who", Text, nullable=False),
    Index("ix_occasion_microscope_at", "microscope_id", "at"),
)

duty = Table(
    "duty",
    metadata,
    Column("name", Text, primary_key=True),
    Column("began", Double),
    Column("ended", Double),
    _words("said"),
    Column("failing_since", Double),
    _words("problem"),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    _words("holder"),
)

trouble = Table(
    "trouble",
    metadata,
    Column("key", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("tried", Double),
    Column("told", Double),
    Column("over", Double),
)

hold = Table(
    "hold",
    metadata,
    _id(),
    _of("session", needed=True),
    Column("class", Text, nullable=False, server_default=text("''")),  # '': everything of it
    Column("why", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("until", Double),
    Column("released", Double),
    _words("released_by"),
)

removal = Table(
    "removal",
    metadata,
    _id(),
    _of("session", needed=True),
    Column("class", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("until", Double, nullable=False),  # it can be undone
    Column("files", Integer, nullable=False, server_default=text("0")),
    Column("bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("ended", Double),  # when it was undone, or its files were removed for good
    _words("said"),
)

notice = Table(
    "notice",
    metadata,
    Column("session_id", BigInteger, ForeignKey("session.id"), primary_key=True),
    Column("class", Text, primary_key=True),
    Column("before", Double, primary_key=True),  # days
    Column("due", Double, nullable=False),
    Column("told", Double, nullable=False),
    Column("whom", Text, nullable=False),
)

measured = Table(  # when the figures of a session were last made
    "measured",
    metadata,
    Column("session_id", BigInteger, ForeignKey("session.id"), primary_key=True),
    Column("at", Double, nullable=False),
    Column("over", Boolean, nullable=False),  # whether the session was over then
    Column("exposures", Integer, nullable=False),
    Column("pixel", Double),  # Å
    _words("apart"),  # why it is compared with no other
)

figure = Table(
    "figure",
    metadata,
    Column("session_id", BigInteger, ForeignKey("session.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Double, nullable=False),
    Column("spread", Double),
    Column("count", Integer, nullable=False),
    _words("by"),  # the protocol that measured it
)

drift = Table(
    "drift",
    metadata,
    _id(),
    _of("microscope", needed=True),
    Column("figure", Text, nullable=False),
    Column("series", Text, nullable=False),  # which sessions are compared
    Column("session_id", BigInteger, ForeignKey("session.id"), nullable=False),  # that showed it
    Column("began", Double, nullable=False),
    Column("over", Double),
    Column("message", Text, nullable=False),
    Column("told", Double),
    Column("told_over", Double),
)

# Money (icestream.facility.money): what was issued never changes, which triggers of the database
# see to; a migration that rebuilds one of these tables has to make its triggers anew.

charge = Table(
    "charge",
    metadata,
    _id(),
    _of("team", needed=True),
    _of("project"),
    Column("item", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("at", Double, nullable=False),
    _words("note"),
    Column("who", Text, nullable=False),
    Column("made", Double, nullable=False),
    Column("removed", Double),
)

invoice = Table(
    "invoice",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),  # invoice, or credit
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("number", Text, nullable=False, unique=True),
    Column("issued", Double, nullable=False),
    Column("team", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("net", Text, nullable=False),
    Column("tax", Text, nullable=False),
    Column("total", Text, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("digest", Text, nullable=False),
    UniqueConstraint("kind", "year", "serial"),
)

invoice_line = Table(
    "invoice_line",
    metadata,
    _id(),
    Column("invoice_id", BigInteger, ForeignKey("invoice.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # booking, session, or item
    Column("source_id", BigInteger, nullable=False),  # of the booking, the session, or the charge
    Column("amount", Text, nullable=False),
    Column("share", Text, nullable=False),
    Column("corrects_id", BigInteger, ForeignKey("invoice_line.id"), unique=True),
    UniqueConstraint("invoice_id", "number"),
)

billed = Table(
    "billed",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("source_id", BigInteger, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    _of("microscope"),
    Column("line_id", BigInteger, ForeignKey("invoice_line.id"), nullable=False, index=True),
    UniqueConstraint("kind", "source_id", "begins"),
)
"""What is on an invoice and was not credited, in whole seconds; a credit note takes it away."""
