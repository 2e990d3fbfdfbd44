"""Tables for spreadsheets: exact, and without formulas that nobody wrote."""

import csv
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

from billing import JULY, book, work
from icestream.facility.money.issue import credit, issue
from icestream.facility.money.sheets import SheetTable, csv_text, invoice_table, write_table
from icestream.facility.opened import Facility

EVIL = '=HYPERLINK("http://x","y")'
TABLE = SheetTable(
    ("a", "b", "c"),
    [(EVIL, Decimal("-12.50"), None), ('ä\n,"', 3, Decimal("12345678901234567.89"))],
)
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def test_csv_is_exact_and_has_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(csv_text(TABLE))))
    assert rows == [
        ["a", "b", "c"], [f"'{EVIL}", "-12.50", ""], ["ä\n,\"", "3", "12345678901234567.89"],
    ]  # fmt: skip


def test_a_workbook_has_numbers_and_texts(tmp_path: Path) -> None:
    write_table(TABLE, tmp_path / "new" / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "new" / "x.xlsx") as held:
        sheet = ET.fromstring(held.read("xl/worksheets/sheet1.xml"))
        texts = ["".join(e.itertext()) for e in ET.fromstring(held.read("xl/sharedStrings.xml"))]
    cells = {cell.get("r"): cell for cell in sheet.iter(f"{SPACE}c")}
    assert not list(sheet.iter(f"{SPACE}f"))
    assert cells["A2"].get("t") == "s"
    assert EVIL in texts
    assert "12345678901234567.89" in texts
    value = cells["B2"].find(f"{SPACE}v")
    assert value is not None
    assert value.text == "-12.50"
    assert "C2" not in cells


def test_the_lines_of_invoices_sum_to_what_is_paid(small: Facility, tmp_path: Path) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-05T09:00")
    work(small, "s1", "2026-05-04T10:00", "2026-05-05T11:00", "1")
    book(small, "2", "2026-05-07T09:00", "2026-05-07T09:30")
    made = issue(small, "lab", who="eve", now=JULY).document
    note = credit(small, "2026-0001", who="eve", reason="x", lines=[2], now=JULY).document
    write_table(invoice_table([made, note]), tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == ["2026-0001", "2026-0001", "C2026-0001"]
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("1507.50")
    assert rows[2]["corrects"] == "2026-0001"
    assert rows[0]["begins"] == "2026-05-04 10:00+02:00"
    assert (rows[0]["reference"], rows[0]["tax %"], rows[0]["sessions"]) == ("WP 3", "21", "s1")
