"""Which rules hold when something begins."""

from datetime import datetime
from decimal import Decimal

from beam_time import ZONE, section
from icestream.facility.money.rules import RulesInTime


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def test_rules_change_at_midnight_of_the_site_and_what_is_not_given_stays() -> None:
    rules = RulesInTime(
        section(
            bill="booked",
            no_show="80",
            rules=[
                {"begins": "2027-01-01", "no_show": "25"},
                {"begins": "2026-07-01", "bill": "used", "cancellation": {"percent": 0}},
            ],
        ),
        ZONE,
    )
    first, last = rules.at(at("2026-06-30T23:59")), rules.at(at("2029-01-01T00:00"))
    assert (first.bill, first.no_show) == ("booked", Decimal(80))
    assert first.cancellation is not None
    assert first.cancellation.percent == 50
    middle = rules.at(at("2026-07-01T00:00"))
    assert (middle.bill, middle.no_show) == ("used", Decimal(80))
    assert (last.bill, last.no_show) == ("used", Decimal(25))
    for each in (middle, last):
        assert each.cancellation is not None
        assert each.cancellation.percent == 0


def test_without_dates_the_rules_always_are_the_same() -> None:
    money = section()
    assert RulesInTime(money, ZONE).at(0) is money
