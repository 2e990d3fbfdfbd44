"""An invoice as people read it: every number and date in the words of the site, nothing else."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from icestream.facility.money.calendar import FIRST_DAY, LAST_DAY
from icestream.facility.money.document import Document
from icestream.facility.money.texts import Texts

__all__ = ["shown"]

Shown = dict[str, Any]


def shown(document: Document) -> Shown:
    """What a template sets: texts alone, in the order in which they stand.

    ``facts`` and ``sums`` are pairs, ``lines`` rows, ``notes`` what stands below the sums.
    """
    texts = Texts.model_validate(document["texts"])
    payer, seller = document["payer"], document["seller"]
    contacts = [(texts.account, seller["account"]), (texts.contact, seller["contact"])]
    return {
        "language": texts.language,
        "title": getattr(texts, document["kind"]),
        "number": document.get("number", ""),
        "draft": document["kind"] == "draft",
        "seller": {**seller, "vat": f"{texts.vat} {seller['vat']}" if seller["vat"] else ""},
        "payer": {
            "head": texts.payer,
            "name": payer["title"],
            "address": payer["address"],
            "vat": f"{texts.vat} {payer['vat']}" if payer["vat"] else "",
        },
        "facts": [list(pair) for pair in _facts(document, texts) if pair[1]],
        "before": texts.before,
        "heads": [texts.when, texts.what, texts.quantity, texts.price,
                  f"{texts.amount} ({document['currency']})"],
        "lines": [_line(line, document, texts) for line in document["lines"]],
        "sums": [list(pair) for pair in _sums(document, texts)],
        "notes": [note for note in _notes(document, texts) if note],
        "contacts": [list(pair) for pair in contacts if pair[1]],
        "page": texts.page,
        "of": texts.of,
        "digest": document.get("digest", ""),
    }  # fmt: skip


def _facts(document: Document, texts: Texts) -> Iterator[tuple[str, str]]:
    def day(iso: str) -> str:
        return texts.day_of(date.fromisoformat(iso))

    if "number" in document:
        yield texts.number, document["number"]
        yield texts.date, day(document["issued"])
    if "corrects" in document:
        of = document["corrects"]
        yield texts.corrects, f"{of['number']} ({day(of['issued'])})"
        yield texts.reason, document["reason"]
    if document["period"] is not None:
        held = document["period"]
        first = "" if held["first"] == FIRST_DAY.isoformat() else day(held["first"])
        last = "" if held["last"] == LAST_DAY.isoformat() else day(held["last"])
        yield texts.period, f"{first} – {last}".strip()
    if "due" in document:
        yield texts.due, day(document["due"])
    yield texts.reference, document["payer"]["reference"]
    yield texts.project, document["project"]


def _line(line: Document, document: Document, texts: Texts) -> Shown:
    places = document["decimals"]
    unit = getattr(texts, line["unit"]) if line["kind"] != "item" else line["unit"]
    return {
        "when": _when(line, ZoneInfo(document["zone"]), texts),
        "what": line["what"],
        "about": [each for each in _about(line, texts) if each],
        "quantity": f"{texts.decimal(Decimal(line['quantity']))} {unit}".strip(),
        "price": texts.decimal(Decimal(line["price"]), _places(line["price"], places)),
        "amount": texts.decimal(Decimal(line["amount"]), places),
    }


def _places(price: str, least: int) -> int:
    """Decimals of a price: those of the currency, or more where it has more."""
    exponent = Decimal(price).normalize().as_tuple().exponent
    return max(least, -exponent if isinstance(exponent, int) else 0)


def _when(line: Document, zone: ZoneInfo, texts: Texts) -> list[str]:
    """Each span of time in a row; of an item, its day."""

    def at(seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone)

    if line["kind"] == "item":
        return [texts.day_of(at(line["begins"]).date())]
    return [
        f"{texts.moment(at(first))} – {texts.moment(at(last))}" for first, last in line["spans"]
    ]


def _about(line: Document, texts: Texts) -> Iterator[str]:
    manner = line["manner"].replace("-", "_")
    yield getattr(texts, manner) if line["kind"] != "item" else ""
    if line["project"]:
        reference = f" ({line['reference']})" if line["reference"] else ""
        yield f"{texts.project} {line['project']}{reference}"
    yield line["note"]
    if Decimal(line["share"]) != 100:
        yield f"{texts.decimal(Decimal(line['share']))} % {texts.of} {texts.price.lower()}"
    if Decimal(line["discount"]):
        yield f"{line['discount_title']}: −{texts.decimal(Decimal(line['discount']))} %"


def _sums(document: Document, texts: Texts) -> Iterator[tuple[str, str]]:
    places = document["decimals"]
    yield texts.net, texts.decimal(Decimal(document["net"]), places)
    for each in document["taxes"]:
        base = texts.decimal(Decimal(each["net"]), places)
        said = f"{each['title']} {texts.of} {base}" if len(document["taxes"]) > 1 else each["title"]
        yield said, texts.decimal(Decimal(each["tax"]), places)
    yield texts.total, f"{texts.decimal(Decimal(document['total']), places)} {document['currency']}"


def _notes(document: Document, texts: Texts) -> Iterator[str]:
    for each in document["taxes"]:
        yield each["note"]
    yield texts.after
