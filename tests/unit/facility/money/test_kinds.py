"""The section says what is wrong with it, all at once."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from beam_time import SECTION, section
from icestream.facility.money.kinds import Money


def refused(**changed: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Money.model_validate({**deepcopy(SECTION), **changed})
    return str(error.value)


def test_prices_are_exact() -> None:
    money = section()
    assert money.lists[0].microscopes["krios"].prices["academic"] == Decimal("60.30")
    lists = deepcopy(SECTION["lists"])
    lists[0]["microscopes"]["krios"]["prices"]["academic"] = 60.3
    assert 'write decimal numbers in quotes, such as "60.3"' in refused(lists=lists)
    lists[0]["microscopes"]["krios"]["prices"]["academic"] = "-1"
    assert "greater than or equal to 0" in refused(lists=lists)


@pytest.mark.parametrize("currency", ["eur", "XXX", "€", ""])
def test_a_currency_is_one_of_iso_4217(currency: str) -> None:
    assert "write a code of ISO 4217 such as EUR" in refused(currency=currency)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("{number}", "two invoices would have one number"), ("{year}", "two invoices"),
     ("{year}{number}{more}", "write a pattern with"), ("{year", "write a pattern with"),
     ("{year}{number.real.x}", "write a pattern with"), ("{year}\n{number}", "one number"),
     ("{year}-{number:.1f}", None), ("{number:04}/{year}", None)],
)  # fmt: skip
def test_numbers_are_of_one_invoice_each(pattern: str, said: str | None) -> None:
    if said is None:
        assert section(number=pattern).number == pattern
    else:
        assert said in refused(number=pattern)


def test_all_that_does_not_fit_together_is_said_at_once() -> None:
    lists = deepcopy(SECTION["lists"])
    lists[0]["microscopes"]["krios"]["prices"]["akademic"] = "1"
    lists[0]["microscopes"]["talos"]["per"] = "slot"
    lists[0]["discounts"] = [{"percent": 1, "title": "x", "classes": ["friends"]}]
    said = refused(
        lists=[*lists, {"begins": "2026-01-01"}],
        classes={**SECTION["classes"], "guests": {"tax": "fool"}},
        credit_number="{year}-{number:04}",
        slots=[],
        rules=[{"begins": "2026-07-01", "no_show": 1}, {"begins": "2026-07-01", "bill": "used"}],
    )
    for part in (
        "classes.guests.tax is 'fool', taxes has full, reverse",
        "two lists begin on 2026-01-01",
        "lists.0.microscopes.krios.prices has 'akademic', classes has academic",
        "lists.0.microscopes.talos has prices per slot: say when slots begin",
        "lists.0.discounts.0.classes has 'friends'",
        "number and credit_number both give 2026-0001",
        "two rules begin on 2026-07-01",
    ):
        assert part in said
    assert "two slots begin at one time" in refused(slots=["09:00", "09:00"])
