"""What a use costs: the list of its day, the quantity in the site's units, one rounding a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from icestream.facility.money.calendar import cut, day_of
from icestream.facility.money.claims import Use
from icestream.facility.money.currency import decimals_of, in_steps, rounded
from icestream.facility.money.kinds import Discount, Money, PriceList, TimePrice
from icestream.facility.money.parties import Charge, Kind, Party, Payer
from icestream.facility.money.spans import Spans, length

__all__ = ["Line", "NoPrice", "amount_of", "list_of", "price_charge", "price_use", "quantity_of"]

_WHOLE = Decimal(100)


class NoPrice(ValueError):
    """Nothing says what this costs, or who pays it: why."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a team pays for: time at a microscope, or something else."""

    kind: Kind
    source: int
    payer: Payer
    project: str
    reference: str
    microscope: str
    """Its name; empty for an item."""
    what: str
    """Title of the microscope, or of the item."""
    manner: str
    """``booked``, ``used``, ``no-show``, ``cancelled``, or ``item``."""
    begins: int
    spans: Spans
    note: str
    quantity: Decimal
    unit: str
    price: Decimal
    """Of one unit, without tax."""
    share: Decimal
    """Percent of the price: less than 100 for a no-show or a late cancellation."""
    discount: Decimal
    """Percent that is taken off what is left."""
    discount_title: str
    amount: Decimal
    tax: str
    """Name of the tax."""
    listed: date
    """The day from which the list holds whose price it is."""
    confidential: bool = False


def amount_of(
    quantity: Decimal, price: Decimal, share: Decimal, discount: Decimal, money: Money
) -> Decimal:
    """Quantity times price, less what is taken off: rounded once."""
    exact = Fraction(quantity) * Fraction(price) * Fraction(share) / 100
    exact *= (100 - Fraction(discount)) / 100
    return rounded(exact, decimals_of(money.currency), money.rounding)


def list_of(money: Money, day: date) -> PriceList:
    """The list that holds on a day: the one that begins last before it, or on it."""
    held = [each for each in money.lists if each.begins <= day]
    if not held:
        first = min(each.begins for each in money.lists)
        raise NoPrice(f"no list of prices holds on {day}; the first begins on {first}")
    return max(held, key=lambda each: each.begins)


def quantity_of(
    price: TimePrice, spans: Spans, lost: Spans, money: Money, zone: ZoneInfo
) -> Decimal:
    """How many hours, days or slots spans are, in whole steps.

    Parameters
    ----------
    price
        Says the unit, its step, the least quantity, and how little of a day does not count.
    spans
        What is billed.
    lost
        What downtime took of it: a day or slot counts by the part that was not lost.
    money
        Says when days and slots begin.
    zone
        The site's time zone.
    """
    if price.per == "hour":
        counted = Fraction(length(spans), 3600)
    else:
        starts = money.slots if price.per == "slot" else (money.day_begins,)
        counted = _units(spans, lost, starts, price.grace, zone)
    quantity = in_steps(counted, price.step)
    return quantity if lost else max(quantity, price.minimum)


def _units(
    spans: Spans, lost: Spans, starts: Sequence[time], grace: float, zone: ZoneInfo
) -> Fraction:
    kept = _by_unit(spans, starts, zone)
    gone = _by_unit(lost, starts, zone)
    whole = {unit: kept.get(unit, 0) + gone.get(unit, 0) for unit in {**kept, **gone}}
    most = max(whole, key=lambda unit: (whole[unit], -unit))
    counted = {unit for unit in whole if whole[unit] > grace} or {most}
    return sum((Fraction(kept.get(unit, 0), whole[unit]) for unit in counted), Fraction(0))


def _by_unit(spans: Spans, starts: Sequence[time], zone: ZoneInfo) -> dict[int, int]:
    """Seconds in each unit that spans have a part of, by when the unit begins."""
    seconds: dict[int, int] = {}
    for span in spans:
        for begins, ends in cut(span, starts, zone):
            both = min(ends, span[1]) - max(begins, span[0])
            seconds[begins] = seconds.get(begins, 0) + both
    return seconds


