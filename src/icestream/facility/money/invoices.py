"""Invoices that were issued: what they say, what of them was credited, and whether all is whole."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Select, select

from icestream.facility.money.document import Document, digest_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.registry import tables as t

__all__ = ["Issued", "find_invoice", "invoices", "verify"]


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice or a credit note as it was issued."""

    id: int
    kind: Literal["invoice", "credit"]
    year: int
    serial: int
    number: str
    team: str
    document: Document
    digest: str
    credited: tuple[int, ...] = ()
    """Numbers of its lines that were credited since."""

    @property
    def open(self) -> tuple[int, ...]:
        """Numbers of its lines that were not."""
        return tuple(
            line["number"] for line in self.document["lines"] if line["number"] not in self.credited
        )

    @property
    def state(self) -> str:
        """``issued``, ``credited``, or ``credited in part``."""
        if not self.credited:
            return "issued"
        return "credited in part" if self.open else "credited"


def invoices(connection: Connection, *, year: int | None = None) -> Iterator[Issued]:
    """What was issued, of a year or ever, credit notes too, in the order in which it was."""
    asked = select(t.invoice).order_by(t.invoice.c.id)
    yield from _read(connection, asked if year is None else asked.where(t.invoice.c.year == year))


def find_invoice(connection: Connection, number: str) -> Issued:
    """The invoice or credit note of a number; one whose document was changed is refused."""
    asked = select(t.invoice).where(t.invoice.c.number == number)
    found = next(_read(connection, asked), None)
    if found is None:
        raise MoneyRefusal(f"no invoice and no credit note has the number {number!r}")
    for fault in _faults(connection, found):
        raise MoneyRefusal(fault)
    return found


def _read(connection: Connection, asked: Select[Any]) -> Iterator[Issued]:
    line, credit = t.invoice_line.alias("line"), t.invoice_line.alias("credit")
    credited = select(line.c.invoice_id, line.c.number).join(
        credit, credit.c.corrects_id == line.c.id
    )
    gone: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(credited.order_by(line.c.number)):
        gone[row.invoice_id].append(row.number)
    for row in connection.execute(asked):
        yield Issued(
            row.id, row.kind, row.year, row.serial, row.number, row.team,
            json.loads(row.document), row.digest, tuple(gone.get(row.id, ())),
        )  # fmt: skip


def verify(connection: Connection) -> Iterator[str]:
    """What is wrong with what was issued: a changed document, a gap, a broken chain; nothing is.

    Also where what is kept as billed is not what the lines say: it could be billed twice.
    """
    kept = _kept(connection)
    last: dict[tuple[str, int], int] = {}
    chain: dict[str, str] = {}
    for each in invoices(connection):
        yield from _faults(connection, each)
        before = last.get((each.kind, each.year), 0)
        if each.serial != before + 1:
            yield f"{each.number} is the {each.serial}th of {each.year}, after the {before}th"
        last[each.kind, each.year] = each.serial
        if each.document["previous"] != chain.get(each.kind, ""):
            yield f"{each.number} does not name the digest of the one before it"
        chain[each.kind] = each.digest
        for line in each.document["lines"] if each.kind == "invoice" else ():
            held = line["spans"] or [[line["begins"], line["begins"]]]
            held = [] if line["number"] in each.credited else held
            if kept.get((each.id, line["number"]), []) != held:
                yield f"line {line['number']} of {each.number} is not kept as billed as it says"


def _kept(connection: Connection) -> dict[tuple[int, int], list[list[int]]]:
    """The spans that are kept as billed, by invoice and number of the line."""
    line, found = t.invoice_line, defaultdict[tuple[int, int], list[list[int]]](list)
    asked = select(line.c.invoice_id, line.c.number, t.billed.c.begins, t.billed.c.ends).join(
        line, line.c.id == t.billed.c.line_id
    )
    for row in connection.execute(asked.order_by(t.billed.c.begins)):
        found[row.invoice_id, row.number].append([row.begins, row.ends])
    return found


def _faults(connection: Connection, each: Issued) -> Iterator[str]:
    document = each.document
    if digest_of(document) != each.digest:
        yield f"{each.number} was changed in the database: it has not the digest that it was given"
    if (document["number"], document["kind"]) != (each.number, each.kind):
        yield f"{each.number} has the document of {document['number']}"
    asked = select(t.invoice_line).where(t.invoice_line.c.invoice_id == each.id)
    rows = connection.execute(asked.order_by(t.invoice_line.c.number)).all()
    kept = [(row.number, row.kind, row.source_id, row.amount) for row in rows]
    said = [(one["number"], one["kind"], one["source"], one["amount"]) for one in document["lines"]]
    if kept != said:
        yield f"{each.number} has other lines in the database than in its document"
