"""What people are told: drafts, what is on no invoice and why, what is to be credited; files."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from icestream.facility.money.account import BeamAccount, Unbilled
from icestream.facility.money.beamtime import HIDDEN
from icestream.facility.money.calendar import Period
from icestream.facility.money.document import Document, draft_document, draft_key
from icestream.facility.money.draft import Draft
from icestream.facility.money.issue import money_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.paper import write_paper
from icestream.facility.money.parties import Party
from icestream.facility.money.sheets import SheetTable, invoice_table, write_table
from icestream.facility.money.texts import load_texts
from icestream.facility.opened import Facility
from icestream.facility.registry.microscopes import occasions

__all__ = [
    "document_of_draft",
    "draft_table",
    "endless",
    "file_name",
    "proposal_table",
    "unbilled_table",
    "write_documents",
]

_SAFE = re.compile(r"[^\w.-]+")
_STATES = {"asks": "to do", "waits": "waits", "free": "not billed"}


def file_name(number: str) -> str:
    """The number of an invoice as the name of a file.

    >>> file_name("2026/0007"), file_name("../x")
    ('2026-0007', 'x')
    """
    return _SAFE.sub("-", number).strip(".-") or "invoice"


def document_of_draft(facility: Facility, draft: Draft, period: Period | None) -> Document:
    """What a draft would say as an invoice, marked as a draft."""
    money = money_of(facility)
    zone = facility.file.facility.time_zone
    return draft_document(draft, period, money, load_texts(money.texts), zone)


def endless(facility: Facility, period: Period | None) -> tuple[str, ...]:
    """What has happened to microscopes whose time would be downtime, had anybody said its end."""
    money, zone = money_of(facility), facility.file.zone
    ends = float("inf") if period is None else period.span[1]
    with facility.registry.read() as connection:
        found = occasions(connection, ends=ends)
    return tuple(
        f"{each.microscope}: the {each.kind} of"
        f" {datetime.fromtimestamp(each.at, UTC).astimezone(zone):%Y-%m-%d %H:%M} has no end, so"
        f" that its time is billed: icestream facility occasion --end {each.id} --until …"
        for each in found
        if each.until is None and each.kind in money.downtime
    )


def draft_table(facility: Facility, made: Sequence[Draft]) -> SheetTable:
    """A row for each draft, with the key by which just this one is issued."""
    currency = money_of(facility).currency
    rows = [
        (
            each.payer.team, each.project, len(each.lines), each.totals.net, each.totals.tax,
            each.totals.total, currency, draft_key(each),
        )
        for each in made
    ]  # fmt: skip
    heads = ("team", "project", "lines", "net", "tax", "total", "currency", "draft")
    return SheetTable(heads, rows)


def unbilled_table(
    found: BeamAccount, zone: ZoneInfo, period: Period | None = None, *, public: bool = False
) -> SheetTable:
    """What is on no invoice and not due, and why: first where somebody has to do something.

    `public` leaves out whose it is where a project is confidential.
    """
    held = [each for each in found.unbilled if period is None or period.has(each.begins)]
    order = list(_STATES)
    held.sort(key=lambda each: (order.index(each.state), each.begins, each.kind, each.source))
    heads = ("state", "what", "begins", "hours", "project", "who", "sessions", "why")
    return SheetTable(heads, (_unbilled(each, zone, public) for each in held))


def _unbilled(each: Unbilled, zone: ZoneInfo, public: bool) -> tuple[str, ...]:
    hidden = public and each.party.confidential
    what = each.what if each.kind == "item" else f"{each.what} ({each.kind} {each.source})"
    hours = f"{each.seconds / 3600:.2f}" if each.kind != "item" else ""
    begins = datetime.fromtimestamp(each.begins, UTC).astimezone(zone)
    project, who = _whose(each.party, hidden)
    sessions = HIDDEN if hidden and each.sessions else ", ".join(each.sessions)
    reason = _UNSAID if hidden and _names(each) else each.reason
    return (
        _STATES[each.state], what, begins.strftime("%Y-%m-%d %H:%M"), hours, project, who,
        sessions, reason,
    )  # fmt: skip


_UNSAID = "(why is said to staff)"


def _names(each: Unbilled) -> bool:
    """Whether a reason has a name in it: of the project, the team, a session."""
    payer = "" if each.party.payer is None else each.party.payer.team
    names = (each.party.project, each.party.who, payer, *each.sessions)
    return any(name and name in each.reason for name in names)


def _whose(party: Party, hidden: bool) -> tuple[str, str]:
    return (HIDDEN, HIDDEN) if hidden else (party.project, party.who)


def proposal_table(found: BeamAccount, *, public: bool = False) -> SheetTable:
    """Lines of issued invoices that are no longer so, and why: to be credited.

    `public` leaves out team and reason, but of those whose project is known and not confidential.
    """
    open_ = {(use.kind, use.source) for use in found.uses if not use.party.confidential}
    rows = [
        (each.billed.invoice, each.billed.line, each.billed.team, each.reason)
        if not public or (each.billed.kind, each.billed.source) in open_
        else (each.billed.invoice, each.billed.line, HIDDEN, _UNSAID)
        for each in found.proposals
    ]
    return SheetTable(("invoice", "line", "team", "why"), rows)


def write_documents(
    documents: Sequence[Document], out: Path, layout: Path | None = None
) -> tuple[Path, ...]:
    """Write invoices, credit notes and drafts; the files.

    Parameters
    ----------
    documents
        What they say.
    out
        A file .csv or .xlsx for all lines of all, a file .pdf or .png for one, or a folder for a
        PDF of each.
    layout
        A site's own template.
    """
    suffix = out.suffix.lower()
    if not documents:
        raise MoneyRefusal("there is nothing to write")
    if suffix in (".csv", ".xlsx"):
        write_table(invoice_table(documents), out)
        return (out,)
    if suffix in (".pdf", ".png"):
        if len(documents) > 1:
            raise MoneyRefusal(
                f"{out} is one file, for {len(documents)} documents: name a folder, or a file"
                " .csv or .xlsx"
            )
        write_paper(documents[0], out, layout)
        return (out,)
    if suffix:
        raise MoneyRefusal(f"{out}: write .pdf, .png, .csv, .xlsx, or the name of a folder")
    named = [out / f"{file_name(_called(each))}.pdf" for each in documents]
    if len(set(named)) != len(named):
        raise MoneyRefusal("two of these would be one file: their numbers differ in signs alone")
    for each, file in zip(documents, named, strict=True):
        write_paper(each, file, layout)
    return tuple(named)


def _called(document: Document) -> str:
    draft = f"draft-{document['payer']['team']}-{document['project']}"
    return str(document.get("number", draft))