def price_use(use: Use, money: Money, zone: ZoneInfo, title: str = "") -> Line:
    """The line of a use; NoPrice says what is missing."""
    payer, tax = _payer(use.party, money)
    listed = list_of(money, day_of(use.begins, zone))
    where = f"in the list of {listed.begins}"
    price = listed.microscopes.get(use.microscope)
    if price is None:
        raise NoPrice(f"microscope {use.microscope} has no price {where}")
    one = price.prices.get(payer.price_class)
    if one is None:
        raise NoPrice(f"no price of {use.microscope} for class {payer.price_class} {where}")
    quantity = quantity_of(price, use.spans, use.lost, money, zone)
    off = _discount(listed, use, payer)
    discount = Decimal(0) if off is None else off.percent
    return Line(
        kind=use.kind, source=use.source, payer=payer, project=use.party.project,
        reference=use.party.reference, microscope=use.microscope,
        what=title or use.microscope, manner=use.manner,
        begins=use.begins, spans=use.spans, note=", ".join(use.sessions), quantity=quantity,
        unit=price.per, price=one, share=use.share, discount=discount,
        discount_title="" if off is None else off.title,
        amount=amount_of(quantity, one, use.share, discount, money), tax=tax,
        listed=listed.begins, confidential=use.party.confidential,
    )  # fmt: skip


def price_charge(charge: Charge, money: Money, zone: ZoneInfo) -> Line:
    """The line of a charge; NoPrice says what is missing."""
    payer, tax = _payer(charge.party, money)
    listed = list_of(money, day_of(charge.at, zone))
    item = listed.items.get(charge.item)
    if item is None:
        raise NoPrice(f"no item {charge.item} in the list of {listed.begins}")
    one = item.prices.get(payer.price_class)
    if one is None:
        raise NoPrice(
            f"no price of {charge.item} for class {payer.price_class} in the list of"
            f" {listed.begins}"
        )
    return Line(
        kind="item", source=charge.id, payer=payer, project=charge.party.project,
        reference=charge.party.reference, microscope="", what=item.title, manner="item",
        begins=charge.at, spans=(), note=charge.note, quantity=charge.quantity, unit=item.unit,
        price=one,
        share=_WHOLE, discount=Decimal(0), discount_title="",
        amount=amount_of(charge.quantity, one, _WHOLE, Decimal(0), money), tax=tax,
        listed=listed.begins, confidential=charge.party.confidential,
    )  # fmt: skip


def _payer(party: Party, money: Money) -> tuple[Payer, str]:
    """Who pays, and the name of the tax."""
    payer = party.payer
    if payer is None:
        raise NoPrice(party.missing or "it is not known who pays")
    if not payer.price_class:
        raise NoPrice(f"team {payer.team} has no price class")
    of = money.classes.get(payer.price_class)
    if of is None:
        known = ", ".join(money.classes)
        raise NoPrice(
            f"team {payer.team} is of class {payer.price_class}, which the facility file does not"
            f" have ({known})"
        )
    if not of.invoiced:
        raise NoPrice(f"class {payer.price_class} gets no invoices")
    if money.taxes[of.tax].needs_vat and not payer.vat:
        raise NoPrice(
            f"team {payer.team} has no VAT number, which {money.taxes[of.tax].title} asks"
        )
    return payer, of.tax


def _discount(listed: PriceList, use: Use, payer: Payer) -> Discount | None:
    held = [
        each
        for each in listed.discounts
        if (not each.teams or payer.team in each.teams)
        and (not each.projects or use.party.project in each.projects)
        and (not each.classes or payer.price_class in each.classes)
        and (not each.microscopes or use.microscope in each.microscopes)
    ]
    return max(held, key=lambda each: each.percent, default=None)
