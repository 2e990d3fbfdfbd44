"""What was issued, found again."""

import pytest
from sqlalchemy import text

from billing import JULY, book, local
from icestream.facility.money.invoices import find_invoice, invoices, verify
from icestream.facility.money.issue import credit, issue
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.opened import Facility


@pytest.fixture
def issued(small: Facility) -> Facility:
    for day in (4, 5):
        book(small, str(day), f"2026-05-0{day}T09:00", f"2026-05-0{day}T10:00")
        issue(small, "lab", who="eve", now=JULY + day)
    credit(small, "2026-0001", who="eve", reason="x", now=local("2027-01-05T00:00"))
    return small


def test_invoices_of_a_year_with_their_states(issued: Facility) -> None:
    with issued.registry.read() as connection:
        found = [(each.number, each.state) for each in invoices(connection)]
        later = [each.number for each in invoices(connection, year=2027)]
        with pytest.raises(MoneyRefusal, match="no invoice and no credit note has the number '7'"):
            find_invoice(connection, "7")
        assert list(verify(connection)) == []
    assert found == [
        ("2026-0001", "credited"), ("2026-0002", "issued"), ("C2027-0001", "issued"),
    ]  # fmt: skip
    assert later == ["C2027-0001"]


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        (["DROP TRIGGER line_changed", "UPDATE invoice_line SET amount = '1' WHERE id = 2"],
         ["2026-0002 has other lines in the database than in its document"]),
        (["DROP TRIGGER invoice_changed", "UPDATE invoice SET number = 'x' WHERE id = 2"],
         ["x has the document of 2026-0002"]),
        (["DROP TRIGGER invoice_changed", "UPDATE invoice SET serial = 3 WHERE id = 2"],
         ["2026-0002 is the 3th of 2026, after the 1th"]),
        (["DROP TRIGGER invoice_changed", "DROP TRIGGER invoice_removed",
          "DELETE FROM invoice WHERE id = 1", "UPDATE invoice SET serial = 1 WHERE id = 2"],
         ["2026-0002 does not name the digest of the one before it"]),
    ],
)  # fmt: skip
def test_whatever_was_done_behind_their_back_is_told(
    issued: Facility, statements: list[str], faults: list[str]
) -> None:
    with issued.registry.write() as connection:
        for statement in statements:
            connection.execute(text(statement))
    with issued.registry.read() as connection:
        assert list(verify(connection)) == faults


def test_what_is_not_kept_as_billed_is_found(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T12:00")
    issue(small, "lab", who="eve", now=JULY)
    with small.registry.write() as connection:
        assert list(verify(connection)) == []
        connection.execute(text("DROP TRIGGER billed_removed"))
        connection.execute(text("DELETE FROM billed"))
        (said,) = verify(connection)
    assert said == "line 1 of 2026-0001 is not kept as billed as it says"
