"""Numbers as people read them."""

import pytest

from icestream.report.numbers import digits_of, number_text, with_unit


@pytest.mark.parametrize(
    ("span", "digits"),
    [(300.0, 0), (15.0, 1), (5.0, 2), (0.4, 2), (0.02, 3), (1e-9, 4), (0.0, 2), (float("nan"), 2)],
)
def test_digits_tell_values_apart(span: float, digits: int) -> None:
    assert digits_of(span) == digits


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3.514, 2, "3.51"),
        (11.84, 2, "11.8"),
        (2612.3, 2, "2,612"),
        (-0.0044, 3, "−0.004"),
        (0.0000004, 4, "0"),
        (-0.00001, 2, "0"),
        (0.0, 4, "0"),
        (99.97, 2, "100"),
        (None, 2, "–"),
        (float("nan"), 2, "–"),
        (float("inf"), 2, "–"),
    ],
)
def test_a_number_has_few_digits_and_no_false_zero(
    value: float | None, digits: int, text: str
) -> None:
    assert number_text(value, digits) == text


def test_a_unit_stands_where_a_number_does() -> None:
    assert with_unit(3.514, "Å") == "3.51\u202fÅ"
    assert with_unit(31.0, "°", 0) == "31°"
    assert with_unit(0.953, "") == "0.95"
    assert with_unit(None, "Å") == "–"
