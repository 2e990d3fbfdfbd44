"""The section ``[money]`` of the facility file: prices, taxes, rules, who issues invoices."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from icestream.facility.kinds import Hours, Name, Seconds, Section, Several, WholePath
from icestream.facility.money.currency import CURRENCIES, Rounding

__all__ = [
    "DOWNTIME",
    "DatedRules",
    "Discount",
    "ItemPrice",
    "LateCancellation",
    "Money",
    "MoneyRefusal",
    "PriceClass",
    "PriceList",
    "Seller",
    "Tax",
    "TimePrice",
]


class MoneyRefusal(ValueError):
    """What was asked cannot be done, and why."""


DOWNTIME = ("downtime", "failure", "service", "maintenance")
"""Kinds of occasions whose time is downtime, where the facility file does not say it."""


def _exact(given: Any) -> Any:
    if isinstance(given, float):
        raise ValueError(f'write decimal numbers in quotes, such as "{given}": they stay exact')  # noqa: TRY004
    return given


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"write a code of ISO 4217 such as EUR, USD or SEK, found {code!r}")
    return code


def _pattern(pattern: str) -> str:
    ask = 'write a pattern with {year} and {number}, such as "{year}-{number:04}"'
    try:
        numbers = {pattern.format(year=y, number=n) for y in (2026, 2027) for n in (1, 2, 10)}
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(f"{ask}, found {pattern!r}") from error
    if len(numbers) != 6 or not all(number.isprintable() for number in numbers):
        raise ValueError(f"{ask}, found {pattern!r}: two invoices would have one number")
    return pattern


Amount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, allow_inf_nan=False, max_digits=18, decimal_places=9),
]
"""Money, or a price: ``"120.00"``, in quotes."""

Percent = Annotated[
    Decimal, BeforeValidator(_exact), Field(ge=0, le=100, allow_inf_nan=False, decimal_places=6)
]
"""``"50"``, or ``"12.5"``: in quotes where it has decimals."""

Step = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(gt=0, allow_inf_nan=False, max_digits=12, decimal_places=6),
]
"""What a quantity is counted in: ``"0.5"``."""

Pattern = Annotated[str, AfterValidator(_pattern)]
"""``"{year}-{number:04}"``"""


class Tax(Section):
    """A rate of tax, which classes of price name."""

    percent: Percent
    """Of the sum of all lines with this tax."""
    title: str
    """As it stands in the invoice: ``VAT 21 %``."""
    note: str = ""
    """Printed below the sums: why nothing is charged, for a reverse charge or an exemption."""
    needs_vat: bool = False
    """Whether who pays must have a VAT number, as with a reverse charge."""


class PriceClass(Section):
    """Who pays which price: internal, academic, company … Each team is of one class."""

    tax: Name
    """Name of its tax, in ``taxes``."""
    invoiced: bool = True
    """Whether these teams get invoices at all; where not, their time is listed with that reason."""


class TimePrice(Section):
    """What time at a microscope costs."""

    prices: dict[Name, Amount]
    """For each price class, the price of an hour, a day or a slot, without tax."""
    per: Literal["hour", "day", "slot"] = "hour"
    """Hours are real hours, whatever the clock does meanwhile; days and slots are the site's."""
    step: Step = Decimal("0.01")
    """A quantity is counted in these; one that has begun counts."""
    minimum: Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, allow_inf_nan=False)] = (
        Decimal(0)
    )
    """The least quantity of a booking; not asked where downtime took a part of it."""
    grace: Seconds = 0.0
    """A day or slot of which a booking has no more than this does not count, if another does."""


class ItemPrice(Section):
    """What a thing or a service costs: grids, storage, hours of processing."""

    prices: dict[Name, Amount]
    """For each price class, the price of one, without tax."""
    title: str
    """As it stands in the invoice."""
    unit: str = ""
    """Of what one is: ``box``, ``TB month``, ``h``."""


class Discount(Section):
    """What is taken off prices of time; of several that hold, the largest alone is."""

    percent: Percent
    """How much."""
    title: str
    """As it stands in the invoice: why."""
    teams: Several = ()
    """For these teams alone; all when empty."""
    projects: Several = ()
    """For these projects (codes) alone; all when empty."""
    classes: Several = ()
    """For these price classes alone; all when empty."""
    microscopes: Several = ()
    """At these microscopes alone; all when empty."""


class PriceList(Section):
    """Prices that hold from a day on, until the next list does.

    A booking has the prices of the day on which it begins, also where it lasts into the next list.
    """

    begins: date
    """The first day."""
    microscopes: dict[Name, TimePrice] = Field(default_factory=dict)
    """Prices of time, by microscope."""
    items: dict[Name, ItemPrice] = Field(default_factory=dict)
    """Prices of things and services."""
    discounts: tuple[Discount, ...] = ()
    """What is taken off."""


class Seller(Section):
    """Who issues the invoices."""

    name: str
    """Of the facility or its institution."""
    address: str = ""
    """With line breaks."""
    vat: str = ""
    """VAT number."""
    contact: str = ""
    """Whom to ask: e-mail, telephone."""
    account: str = ""
    """Where to pay: bank, IBAN, BIC."""
    logo: WholePath | None = None
    """A picture (SVG, PNG or JPEG) for the head of the invoice."""


