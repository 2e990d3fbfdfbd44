"""The registry as money sees it: whole seconds, and for each booking and session who pays."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from icestream.facility.money.parties import Billed, Booked, Books, Charge, Party, Payer, Worked
from icestream.facility.money.spans import Span, Spans, union
from icestream.facility.registry import tables as t

__all__ = ["read_billed", "read_books"]


@dataclass(frozen=True, slots=True)
class _Names:
    """Who pays, by the numbers of the registry."""

    payers: dict[int, Payer]
    people: dict[str, int | None]
    """Number of the team of a person, by login."""
    projects: dict[str, "_Project"]
    codes: dict[int, str]
    microscopes: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Project:
    code: str
    team: int | None
    reference: str
    confidential: bool


def read_books(connection: Connection, down: Sequence[str]) -> Books:
    """All that was recorded, and what of it was billed; `down` are kinds of occasions."""
    names = _names(connection)
    titles = {row.name: row.title for row in connection.execute(select(t.microscope)) if row.title}
    rows = connection.execute(select(t.booking).order_by(t.booking.c.id)).all()
    return Books(
        bookings=tuple(_booked(row, names) for row in rows if _meant(row)),
        sessions=tuple(_sessions(connection, names)),
        charges=tuple(_charges(connection, names)),
        downtime=_downtime(connection, rows, names, down),
        billed=read_billed(connection),
        titles=titles,
    )


def read_billed(connection: Connection) -> tuple[Billed, ...]:
    """The lines of issued invoices that were not credited, with their time."""
    asked = (
        select(
            t.billed, t.microscope.c.name.label("microscope"), t.invoice.c.number.label("invoice"),
            t.invoice.c.team, t.invoice_line.c.number.label("line"), t.invoice_line.c.share,
        )
        .join(t.invoice_line, t.invoice_line.c.id == t.billed.c.line_id)
        .join(t.invoice, t.invoice.c.id == t.invoice_line.c.invoice_id)
        .join(t.microscope, t.microscope.c.id == t.billed.c.microscope_id, isouter=True)
        .order_by(t.billed.c.id)
    )  # fmt: skip
    rows: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in connection.execute(asked):
        rows[row.kind, row.source_id].append(row)
    return tuple(
        Billed(
            kind=of[0].kind, source=of[0].source_id,
            spans=union((row.begins, row.ends) for row in of), microscope=of[0].microscope or "",
            team=of[0].team, share=Decimal(of[0].share), invoice=of[0].invoice, line=of[0].line,
        )
        for of in rows.values()
    )  # fmt: skip


def _names(connection: Connection) -> _Names:
    payers = {
        row.id: Payer(row.name, row.title, _address(row), row.vat, row.reference, row.price_class)
        for row in connection.execute(select(t.team))
    }
    people = list(connection.execute(select(t.person.c.id, t.person.c.name, t.person.c.team_id)))
    team_of = {row.id: row.team_id for row in people}
    projects, codes = {}, {}
    for row in connection.execute(select(t.project)):
        team = row.team_id if row.team_id is not None else team_of.get(row.pi_id)
        projects[row.code.casefold()] = _Project(
            row.code, team, row.reference, bool(row.confidential)
        )
        codes[row.id] = row.code
    microscopes = {row.id: row.name for row in connection.execute(select(t.microscope))}
    return _Names(payers, {row.name: row.team_id for row in people}, projects, codes, microscopes)


def _address(row: Any) -> str:
    return "\n".join(part for part in (row.institution, row.address) if part)


def _meant(row: Any) -> bool:
    return row.kind == "booked" and row.microscope_id is not None


def _party(names: _Names, code: str, login: str, said: str, confidential: bool = False) -> Party:
    """Whose time it is: of the project where one is named, else of the person's team."""
    who = said or login
    if code:
        of = names.projects.get(code.casefold())
        if of is None:
            return Party(code, who, None, f"project {code} is not known", "", confidential)
        payer = names.payers.get(of.team or 0)
        missing = "" if payer else f"project {code} is of no team"
        return Party(of.code, who, payer, missing, of.reference, confidential or of.confidential)
    payer = names.payers.get(names.people.get(login) or 0)
    missing = "" if payer else f"no project is named, and {who or 'nobody'} is in no team"
    return Party("", who, payer, missing, "", confidential)


def _booked(row: Any, names: _Names) -> Booked:
    return Booked(
        row.id, names.microscopes[row.microscope_id], round(row.begins), round(row.ends),
        _party(names, row.project, row.who, row.name), row.state,
        # It was there when it was last seen: between the two nobody looked, and it is not known.
        None if row.cancelled is None else round(min(row.cancelled, row.seen)),
        None if row.cancelled is None else round(row.cancelled),
    )  # fmt: skip


def _sessions(connection: Connection, names: _Names) -> Iterator[Worked]:
    logins = {row.id: row for row in connection.execute(select(t.person))}
    for row in connection.execute(select(t.session).order_by(t.session.c.id)):
        operator = logins.get(row.operator_id)
        login, said = ("", "") if operator is None else (operator.name, operator.title)
        code = names.codes.get(row.project_id, "")
        yield Worked(
            row.id, row.name, names.microscopes.get(row.microscope_id, ""), round(row.began),
            _until(row),
            _party(names, code, login, said, bool(row.confidential)), row.booking_id,
            row.exposures,
        )  # fmt: skip


def _until(row: Any) -> int | None:
    """Until when a session had its microscope: until its last movie; None while it lasts.

    Its process may end much later, and more than once: when what has waited was processed, or when
    somebody has tried something else with the movies that there were.
    """
    if row.ended is None:
        return None
    last: float = row.ended if row.taken is None else min(row.ended, row.taken)
    return round(max(last, float(row.began)))


def _charges(connection: Connection, names: _Names) -> Iterator[Charge]:
    asked = select(t.charge).where(t.charge.c.removed.is_(None)).order_by(t.charge.c.id)
    for row in connection.execute(asked):
        code = names.codes.get(row.project_id, "")
        of = names.projects.get(code.casefold())
        payer = names.payers[row.team_id]
        party = Party(
            code, row.who, payer, "", "" if of is None else of.reference,
            of is not None and of.confidential,
        )  # fmt: skip
        yield Charge(row.id, row.item, Decimal(row.quantity), round(row.at), party, row.note)


def _downtime(
    connection: Connection, bookings: Sequence[Any], names: _Names, kinds: Sequence[str]
) -> dict[str, Spans]:
    found: dict[str, list[Span]] = defaultdict(list)
    for row in bookings:
        down = row.kind in ("downtime", "maintenance") and row.state == "booked"
        if down and row.microscope_id is not None:
            found[names.microscopes[row.microscope_id]].append((round(row.begins), round(row.ends)))
    asked = select(t.occasion).where(t.occasion.c.until.is_not(None), t.occasion.c.kind.in_(kinds))
    for row in connection.execute(asked):
        found[names.microscopes[row.microscope_id]].append((round(row.at), round(row.until)))
    return {name: union(spans) for name, spans in found.items()}
