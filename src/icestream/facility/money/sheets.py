"""Tables of invoices, of what is on none, and of beam time: CSV, and XLSX for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from icestream.facility.money.document import Document
from icestream.shown import spreadsheet_text
from icestream.whole import written_whole

__all__ = ["Cell", "SheetTable", "csv_text", "invoice_table", "write_table"]

Cell = str | int | Decimal | None
"""What a cell holds; None for what is not known."""

_EXACT = 15
"""Decimal digits that a spreadsheet's binary numbers hold."""


class SheetTable:
    """Heads and rows of equal length.

    Attributes
    ----------
    heads
        Names of the columns.
    rows
        Cells, in the order of the heads.
    """

    def __init__(self, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        self.heads = tuple(heads)
        self.rows = tuple(tuple(row) for row in rows)


_HEADS = (
    "number", "kind", "issued", "corrects", "team", "project", "reference", "line", "what", "how",
    "begins", "ends", "sessions", "quantity", "unit", "price", "percent of price", "discount %",
    "amount", "currency", "tax", "tax %",
)  # fmt: skip


def invoice_table(documents: Iterable[Document]) -> SheetTable:
    """A row for each line of invoices, credit notes and drafts; amounts are exact, without tax."""
    return SheetTable(_HEADS, (row for document in documents for row in _rows(document)))


def _rows(document: Document) -> Iterable[tuple[Cell, ...]]:
    zone = ZoneInfo(document["zone"])
    percents = {each["name"]: each["percent"] for each in document["taxes"]}
    for line in document["lines"]:
        ends = line["spans"][-1][1] if line["spans"] else line["begins"]
        begins = line["spans"][0][0] if line["spans"] else line["begins"]
        yield (
            document.get("number", ""), document["kind"], document.get("issued", ""),
            document.get("corrects", {}).get("number", ""), document["payer"]["team"],
            line["project"], line["reference"] or document["payer"]["reference"], line["number"],
            line["what"], line["manner"], _at(begins, zone), _at(ends, zone), line["note"],
            Decimal(line["quantity"]), line["unit"], Decimal(line["price"]),
            Decimal(line["share"]), Decimal(line["discount"]), Decimal(line["amount"]),
            document["currency"], line["tax_title"], Decimal(percents[line["tax"]]),
        )  # fmt: skip


def _at(seconds: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).isoformat(" ", "minutes")


def csv_text(table: SheetTable) -> str:
    """The table as CSV, in which no spreadsheet takes a name for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.heads)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        return spreadsheet_text(cell)
    return "" if cell is None else f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def write_table(table: SheetTable, out: Path) -> None:
    """Write a table as XLSX or CSV, by the end of the file's name."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as unfinished:
        if out.suffix.lower() == ".xlsx":
            unfinished.write_bytes(_workbook(table))
        else:
            unfinished.write_text(csv_text(table), "utf-8", newline="")


def _workbook(table: SheetTable) -> bytes:
    import xlsxwriter  # only a spreadsheet needs it

    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "constant_memory": False})
    book.set_properties({"created": datetime.combine(date.today(), datetime.min.time())})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1})
    for column, head in enumerate(table.heads):
        sheet.write_string(0, column, head, bold)
        longest = max((len(_plain(row[column])) for row in table.rows), default=0)
        sheet.set_column(column, column, min(60, max(len(head), longest) + 2))
    formats: dict[str, Any] = {}
    for place, row in enumerate(table.rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(place, column, cell)
            elif isinstance(cell, int | Decimal):
                pattern = _pattern(cell)
                made = formats.setdefault(pattern, book.add_format({"num_format": pattern}))
                if len(str(abs(cell)).replace(".", "")) > _EXACT:
                    sheet.write_string(place, column, f"{cell:f}")  # it would be rounded
                else:
                    sheet.write_number(place, column, cell, made)
    sheet.freeze_panes(1, 0)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.heads) - 1)
    book.close()
    return held.getvalue()


def _pattern(cell: int | Decimal) -> str:
    exponent = Decimal(cell).as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return "0" + ("." + "0" * places if places else "")
