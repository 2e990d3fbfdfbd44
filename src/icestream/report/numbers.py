"""Numbers as people read them: with the digits that say something, and no zero that is none."""

import math

__all__ = ["digits_of", "number_text", "with_unit"]

_MOST = 4
"""Digits after the point, however close the values lie."""


def digits_of(span: float) -> int:
    """Digits after the point that tell values apart which lie within `span` of each other."""
    if not (math.isfinite(span) and span > 0):
        return 2
    wanted = 2 if span >= 1 else 1
    return min(_MOST, max(0, wanted - math.floor(math.log10(span))))


def number_text(value: float | None, digits: int = 2) -> str:
    """A number with at most so many digits after the point, fewer where it is large.

    There is no exponent; thousands are grouped; what rounds to zero is ``0``, and what is not
    known is a dash.
    """
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    places = 0 if size >= 99.95 else min(digits, 1) if size >= 9.995 else digits
    text = f"{value:,.{places}f}"
    return "0" if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def with_unit(value: float | None, unit: str, digits: int = 2) -> str:
    """A number and its unit; a dash alone where it is not known."""
    text = number_text(value, digits)
    if not unit or text == "–":
        return text
    return text + (unit if unit == "°" else f"\u202f{unit}")
