"""`icestream facility invoices`: what is due, what was issued, and what is on no invoice."""

import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from icestream.cli.facility.paying import charge, charges, payer, uncharge
from icestream.cli.terminal import print_json, print_table
from icestream.engine.machine.naming import person_here
from icestream.facility.money.calendar import FIRST_DAY, LAST_DAY, Period
from icestream.facility.money.document import Document, draft_key
from icestream.facility.money.draft import Draft, drafts
from icestream.facility.money.invoices import Issued, find_invoice, invoices, verify
from icestream.facility.money.issue import account_of, credit, issue, money_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.sheets import SheetTable, write_table
from icestream.facility.money.shown import shown
from icestream.facility.money.telling import (
    document_of_draft,
    draft_table,
    endless,
    proposal_table,
    unbilled_table,
    write_documents,
)
from icestream.facility.opened import Facility, open_facility

__all__ = ["app"]

app = App(name="invoices", help="Say what is due, issue invoices, credit them, look for the rest.")
for _command in (charge, charges, uncharge, payer):
    app.command(_command)

Flag = Annotated[bool, Parameter(negative="")]
From = Annotated[date | None, Parameter(name="--from")]
To = Annotated[date | None, Parameter(name="--to")]


@app.default
def listed(  # noqa: PLR0913 - one argument for each option
    *,
    unbilled: Flag = False,
    proposals: Flag = False,
    from_: From = None,
    to: To = None,
    public: Flag = False,
    out: Path | None = None,
    json: Flag = False,
) -> int:
    """List the invoices that were issued; or what is on none, or what is to be credited.

    Parameters
    ----------
    unbilled
        List instead what nobody has been asked to pay and what is not due, with the reasons: first
        where somebody has to do something. The exit status is 1 where there is such.
    proposals
        List instead lines of invoices that are no longer so, by what became known after they were
        issued. The exit status is 1 where there are such.
    from_
        The first day of a period.
    to
        The last day.
    public
        Leave out names of whose projects are confidential.
    out
        Write to a file (.csv, .xlsx) instead.
    json
        For programs.
    """
    with open_facility() as facility:
        period = _period(facility, from_, to)
        if unbilled or proposals:
            _warn(endless(facility, period))
            found = account_of(facility)
            table = proposal_table(found, public=public) if proposals else None
            if table is None:
                table = unbilled_table(found, facility.file.zone, period, public=public)
            bad = proposals or any(row[0] == "to do" for row in table.rows)
        else:
            with facility.registry.read() as connection:
                held = [each for each in invoices(connection) if _in(each, period)]
            table, bad = _issued_table(held, public), False
    if out is not None:
        write_table(table, out)
    else:
        _print(table, json, "nothing" if unbilled or proposals else "no invoice was issued")
    return int(bad and bool(table.rows))


@app.command
def draft(
    team: str | None = None,
    /,
    *,
    project: str = "",
    from_: From = None,
    to: To = None,
    out: Path | None = None,
    json: Flag = False,
) -> None:
    """Say what is due, by who pays it; computed anew each time.

    Parameters
    ----------
    team
        Whose draft is shown line by line; without it, all drafts with their sums.
    project
        Its project, where each project gets its own invoice.
    from_
        The first day of the period in which something begins; without it, all that is due.
    to
        The last day.
    out
        Write to a file (.pdf, .png, .csv, .xlsx) or a folder (a PDF of each draft).
    json
        For programs.
    """
    with open_facility() as facility:
        period = _period(facility, from_, to)
        made = drafts(account_of(facility), money_of(facility), period)
        if team is not None:
            made = tuple(d for d in made if d.payer.team == team and d.project == project)
        documents = [document_of_draft(facility, each, period) for each in made]
        if out is not None:
            _written(write_documents(documents, out, money_of(facility).layout))
        elif json:
            print_json([{**d, "draft": draft_key(m)} for d, m in zip(documents, made, strict=True)])
        elif team is not None and documents:
            _show(documents[0])
            print(
                f"to issue just this: … issue {team} --draft {draft_key(made[0])} (and its period)"
            )
        else:
            _print(draft_table(facility, made), json, "nothing is due")
        _warn(endless(facility, period))


@app.command(name="issue")
def issue_(  # noqa: PLR0913 - one argument for each option
    team: str | None = None,
    /,
    *,
    project: str = "",
    from_: From = None,
    to: To = None,
    draft: str | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    out: Path | None = None,
) -> None:
    """Issue an invoice: it gets its number, and never changes again.

    Parameters
    ----------
    team
        Who pays.
    project
        Its project, where each project gets its own invoice.
    from_
        The first day of the period in which something begins; without it, all that is due.
    to
        The last day.
    draft
        The draft that was looked at: if anything is otherwise by now, nothing is issued.
    all_
        An invoice for each team that something is due of.
    out
        Write it to a file (.pdf, .png, .csv, .xlsx), or all into a folder as PDFs.
    """
    if (team is None) != all_:
        raise MoneyRefusal("say which team is to get an invoice, or --all")
    if all_ and draft is not None:
        raise MoneyRefusal("a draft is of one team: say which one, or --all without --draft")
    with open_facility() as facility:
        period = _period(facility, from_, to)
        asked = [(team or "", project)]
        if all_:
            asked = _keys(drafts(account_of(facility), money_of(facility), period))
        made = []
        for of, code in asked:
            each = issue(facility, of, who=person_here(), project=code, period=period, key=draft)
            made.append(each.document)
            print(f"{each.number}  {of}{f' ({code})' if code else ''}  {_total(each.document)}")
        if not made:
            print("nothing is due")
        elif out is not None:
            _written(write_documents(made, out, money_of(facility).layout))


