"""What is billed beside time, and what invoices know of a team."""

from decimal import Decimal

import pytest

from billing import JULY, book, local
from icestream.facility.money.charges import add_charge, charges, remove_charge, set_payer
from icestream.facility.money.issue import account_of, credit, issue
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.opened import Facility

MAY = local("2026-05-05T12:00")


def test_a_charge_is_billed_once(lab: Facility) -> None:
    number = add_charge(lab, "lab", "grids", "2.50", who="eve", at=MAY, project="cem1", note="x")
    (held,) = charges(lab)
    assert (held.id, held.team, held.project, held.quantity) == (
        number,
        "lab",
        "cem1",
        Decimal("2.50"),
    )
    made = issue(lab, "lab", who="eve", now=JULY)
    (line,) = made.document["lines"]
    assert (line["kind"], line["amount"], line["reference"]) == ("item", "24.98", "WP 3")
    assert account_of(lab, JULY).due == ()
    with pytest.raises(MoneyRefusal, match="is on an invoice: credit its line first"):
        remove_charge(lab, number)
    credit(lab, made.number, who="eve", reason="lost", now=JULY)
    remove_charge(lab, number)
    assert (charges(lab), account_of(lab, JULY).due) == ((), ())
    with pytest.raises(MoneyRefusal, match=f"there is no charge {number}"):
        remove_charge(lab, number)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("lap", "grids", "1"), "no team 'lap'; it has firm, lab"),
        (("lab", "grid", "1"), "the list of 2026-01-01 has no item 'grid'; it has grids"),
        (("lab", "grids", "0"), "a quantity is more than 0"),
        (("lab", "grids", "1.1234567"), "6 decimals at most"),
        (("lab", "grids", "many"), "write a quantity such as 3 or 0.25, found 'many'"),
        (("lab", "grids", "inf"), "a quantity is more than 0"),
    ],
)
def test_what_is_not_known_is_refused(
    small: Facility, given: tuple[str, str, str], said: str
) -> None:
    with pytest.raises(MoneyRefusal, match=said):
        add_charge(small, *given, who="eve", at=MAY)
    assert charges(small) == ()


def test_neither_a_project_nor_a_day_that_is_not_known(small: Facility) -> None:
    with pytest.raises(MoneyRefusal, match="has no project 'cem9'"):
        add_charge(small, "lab", "grids", "1", who="eve", at=MAY, project="cem9")
    with pytest.raises(MoneyRefusal, match="no list of prices holds on 2001"):
        add_charge(small, "lab", "grids", "1", who="eve", at=1e9)


def test_what_invoices_know_of_a_team(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T10:00")
    set_payer(small, "lab", price_class="company", vat="FR2")
    made = issue(small, "lab", who="eve", now=JULY).document
    assert (made["payer"]["vat"], made["payer"]["reference"]) == ("FR2", "PO 1")
    assert (made["lines"][0]["price"], made["tax"]) == ("450", "0.00")
    set_payer(small, "lab")
    with pytest.raises(MoneyRefusal, match="no price class 'x'; there are academic, company"):
        set_payer(small, "lab", price_class="x")
    with pytest.raises(MoneyRefusal, match="no team 'lap'"):
        set_payer(small, "lap", vat="x")
