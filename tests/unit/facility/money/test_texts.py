"""Words and numbers of invoices are those of the site."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.texts import Texts, load_texts

GERMAN = """
language = "de"
invoice = "Rechnung"
decimal_mark = ","
thousands = "."
day_pattern = "%d.%m.%Y"
"""


def test_a_site_says_what_it_wants_otherwise(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_text(GERMAN)
    texts = load_texts(tmp_path / "de.toml")
    assert (texts.invoice, texts.credit) == ("Rechnung", "Credit note")
    assert texts.decimal(Decimal("1234567.5"), 2) == "1.234.567,50"
    assert texts.day_of(date(2026, 5, 4)) == "04.05.2026"
    assert texts.moment(datetime(2026, 5, 4, 9)) == "2026-05-04 09:00"
    assert load_texts(None) == Texts()


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [("0", 2, "0.00"), ("-0.5", 2, "−0.50"), ("999", 0, "999"), ("1000", 0, "1 000"),
     ("100.00", None, "100"), ("0.25", None, "0.25"), ("1E+3", None, "1 000")],
)  # fmt: skip
def test_numbers_as_they_are_printed(value: str, places: int | None, shown: str) -> None:
    assert Texts(thousands=" ").decimal(Decimal(value), places) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [("invoyce = 'x'", "invoyce: Extra inputs"), ("invoice = ", "not valid TOML"),
     ("language = 'German'", "language: String should match")],
)  # fmt: skip
def test_a_wrong_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(MoneyRefusal, match=said):
        load_texts(tmp_path / "x.toml")
    with pytest.raises(MoneyRefusal, match="No such file"):
        load_texts(tmp_path / "y.toml")
