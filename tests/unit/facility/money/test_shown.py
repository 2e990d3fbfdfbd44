"""What stands on an invoice, in the words of the site."""

from datetime import date

from billing import JULY, ZONE, book
from icestream.facility.money.calendar import FIRST_DAY, LAST_DAY, Period
from icestream.facility.money.charges import add_charge
from icestream.facility.money.issue import credit, issue
from icestream.facility.money.shown import shown
from icestream.facility.opened import Facility


def test_what_stands_on_it(small: Facility) -> None:
    add_charge(small, "firm", "grids", "3", who="eve", project="f1", note="clipped")
    made = issue(small, "firm", who="eve")
    told = shown(made.document)
    assert (told["title"], told["number"]) == ("Invoice", made.number)
    assert ["Number", made.number] in told["facts"]
    assert told["payer"]["vat"] == "VAT number DE1"
    (line,) = told["lines"]
    assert (line["what"], line["quantity"], line["price"], line["amount"]) == (
        "Grids", "3 box", "12.00", "36.00",
    )  # fmt: skip
    assert line["about"] == ["Project f1", "clipped"]
    assert told["sums"] == [["Net", "36.00"], ["VAT", "0.00"], ["Total", "36.00 EUR"]]
    assert told["notes"] == ["Reverse charge."]


def test_a_part_of_the_price_and_a_credit_note(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T10:00", state="cancelled",
         cancelled=JULY - 59 * 86400)  # fmt: skip
    issue(small, "lab", who="eve", now=JULY)
    told = shown(credit(small, "2026-0001", who="eve", reason="rain", now=JULY).document)
    assert told["title"] == "Credit note"
    assert ["Corrects invoice", "2026-0001 (2026-07-01)"] in told["facts"]
    assert ["Reason", "rain"] in told["facts"]
    (line,) = told["lines"]
    assert line["about"] == ["cancelled late", "Project cem1 (WP 3)", "50 % of price"]
    assert line["when"] == ["2026-05-04 09:00 – 2026-05-04 10:00"]
    assert line["amount"] == "−30.15"
    assert told["sums"][-1] == ["Total", "−36.48 EUR"]


def test_a_period_that_has_no_beginning_or_no_end_says_none(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T10:00")
    for first, last, said in (
        (FIRST_DAY, date(2026, 5, 31), "– 2026-05-31"),
        (date(2026, 5, 1), LAST_DAY, "2026-05-01 –"),
    ):
        made = issue(small, "lab", who="eve", period=Period(first, last, ZONE), now=JULY)
        assert ["Period", said] in shown(made.document)["facts"]
        credit(small, made.number, who="eve", reason="again", now=JULY)