class LateCancellation(Section):
    """What a cancelled booking costs."""

    notice: Hours = 48.0
    """A booking that is cancelled this long before it begins, or longer, costs nothing."""
    percent: Percent = Decimal(100)
    """Of the price of what was booked, where it is cancelled later.

    Time that somebody else then had is never charged.
    """


Bill = Literal["booked", "used", "longer"]


class DatedRules(Section):
    """Rules that hold from a day on, until the next ones do; what is not given stays as it was.

    As with prices, a booking has the rules of the day on which it begins, and so has a session
    that nobody had booked.
    """

    begins: date
    """The first day."""
    bill: Bill | None = None
    """As ``bill`` of the section."""
    without_booking: bool | None = None
    """As ``without_booking`` of the section."""
    no_show: Percent | None = None
    """As ``no_show`` of the section."""
    cancellation: LateCancellation | None = None
    """As ``cancellation`` of the section; ``{ percent = 0 }`` ends that it costs anything."""


class Money(Section):
    """Prices, rules, and whose invoices they are."""

    currency: Annotated[str, AfterValidator(_currency)]
    """Code of ISO 4217, which says how many decimals amounts have."""
    seller: Seller
    """Who issues the invoices."""
    taxes: Annotated[dict[Name, Tax], Field(min_length=1)]
    """Rates of tax, by name."""
    classes: Annotated[dict[Name, PriceClass], Field(min_length=1)]
    """Classes of price, by name."""
    lists: Annotated[tuple[PriceList, ...], Field(min_length=1)]
    """Lists of prices, one for each time in which they hold."""
    bill: Bill = "longer"
    """Of a booking with its sessions: the time booked, the time used, or the longer of the two."""
    without_booking: bool = True
    """Whether sessions that nobody had booked are billed, by the time used."""
    no_show: Percent = Decimal(100)
    """What a booking costs in which there was no session, of the price of what was booked."""
    cancellation: LateCancellation | None = None
    """What a booking costs that is cancelled late; nothing when not given, nor where the
    microscope was down when it was cancelled or in any part of its time."""
    rules: tuple[DatedRules, ...] = ()
    """How the four rules above change, each from a day on."""
    day_begins: time = time(0)
    """When the site's day begins, by its clock: a booking from nine to nine can be one day."""
    slots: tuple[time, ...] = ()
    """When slots begin, each day, by the site's clock; each lasts until the next."""
    downtime: Several = DOWNTIME
    """Kinds of occasions in a microscope's history whose time is downtime, if it is said how long.

    Bookings of kind downtime or maintenance always are.
    """
    per: Literal["team", "project"] = "team"
    """Whether a team gets one invoice, or one for each of its projects."""
    rounding: Rounding = "half-up"
    """What becomes of half of the smallest coin; each line is rounded once, and each tax."""
    number: Pattern = "{year}-{number:04}"
    """How invoices are numbered: from 1 each year, without gaps."""
    credit_number: Pattern = "C{year}-{number:04}"
    """How credit notes are numbered, likewise."""
    pay_within: Annotated[int, Field(ge=0, le=3650)] = 30
    """Days until an invoice is to be paid."""
    texts: WholePath | None = None
    """A TOML file with the words of invoices in the site's language; English when not given."""
    layout: WholePath | None = None
    """A template for typst in place of icestream's own, which reads the same data."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        wrong = list(self._faults())
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _faults(self) -> Iterator[str]:
        for name, one in self.classes.items():
            if one.tax not in self.taxes:
                yield f"classes.{name}.tax is {one.tax!r}, taxes has {', '.join(self.taxes)}"
        for what, dated in (("lists", self.lists), ("rules", self.rules)):
            begun = Counter(each.begins for each in dated)
            yield from (f"two {what} begin on {day}" for day, times in begun.items() if times > 1)
        for number, each in enumerate(self.lists):
            where = f"lists.{number}"
            for kind, priced in (("microscopes", each.microscopes), ("items", each.items)):
                for name, price in priced.items():
                    yield from self._unknown(f"{where}.{kind}.{name}.prices", price.prices)
                    if isinstance(price, TimePrice) and price.per == "slot" and not self.slots:
                        yield f"{where}.{kind}.{name} has prices per slot: say when slots begin"
            for place, discount in enumerate(each.discounts):
                yield from self._unknown(f"{where}.discounts.{place}.classes", discount.classes)
        if len(set(self.slots)) != len(self.slots):
            yield "two slots begin at one time"
        shown = [
            pattern.format(year=2026, number=1) for pattern in (self.number, self.credit_number)
        ]
        if shown[0] == shown[1]:
            yield f"number and credit_number both give {shown[0]}"

    def _unknown(self, where: str, given: dict[str, Decimal] | tuple[str, ...]) -> Iterator[str]:
        for name in given:
            if name not in self.classes:
                yield f"{where} has {name!r}, classes has {', '.join(self.classes)}"
