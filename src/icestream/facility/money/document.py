"""The document of an invoice: all that it says, frozen when it is issued, with its digest.

It is plain JSON, in which amounts are decimal numbers as text. What is shown, printed or credited
later comes from it alone, whatever has become of prices, addresses and bookings since.
"""

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from icestream.facility.money.calendar import Period
from icestream.facility.money.currency import decimals_of, rounded, total
from icestream.facility.money.draft import Draft, TaxSum, Totals, summed
from icestream.facility.money.kinds import Money, MoneyRefusal, PriceList
from icestream.facility.money.pricing import Line
from icestream.facility.money.texts import Texts

__all__ = [
    "Document",
    "Head",
    "credit_document",
    "digest_of",
    "draft_document",
    "draft_key",
    "invoice_document",
]

Document = dict[str, Any]
"""What an invoice says; see `invoice_document`."""

_FORMAT = 1
_LOGO = 1_000_000


@dataclass(frozen=True, slots=True)
class Head:
    """What an invoice gets when it is issued."""

    number: str
    serial: int
    """Its place in the numbers of its year."""
    issued: date
    at: float
    """Seconds since the epoch."""
    by: str
    previous: str
    """Digest of the one before it, which chains them; empty for the first."""


def digest_of(document: Document) -> str:
    """SHA-256 of a document, which does not depend on how its JSON was written."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def draft_key(draft: Draft) -> str:
    """A short digest of what a draft says: another one where anything in it is another."""
    lines = [_line(number, line, {}) for number, line in enumerate(draft.lines, 1)]
    said: Document = {"lines": lines, **_sums(draft.totals), "team": draft.payer.team}
    return digest_of(said)[:12]


def invoice_document(
    draft: Draft, head: Head, period: Period | None, money: Money, texts: Texts, zone: str
) -> Document:
    """What the invoice says that a draft becomes."""
    due = head.issued + timedelta(days=money.pay_within)
    return {
        **draft_document(draft, period, money, texts, zone),
        **_head(head),
        "kind": "invoice",
        "due": due.isoformat(),
    }


def draft_document(
    draft: Draft, period: Period | None, money: Money, texts: Texts, zone: str
) -> Document:
    """What a draft says, without number and date."""
    listed = {line.listed for line in draft.lines}
    names = {line.tax: money.taxes[line.tax].title for line in draft.lines}
    payer = draft.payer
    return {
        "format": _FORMAT,
        "kind": "draft",
        "zone": zone,
        "currency": money.currency,
        "decimals": decimals_of(money.currency),
        "rounding": money.rounding,
        "seller": {
            "name": money.seller.name, "address": money.seller.address, "vat": money.seller.vat,
            "contact": money.seller.contact, "account": money.seller.account,
        },
        "logo": _logo(money),
        "payer": {
            "team": payer.team, "title": payer.title or payer.team, "address": payer.address,
            "vat": payer.vat, "reference": payer.reference, "class": payer.price_class,
        },
        "project": draft.project,
        "period": None if period is None else {
            "first": period.first.isoformat(), "last": period.last.isoformat(),
        },
        "lines": [_line(number, line, names) for number, line in enumerate(draft.lines, 1)],
        **_sums(draft.totals),
        "lists": [_list(each) for each in money.lists if each.begins in listed],
        "texts": texts.model_dump(),
    }  # fmt: skip


def credit_document(
    invoice: Document, numbers: Sequence[int], credited: Sequence[int], head: Head, reason: str
) -> Document:
    """What a credit note says for lines of an invoice.

    Its taxes are that by which the taxes of what is left of the invoice become less: so the credit
    notes of all lines, in whatever parts, take back exactly what was asked.

    Parameters
    ----------
    invoice
        The document of the invoice.
    numbers
        Of the lines that are credited.
    credited
        Of those that were before.
    head
        What the credit note gets when it is issued.
    reason
        As it stands on it.
    """
    there = {line["number"]: line for line in invoice["lines"]}
    left = [number for number in there if number not in credited]
    wrong = [str(number) for number in numbers if number not in left]
    if wrong or not numbers:
        raise MoneyRefusal(
            f"line {', '.join(wrong)} of {invoice['number']} cannot be credited; of its"
            f" {len(there)} lines, these are left: {', '.join(map(str, left)) or 'none'}"
            if wrong
            else f"say which lines of {invoice['number']} are to be credited"
        )
    before, after = (_taxes(invoice, kept) for kept in (left, sorted({*left} - {*numbers})))
    places = int(invoice["decimals"])
    taxes = [_less(before[name], after.get(name)) for name in before]
    changed = [each for each in taxes if each.name in {there[n]["tax"] for n in numbers}]
    lines = [
        {**there[of], "number": place, "amount": str(-Decimal(there[of]["amount"])), "corrects": of}
        for place, of in enumerate(sorted(numbers), 1)
    ]
    kept = {key: value for key, value in invoice.items() if key not in ("due", "lists")}
    return {
        **kept,
        **_head(head),
        **_sums(summed(changed, places)),
        "kind": "credit",
        "lines": lines,
        "corrects": {
            "number": invoice["number"],
            "issued": invoice["issued"],
            "digest": digest_of(invoice),
        },
        "reason": reason,
    }


def _taxes(invoice: Document, numbers: Sequence[int]) -> dict[str, TaxSum]:
    """Taxes on some lines of an invoice, by its own rates and its own rule of rounding."""
    places = int(invoice["decimals"])
    by: dict[str, list[Decimal]] = defaultdict(list)
    for line in invoice["lines"]:
        if line["number"] in numbers:
            by[line["tax"]].append(Decimal(line["amount"]))
    found = {}
    for each in invoice["taxes"]:
        if each["name"] in by:
            net = total(by[each["name"]], places)
            exact = Fraction(net) * Fraction(Decimal(each["percent"])) / 100
            found[each["name"]] = TaxSum(
                each["name"], each["title"], Decimal(each["percent"]), each["note"], net,
                rounded(exact, places, invoice["rounding"]),
            )  # fmt: skip
    return found


def _less(before: TaxSum, after: TaxSum | None) -> TaxSum:
    net, tax = (before.net, before.tax) if after is None else (
        before.net - after.net, before.tax - after.tax
    )  # fmt: skip
    return TaxSum(before.name, before.title, before.percent, before.note, -net, -tax)


def _head(head: Head) -> Document:
    return {
        "number": head.number, "serial": head.serial, "year": head.issued.year,
        "issued": head.issued.isoformat(), "at": head.at, "by": head.by, "previous": head.previous,
    }  # fmt: skip


def _sums(totals: Totals) -> Document:
    return {
        "taxes": [
            {"name": each.name, "title": each.title, "percent": str(each.percent),
             "note": each.note, "net": str(each.net), "tax": str(each.tax)}
            for each in totals.taxes
        ],
        "net": str(totals.net),
        "tax": str(totals.tax),
        "total": str(totals.total),
    }  # fmt: skip


def _line(number: int, line: Line, taxes: Mapping[str, str]) -> Document:
    return {
        "number": number, "kind": line.kind, "source": line.source,
        "microscope": line.microscope, "what": line.what,
        "manner": line.manner, "project": line.project, "reference": line.reference,
        "note": line.note, "begins": line.begins, "spans": [list(span) for span in line.spans],
        "quantity": str(line.quantity), "unit": line.unit, "price": str(line.price),
        "share": str(line.share), "discount": str(line.discount),
        "discount_title": line.discount_title, "amount": str(line.amount), "tax": line.tax,
        "tax_title": taxes.get(line.tax, ""), "listed": line.listed.isoformat(),
        "confidential": line.confidential,
    }  # fmt: skip


def _list(listed: PriceList) -> Document:
    told: Document = listed.model_dump(mode="json")
    return told


def _logo(money: Money) -> Document | None:
    path = money.seller.logo
    if path is None:
        return None
    try:
        held = path.read_bytes()
    except OSError as error:
        raise MoneyRefusal(f"the picture of the seller, {path}: {error.strerror}") from None
    if len(held) > _LOGO:
        raise MoneyRefusal(
            f"the picture of the seller, {path}, has {len(held)} bytes: 1 MB at most"
        )
    return {"suffix": path.suffix.lower(), "data": base64.b64encode(held).decode("ascii")}
