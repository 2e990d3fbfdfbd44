"""What a use costs, and why it cannot be said."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from beam_time import FIRM, HOUR, LAB, PARTIES, SECTION, STAFF, SUNDAY, ZONE, section
from icestream.facility.money.claims import Use
from icestream.facility.money.kinds import Money, TimePrice
from icestream.facility.money.parties import Charge, Party
from icestream.facility.money.pricing import (
    NoPrice,
    amount_of,
    list_of,
    price_charge,
    price_use,
    quantity_of,
)
from icestream.facility.money.spans import Spans

NIGHT: Spans = ((SUNDAY, SUNDAY + 11 * HOUR),)
"""From 22:00 to 10:00: eleven real hours, for the clock is set forward."""


def use(spans: Spans = NIGHT, **more: Any) -> Use:
    made = Use("booking", 7, "krios", spans[0][0], PARTIES[0], "booked", spans, Decimal(100), (),
               (), "", ("s1", "s2"))  # fmt: skip
    return replace(made, **more)


def quantity(spans: Spans, lost: Spans = (), money: Money | None = None, **price: Any) -> str:
    made = TimePrice.model_validate({"prices": {}, **price})
    return str(quantity_of(made, spans, lost, money or section(), ZONE).normalize())


def test_hours_are_real_hours() -> None:
    assert quantity(NIGHT) == "11"
    assert quantity(((0, 5400),), step="1") == "2"
    assert quantity(((0, 61),), step="0.25") == "0.25"


def test_the_minimum_is_not_asked_where_downtime_was() -> None:
    assert quantity(((0, HOUR),), minimum="4") == "4"
    assert quantity(((0, HOUR),), ((HOUR, 9 * HOUR),), minimum="4") == "1"


def test_days_are_those_of_the_site() -> None:
    assert quantity(NIGHT, per="day") == "2"
    assert quantity(NIGHT, per="day", money=section(day_begins="12:00")) == "1"
    assert quantity(NIGHT, per="day", grace="3 h") == "1"
    assert quantity(((SUNDAY, SUNDAY + HOUR),), per="day", grace="3 h") == "1"


def test_slots_are_those_of_the_site() -> None:
    money = section(slots=["09:00", "21:00"])
    assert quantity(NIGHT, per="slot", money=money) == "2"
    assert quantity(NIGHT, per="slot", money=money, grace="1 h") == "1"


def test_a_day_counts_by_the_part_that_was_not_lost() -> None:
    day = SUNDAY + 11 * HOUR
    kept, lost = ((day, day + 3 * HOUR),), ((day + 3 * HOUR, day + 6 * HOUR),)
    assert quantity(kept, lost, per="day") == "0.5"
    assert quantity(kept, lost, per="day", step="1") == "1"


def test_an_amount_is_rounded_once() -> None:
    money = section()
    args = Decimal("0.33"), Decimal("10.01"), Decimal("50"), Decimal("12.5")
    assert amount_of(*args, money) == Decimal("1.45")  # 1.44519375
    assert amount_of(Decimal(1), Decimal("0.005"), Decimal(100), Decimal(0), money) == Decimal(
        "0.01"
    )


def test_the_line_of_a_use() -> None:
    line = price_use(use(), section(), ZONE, "Titan Krios")
    assert (line.microscope, line.what, line.note) == ("krios", "Titan Krios", "s1, s2")
    assert (line.quantity, line.price, line.unit) == (Decimal("11.00"), Decimal("60.30"), "hour")
    assert (line.amount, line.tax, line.listed) == (Decimal("663.30"), "full", date(2026, 1, 1))


def test_the_list_of_the_day_on_which_it_begins_holds_for_all_of_it() -> None:
    later = {**SECTION["lists"][0], "begins": "2026-03-29"}
    money = section(lists=[later, SECTION["lists"][0]])
    assert price_use(use(), money, ZONE).listed == date(2026, 1, 1)
    moved = use(((SUNDAY + 2 * HOUR, SUNDAY + 3 * HOUR),))
    assert price_use(moved, money, ZONE).listed == date(2026, 3, 29)
    assert list_of(money, date(2030, 1, 1)).begins == date(2026, 3, 29)


def test_of_several_discounts_the_largest_holds() -> None:
    discounts = [
        {"percent": 10, "title": "all"},
        {"percent": 20, "title": "lab", "teams": ["lab"], "microscopes": ["krios"]},
        {"percent": 90, "title": "other", "projects": ["cem9"]},
        {"percent": 90, "title": "class", "classes": ["company"]},
    ]
    money = section(lists=[{**SECTION["lists"][0], "discounts": discounts}])
    line = price_use(use(), money, ZONE)
    assert (line.discount_title, line.amount) == ("lab", Decimal("530.64"))


def test_a_part_of_the_price() -> None:
    line = price_use(use(share=Decimal("33.3"), manner="no-show"), section(), ZONE)
    assert line.amount == Decimal("220.88")  # 220.8789


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"party": Party(missing="project x is not known")}, "project x is not known"),
        ({"party": Party()}, "it is not known who pays"),
        ({"party": Party(payer=replace(LAB, price_class=""))}, "team lab has no price class"),
        ({"party": Party(payer=replace(LAB, price_class="x"))}, "of class x, which the facility"),
        ({"party": Party(payer=STAFF)}, "class staff gets no invoices"),
        ({"party": Party(payer=replace(FIRM, vat=""))}, "no VAT number, which VAT asks"),
        ({"begins": 1_000_000_000}, "no list of prices holds on 2001-09-09; the first begins on"),
        ({"microscope": "aquilos"}, "microscope aquilos has no price in the list of 2026-01-01"),
    ],
)
def test_why_nothing_can_be_billed(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(NoPrice, match=said):
        price_use(use(**changed), section(), ZONE)


def test_a_class_without_a_price() -> None:
    prices = {"krios": {"prices": {"company": "1"}}}
    money = section(lists=[{"begins": "2026-01-01", "microscopes": prices}])
    with pytest.raises(NoPrice, match="no price of krios for class academic in the list of 2026"):
        price_use(use(), money, ZONE)


def test_the_line_of_a_charge() -> None:
    charge = Charge(3, "grids", Decimal("2.5"), SUNDAY, PARTIES[0], "cold")
    line = price_charge(charge, section(), ZONE)
    assert (line.kind, line.what, line.unit, line.note) == ("item", "Grids", "box", "cold")
    assert line.amount == Decimal("24.98")  # 24.975
    with pytest.raises(NoPrice, match="no item wine"):
        price_charge(replace(charge, item="wine"), section(), ZONE)
    with pytest.raises(NoPrice, match="class staff"):
        price_charge(replace(charge, party=PARTIES[3]), section(), ZONE)
