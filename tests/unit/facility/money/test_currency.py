"""Amounts are exact."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.facility.money.currency import (
    CURRENCIES,
    decimals_of,
    in_steps,
    rounded,
    total,
)


def test_currencies_have_the_decimals_of_iso_4217() -> None:
    assert not {"XAU", "XXX", "DEM", "CUC"} & CURRENCIES.keys()
    assert [decimals_of(code) for code in ("EUR", "SEK", "JPY", "KWD", "ISK")] == [2, 2, 0, 3, 0]


@pytest.mark.parametrize(
    ("amount", "half_up", "half_even"),
    [("0.125", "0.13", "0.12"), ("0.135", "0.14", "0.14"), ("-0.125", "-0.13", "-0.12"),
     ("0.1249999999999999999999", "0.12", "0.12"), ("0", "0.00", "0.00"),
     ("123456789012345678.125", "123456789012345678.13", "123456789012345678.12")],
)  # fmt: skip
def test_half_of_a_coin(amount: str, half_up: str, half_even: str) -> None:
    assert str(rounded(Fraction(amount), 2)) == half_up
    assert str(rounded(Fraction(amount), 2, "half-even")) == half_even


@given(st.fractions(-(10**9), 10**9), st.integers(0, 4))
def test_rounding_is_by_half_a_coin_at_most_and_the_same_both_ways(
    amount: Fraction, places: int
) -> None:
    made = rounded(amount, places)
    assert abs(Fraction(made) - amount) <= Fraction(1, 2 * 10**places)
    assert rounded(-amount, places) == -made
    assert rounded(Fraction(made), places, "half-even") == made


@given(st.fractions(0, 10**6), st.sampled_from(["0.01", "0.3", "1", "2.5"]))
def test_a_step_that_has_begun_counts(quantity: Fraction, step: str) -> None:
    made = Fraction(in_steps(quantity, Decimal(step)))
    assert quantity <= made < quantity + Fraction(step)
    assert (made / Fraction(step)).denominator == 1


def test_sums_are_exact_and_say_so_where_they_cannot_be() -> None:
    assert str(total([Decimal("0.1")] * 3, 2)) == "0.30"
    assert str(total([], 0)) == "0"
    with pytest.raises(AssertionError):
        total([Decimal("0.001")], 2)
