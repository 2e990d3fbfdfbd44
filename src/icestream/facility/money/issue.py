"""Issuing invoices and credit notes: each in one transaction, which counts whole or not at all."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, text

from icestream.facility.money.account import BeamAccount, account
from icestream.facility.money.calendar import Period, day_of
from icestream.facility.money.document import (
    Document,
    Head,
    credit_document,
    digest_of,
    draft_key,
    invoice_document,
)
from icestream.facility.money.draft import Draft, drafts
from icestream.facility.money.invoices import Issued, find_invoice
from icestream.facility.money.kinds import Money, MoneyRefusal
from icestream.facility.money.read import read_books
from icestream.facility.money.texts import load_texts
from icestream.facility.opened import Facility
from icestream.facility.registry import tables as t

__all__ = ["account_of", "credit", "issue", "money_of"]


def money_of(facility: Facility) -> Money:
    """The section ``[money]``; MoneyRefusal where the facility file has none."""
    if facility.file.money is None:
        raise MoneyRefusal(f"{facility.path} has no section [money]: nothing is billed here")
    return facility.file.money


def account_of(facility: Facility, now: float | None = None) -> BeamAccount:
    """Where everything stands: what is due, billed, on no invoice, to be credited."""
    with facility.registry.read() as connection:
        return _account(connection, facility, _now(now))


def issue(  # noqa: PLR0913 - who, what, when
    facility: Facility,
    team: str,
    *,
    who: str,
    project: str = "",
    period: Period | None = None,
    key: str | None = None,
    now: float | None = None,
) -> Issued:
    """Issue the invoice of what is due of a team.

    Parameters
    ----------
    facility
        Whose registry has the bookings and the invoices.
    team
        Who pays.
    who
        Who issues it.
    project
        Code of the project, where each project gets its own invoice.
    period
        What begins in it; all that is due when not given.
    key
        Of the draft that was looked at (`draft_key`): if anything is otherwise now, nothing is
        issued. Whatever the draft is, when not given.
    now
        Seconds since the epoch; the clock's time when not given.

    Raises
    ------
    MoneyRefusal
        If nothing is due, or the draft has changed.
    """
    money, at = money_of(facility), _now(now)
    texts = load_texts(money.texts)
    with facility.registry.write() as connection:
        _alone(connection)
        draft = _due(_account(connection, facility, at), money, period, (team, project))
        if key is not None and key != draft_key(draft):
            raise MoneyRefusal(
                f"what is due of {team} has changed since the draft {key} was looked at: it is"
                f" {draft_key(draft)} now. Look at it again"
            )
        head = _head(connection, facility, "invoice", at, who)
        zone = facility.file.facility.time_zone
        document = invoice_document(draft, head, period, money, texts, zone)
        made = _write(connection, "invoice", team, document, {})
        microscopes = {row.name: row.id for row in connection.execute(select(t.microscope))}
        for line in document["lines"]:
            spans = line["spans"] or [[line["begins"], line["begins"]]]
            for begins, ends in spans:
                connection.execute(
                    insert(t.billed).values(
                        kind=line["kind"], source_id=line["source"], begins=begins, ends=ends,
                        microscope_id=microscopes.get(line["microscope"]),
                        line_id=made[line["number"]],
                    )
                )  # fmt: skip
        return find_invoice(connection, head.number)


def credit(
    facility: Facility,
    number: str,
    *,
    who: str,
    reason: str,
    lines: Sequence[int] = (),
    now: float | None = None,
) -> Issued:
    """Issue a credit note for an invoice, or for some of its lines; these can be billed again.

    Parameters
    ----------
    facility
        Whose registry has the invoices.
    number
        Of the invoice.
    who
        Who issues it.
    reason
        As it stands on the credit note.
    lines
        Numbers of the lines; all that were not credited before when none are given.
    now
        Seconds since the epoch; the clock's time when not given.

    Raises
    ------
    MoneyRefusal
        If there is no such invoice, or a line is not there or was credited before.
    """
    if not reason.strip():
        raise MoneyRefusal("say why: a credit note has a reason")
    at = _now(now)
    with facility.registry.write() as connection:
        _alone(connection)
        of = find_invoice(connection, number)
        if of.kind != "invoice":
            raise MoneyRefusal(f"{number} is a credit note: what it took back can be billed again")
        head = _head(connection, facility, "credit", at, who)
        document = credit_document(
            of.document, sorted({*lines}) or of.open, of.credited, head, reason
        )
        asked = select(t.invoice_line).where(t.invoice_line.c.invoice_id == of.id)
        known = {row.number: row.id for row in connection.execute(asked)}
        corrects = {line["number"]: known[line["corrects"]] for line in document["lines"]}
        _write(connection, "credit", of.team, document, corrects)
        connection.execute(delete(t.billed).where(t.billed.c.line_id.in_(corrects.values())))
        return find_invoice(connection, head.number)


def _now(now: float | None) -> float:
    return time.time() if now is None else now


def _account(connection: Connection, facility: Facility, now: float) -> BeamAccount:
    money = money_of(facility)
    books = read_books(connection, money.downtime)
    return account(books, money, facility.file.zone, int(now))


def _alone(connection: Connection) -> None:
    """Let nobody else issue anything meanwhile: of two at once, the second sees what is left."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE invoice IN SHARE ROW EXCLUSIVE MODE"))


