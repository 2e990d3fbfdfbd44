"""Drafts of invoices: what is due in a period, by who pays it; computed anew whenever asked."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from icestream.facility.money.account import BeamAccount
from icestream.facility.money.calendar import Period
from icestream.facility.money.currency import decimals_of, rounded, total
from icestream.facility.money.kinds import Money
from icestream.facility.money.parties import Payer
from icestream.facility.money.pricing import Line

__all__ = ["Draft", "TaxSum", "Totals", "drafts", "summed", "totals"]


@dataclass(frozen=True, slots=True)
class TaxSum:
    """A tax, on the sum of all lines that have it."""

    name: str
    title: str
    percent: Decimal
    note: str
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of an invoice."""

    taxes: tuple[TaxSum, ...]
    net: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be an invoice, if it were issued now."""

    payer: Payer
    project: str
    """The project that it is for, where each project gets its own; empty otherwise."""
    lines: tuple[Line, ...]
    totals: Totals


def drafts(found: BeamAccount, money: Money, period: Period | None) -> tuple[Draft, ...]:
    """All drafts of a period, or of all time; a use is in the period in which it begins."""
    by: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in found.due:
        if period is None or period.has(line.begins):
            by[line.payer.team, line.project if money.per == "project" else ""].append(line)
    return tuple(_draft(by[key], key[1], money) for key in sorted(by))


def _draft(lines: list[Line], project: str, money: Money) -> Draft:
    ordered = sorted(lines, key=lambda line: (line.project, line.begins, line.kind, line.source))
    summed = totals(((line.tax, line.amount) for line in ordered), money)
    return Draft(ordered[0].payer, project, tuple(ordered), summed)


def totals(amounts: Iterable[tuple[str, Decimal]], money: Money) -> Totals:
    """The sums of lines: each tax once, on the sum of its lines, and rounded once."""
    places = decimals_of(money.currency)
    by: dict[str, list[Decimal]] = defaultdict(list)
    for name, amount in amounts:
        by[name].append(amount)
    taxes = []
    for name in sorted(by, key=lambda name: (-money.taxes[name].percent, name)):
        rate, net = money.taxes[name], total(by[name], places)
        tax = rounded(Fraction(net) * Fraction(rate.percent) / 100, places, money.rounding)
        taxes.append(TaxSum(name, rate.title, rate.percent, rate.note, net, tax))
    return summed(taxes, places)


def summed(taxes: list[TaxSum], places: int) -> Totals:
    """The sums over all taxes."""
    net = total([each.net for each in taxes], places)
    tax = total([each.tax for each in taxes], places)
    return Totals(tuple(taxes), net, tax, total([net, tax], places))
