"""Currencies of ISO 4217, how many decimals each has, and the one way in which amounts are rounded.

Amounts are decimal numbers of any length, never binary ones.
"""

from decimal import Context, Decimal
from fractions import Fraction
from typing import Literal

__all__ = ["CURRENCIES", "Rounding", "decimals_of", "in_steps", "rounded", "total"]

Rounding = Literal["half-up", "half-even"]
"""What becomes of an amount in the middle between two: the larger, or the one that is even."""

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF
XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
CURRENCIES = {
    code: 0 if code in _NONE.split() else 3 if code in _THREE.split() else 2
    for code in _CODES.split()
}
"""The codes of what is paid with, and how many decimals each has."""

_EXACT = Context(prec=60)


def decimals_of(currency: str) -> int:
    """How many decimals the currency has; KeyError for a code that is none."""
    return CURRENCIES[currency]


def rounded(amount: Fraction, decimals: int, how: Rounding = "half-up") -> Decimal:
    """An exact amount, rounded to `decimals`; a negative one as its opposite.

    >>> rounded(Fraction(5, 1000), 2), rounded(Fraction(-5, 1000), 2)
    (Decimal('0.01'), Decimal('-0.01'))
    >>> rounded(Fraction(5, 1000), 2, "half-even")
    Decimal('0.00')
    """
    scaled = abs(amount) * 10**decimals
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest
    up = twice > scaled.denominator or (
        twice == scaled.denominator and (how == "half-up" or whole % 2 == 1)
    )
    units = whole + up
    return Decimal(-units if amount < 0 else units).scaleb(-decimals, _EXACT)


def in_steps(quantity: Fraction, step: Decimal) -> Decimal:
    """A quantity in whole steps, of which one that has begun counts.

    >>> in_steps(Fraction(91, 60), Decimal("0.25")), in_steps(Fraction(2), Decimal("0.5"))
    (Decimal('1.75'), Decimal('2.0'))
    """
    steps = -(-quantity // Fraction(step))
    return _EXACT.multiply(Decimal(int(steps)), step)


def total(amounts: list[Decimal], decimals: int) -> Decimal:
    """The exact sum of amounts, with the decimals of the currency also where there is none."""
    summed = sum((Fraction(amount) for amount in amounts), Fraction(0))
    exact = rounded(summed, decimals)
    assert Fraction(exact) == summed, "amounts have the decimals of their currency"
    return exact