def _due(found: BeamAccount, money: Money, period: Period | None, of: tuple[str, str]) -> Draft:
    made = {(each.payer.team, each.project): each for each in drafts(found, money, period)}
    if of not in made:
        named = of[0] + (f" for project {of[1]}" if of[1] else "")
        due = ", ".join(_named(key) for key in made) or "nobody"
        raise MoneyRefusal(f"nothing is due of {named}; something is of {due}")
    return made[of]


def _named(key: tuple[str, str]) -> str:
    return f"{key[0]} (project {key[1]})" if key[1] else key[0]


def _head(
    connection: Connection,
    facility: Facility,
    kind: Literal["invoice", "credit"],
    at: float,
    who: str,
) -> Head:
    """The next number; refused where the clock is behind the last one."""
    money, day = money_of(facility), day_of(int(at), facility.file.zone)
    asked = select(t.invoice).where(t.invoice.c.kind == kind).order_by(t.invoice.c.id.desc())
    last = connection.execute(asked.limit(1)).one_or_none()
    serial, previous = 1, ""
    if last is not None:
        if last.issued > at:
            raise MoneyRefusal(
                f"{last.number} was issued later than it is now, {day}: the clock is wrong"
            )
        previous = last.digest
        if last.year == day.year:
            serial = last.serial + 1
    pattern = money.number if kind == "invoice" else money.credit_number
    number = pattern.format(year=day.year, number=serial)
    taken = select(t.invoice.c.id).where(t.invoice.c.number == number)
    if connection.execute(taken).one_or_none() is not None:
        raise MoneyRefusal(
            f"the next number, {number}, was given already: the pattern of numbers was changed to"
            " one that repeats them"
        )
    return Head(number, serial, day, at, who, previous)


def _write(
    connection: Connection,
    kind: str,
    team: str,
    document: Document,
    corrects: dict[int, int],
) -> dict[int, int]:
    """Write a document and its lines; the numbers of their rows."""
    made = connection.execute(
        insert(t.invoice).values(
            kind=kind, year=document["year"], serial=document["serial"], number=document["number"],
            issued=document["at"], team=team, currency=document["currency"], net=document["net"],
            tax=document["tax"], total=document["total"], lines=len(document["lines"]),
            document=json.dumps(document, ensure_ascii=False), digest=digest_of(document),
        )
    )  # fmt: skip
    of = _inserted(made.inserted_primary_key)
    rows = {}
    for line in document["lines"]:
        written = connection.execute(
            insert(t.invoice_line).values(
                invoice_id=of, number=line["number"], kind=line["kind"], source_id=line["source"],
                amount=line["amount"], share=line["share"],
                corrects_id=corrects.get(line["number"]),
            )
        )  # fmt: skip
        rows[line["number"]] = _inserted(written.inserted_primary_key)
    return rows


def _inserted(key: Iterable[int] | None) -> int:
    assert key is not None
    return int(next(iter(key)))
