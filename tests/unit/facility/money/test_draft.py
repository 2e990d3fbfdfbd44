"""Drafts: what is due, by who pays it, in whatever periods it is asked for."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from beam_time import HOUR, PARTIES, SUNDAY, ZONE, section, some_books, some_money
from icestream.facility.money.account import account
from icestream.facility.money.calendar import Period, day_of
from icestream.facility.money.currency import decimals_of
from icestream.facility.money.draft import Draft, drafts, totals
from icestream.facility.money.kinds import Money
from icestream.facility.money.parties import Books, Charge

LATER = SUNDAY + 400 * HOUR
FIRST = day_of(SUNDAY, ZONE)


def made(books: Books, money: Money, period: Period | None = None) -> tuple[Draft, ...]:
    return drafts(account(books, money, ZONE, LATER), money, period)


def test_a_team_gets_one_invoice_or_one_for_each_project() -> None:
    charges = tuple(Charge(n, "grids", Decimal(1), SUNDAY, PARTIES[n % 3]) for n in range(6))
    found = made(Books(charges=charges), section())
    assert [(each.payer.team, each.project, len(each.lines)) for each in found] == [
        ("firm", "", 2), ("lab", "", 4),
    ]  # fmt: skip
    assert [line.project for line in found[1].lines] == ["cem1", "cem1", "cem2", "cem2"]
    found = made(Books(charges=charges), section(per="project"))
    assert [(each.payer.team, each.project) for each in found] == [
        ("firm", "f1"), ("lab", "cem1"), ("lab", "cem2"),
    ]  # fmt: skip


def test_a_tax_is_on_the_sum_and_rounded_once() -> None:
    found = totals([("full", Decimal("0.03")), ("full", Decimal("0.03"))], section())
    assert (found.net, found.tax, found.total) == (
        Decimal("0.06"), Decimal("0.01"), Decimal("0.07"),
    )  # fmt: skip
    both = totals([("reverse", Decimal(5)), ("full", Decimal(5))], section())
    assert [(each.name, each.tax) for each in both.taxes] == [
        ("full", Decimal("1.05")), ("reverse", Decimal("0.00")),
    ]  # fmt: skip
    assert both.taxes[1].note == "Reverse charge."


@given(some_books(), some_money())
@settings(max_examples=40)
def test_totals_are_the_sums_of_lines_exactly(books: Books, money: Money) -> None:
    for draft in made(books, money):
        places = decimals_of(money.currency)
        net = sum(Fraction(line.amount) for line in draft.lines)
        assert Fraction(draft.totals.net) == net
        assert Fraction(draft.totals.total) == net + sum(
            Fraction(each.tax) for each in draft.totals.taxes
        )
        for each in draft.totals.taxes:
            exact = Fraction(each.net) * Fraction(each.percent) / 100
            assert abs(Fraction(each.tax) - exact) <= Fraction(1, 2 * 10**places)
        for line in draft.lines:
            assert line.amount.as_tuple().exponent == -places
            assert line.payer.team == draft.payer.team


@given(some_books(), some_money(), st.integers(0, 4))
@settings(max_examples=40)
def test_a_period_in_two_parts_has_the_same_lines(books: Books, money: Money, day: int) -> None:
    last = FIRST + timedelta(days=6)
    middle = FIRST + timedelta(days=day)

    def lines(first: date, last: date) -> list[object]:
        parts = made(books, money, Period(first, last, ZONE))
        return [line for draft in parts for line in draft.lines]

    whole = lines(FIRST, last)
    parts = lines(FIRST, middle) + lines(middle + timedelta(days=1), last)
    assert len(parts) == len(whole)
    assert all(line in parts for line in whole)
    assert len(made(books, money)) == len(made(books, money, Period(FIRST, last, ZONE)))