@app.command(name="credit")
def credit_(
    number: str,
    /,
    *,
    reason: str,
    line: tuple[int, ...] = (),
    out: Path | None = None,
) -> None:
    """Issue a credit note for an invoice, or for some of its lines: these can be billed again.

    Parameters
    ----------
    number
        Of the invoice.
    reason
        As it stands on the credit note.
    line
        Number of a line; all that were not credited before when none is given.
    out
        Write it to a file (.pdf, .png, .csv, .xlsx).
    """
    with open_facility() as facility:
        made = credit(facility, number, who=person_here(), reason=reason, lines=line)
        print(f"{made.number}  {made.team}  {_total(made.document)}")
        if out is not None:
            _written(write_documents([made.document], out, money_of(facility).layout))


@app.command
def show(number: str, /, *, json: Flag = False) -> None:
    """Show an invoice or a credit note as it was issued.

    Parameters
    ----------
    number
        Its number.
    json
        The frozen document itself.
    """
    with open_facility() as facility, facility.registry.read() as connection:
        found = find_invoice(connection, number)
    if json:
        print_json(found.document)
        return
    _show(found.document)
    print(f"{found.state}; SHA-256 {found.digest}")


@app.command
def export(*numbers: str, out: Path, from_: From = None, to: To = None) -> None:
    """Write invoices and credit notes as they were issued.

    Parameters
    ----------
    numbers
        Which; without them, all that were issued from a day to a day.
    out
        A file .csv or .xlsx for the lines of all, .pdf or .png for one, or a folder for PDFs.
    from_
        The first day of issue.
    to
        The last day.
    """
    with open_facility() as facility:
        period = _period(facility, from_, to)
        with facility.registry.read() as connection:
            if numbers:
                held = [find_invoice(connection, number) for number in numbers]
            else:
                held = [each for each in invoices(connection) if _in(each, period)]
        documents = [each.document for each in held]
        layout = None if facility.file.money is None else facility.file.money.layout
        _written(write_documents(documents, out, layout))


@app.command(name="verify")
def verify_() -> int:
    """Say whether all invoices are as they were issued: digests, lines, numbers without a gap."""
    with open_facility() as facility, facility.registry.read() as connection:
        count = sum(1 for _ in invoices(connection))
        wrong = list(verify(connection))
    for each in wrong:
        print(each)
    print(f"{count} issued, {f'{len(wrong)} faults' if wrong else 'all as they were issued'}")
    return int(bool(wrong))


def _period(facility: Facility, first: date | None, last: date | None) -> Period | None:
    if first is None and last is None:
        return None
    return Period(first or FIRST_DAY, last or LAST_DAY, facility.file.zone)


def _in(each: Issued, period: Period | None) -> bool:
    return period is None or period.has(int(each.document["at"]))


def _keys(made: Sequence[Draft]) -> list[tuple[str, str]]:
    return [(each.payer.team, each.project) for each in made]


def _total(document: Document) -> str:
    return f"{document['total']} {document['currency']}"


def _issued_table(held: Sequence[Issued], public: bool) -> SheetTable:
    def row(each: Issued) -> tuple[str | int | Decimal, ...]:
        hidden = public and any(line["confidential"] for line in each.document["lines"])
        return (
            each.number, each.kind, each.document["issued"],
            "(confidential)" if hidden else each.team, len(each.document["lines"]),
            Decimal(each.document["total"]), each.document["currency"], each.state,
        )  # fmt: skip

    heads = ("number", "kind", "issued", "team", "lines", "total", "currency", "state")
    return SheetTable(heads, map(row, held))


def _print(table: SheetTable, json: bool, nothing: str) -> None:
    if json:
        print_json([dict(zip(table.heads, row, strict=True)) for row in table.rows])
    elif not table.rows:
        print(nothing)
    else:
        print_table(table.heads, [[_cell(cell) for cell in row] for row in table.rows])


def _cell(cell: object) -> str:
    return "–" if cell is None else f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def _show(document: Document) -> None:
    """An invoice in the terminal, in the words of the site."""
    told = shown(document)
    print(f"{told['title']} {told['number']}".strip())
    payer_ = told["payer"]
    for text in (payer_["name"], *payer_["address"].split("\n"), payer_["vat"]):
        if text:
            print(f"  {text}")
    for name, text in told["facts"]:
        print(f"{name}: {text}")
    rows = [
        (
            str(number), "; ".join(line["when"]), "; ".join([line["what"], *line["about"]]),
            line["quantity"], line["price"], line["amount"],
        )
        for number, line in enumerate(told["lines"], 1)
    ]  # fmt: skip
    print_table(("", *told["heads"]), rows)
    for name, text in told["sums"]:
        print(f"{name}: {text}")
    for note in told["notes"]:
        print(note)


def _warn(said: Sequence[str]) -> None:
    for each in said:
        print(each, file=sys.stderr)


def _written(files: Sequence[Path]) -> None:
    for file in files:
        print(f"written: {file}")
