"""`icestream facility invoices`, from bookings to a credit note."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing import book, local
from icestream.cli.facility.app import app
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.opened import open_facility
from icestream.facility.registry.microscopes import add_occasion, end_occasion
from icestream.facility.registry.people import keep_person, keep_project, keep_team

MONEY = """
[money]
currency = "EUR"
seller = { name = "The facility" }
taxes = { full = { percent = 21, title = "VAT 21 %" } }
classes = { academic = { tax = "full" } }

[[money.lists]]
begins = 2020-01-01
microscopes = { krios1 = { prices = { academic = 60 } } }
items = { grids = { title = "Grids", prices = { academic = 5 } } }
"""


@pytest.fixture
def facility_(
    write_facility: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[Any, str]]:
    """Runs a command; what it returned, and what it printed."""
    with open_facility(write_facility(MONEY)) as facility:
        with facility.registry.write() as connection:
            for team in ("lab", "other"):
                keep_team(connection, team, price_class="academic")
            keep_person(connection, "ada", team="lab")
            keep_project(connection, "cem1", team="lab", confidential=True)
            keep_project(connection, "o1", team="other")
        book(facility, "1", "2026-05-04T09:00", "2026-05-04T12:00", microscope="krios1")
        book(facility, "2", "2026-05-05T09:00", "2026-05-05T12:00", "o1", microscope="krios1")
        book(facility, "3", "2026-05-06T09:00", "2026-05-06T12:00", "no", microscope="krios1")

    def run(*words: str) -> tuple[Any, str]:
        done = app(("invoices", *words), result_action="return_value")
        return done, capsys.readouterr().out

    return run


MAY = ("--from", "2026-05-01", "--to", "2026-05-31")


def test_from_a_draft_to_a_credit_note(
    facility_: Callable[..., tuple[Any, str]], tmp_path: Path
) -> None:
    assert "no invoice was issued" in facility_()[1]
    said = facility_("draft", *MAY)[1]
    assert "lab\t\t1\t180.00\t37.80\t217.80\tEUR" in said
    said = facility_("draft", "lab", *MAY)[1]
    assert "Draft, not an invoice" in said
    assert "Total: 217.80 EUR" in said
    key = json.loads(facility_("draft", "lab", *MAY, "--json")[1])[0]["draft"]
    assert f"--draft {key}" in said
    with pytest.raises(MoneyRefusal, match="has changed since the draft nonsense"):
        facility_("issue", "lab", *MAY, "--draft", "nonsense")
    said = facility_("issue", "lab", *MAY, "--draft", key, "--out", str(tmp_path / "lab.pdf"))[1]
    number = f"{date.today().year}-0001"
    assert said.startswith(f"{number}  lab  217.80 EUR\nwritten: ")
    assert (tmp_path / "lab.pdf").read_bytes().startswith(b"%PDF-")
    assert "Price" in facility_("show", number)[1]
    assert json.loads(facility_("show", number, "--json")[1])["total"] == "217.80"
    said = facility_("credit", number, "--reason", "rain", "--line", "1")[1]
    assert said == f"C{number}  lab  -217.80 EUR\n"
    assert f"{number}\tinvoice" in facility_()[1]
    assert "(confidential)\t1\t217.80\tEUR\tcredited\n" in facility_("--public")[1]
    assert facility_("verify") == (0, "2 issued, all as they were issued\n")
    facility_("export", "--out", str(tmp_path / "all.csv"))
    assert (tmp_path / "all.csv").read_text().count("\n") == 3
    said = facility_("export", f"C{number}", "--out", str(tmp_path / "folder"))[1]
    assert (tmp_path / "folder" / f"C{number}.pdf").exists()


def test_all_teams_at_once(facility_: Callable[..., tuple[Any, str]], tmp_path: Path) -> None:
    with pytest.raises(MoneyRefusal, match="say which team"):
        facility_("issue", *MAY)
    said = facility_("issue", "--all", *MAY, "--out", str(tmp_path / "all"))[1]
    with pytest.raises(MoneyRefusal, match="a draft is of one team"):
        facility_("issue", "--all", "--draft", "0bc6e2c0a970")
    assert said.count("written: ") == len(list((tmp_path / "all").iterdir())) == 2
    assert facility_("issue", "--all", *MAY)[1] == "nothing is due\n"
    assert facility_("draft", *MAY)[1] == "nothing is due\n"


def test_what_is_on_none(facility_: Callable[..., tuple[Any, str]], tmp_path: Path) -> None:
    code, said = facility_("--unbilled")
    assert code == 1
    assert "project no is not known" in said
    assert facility_("--unbilled", "--to", "2026-05-05") == (0, "nothing\n")
    assert json.loads(facility_("--unbilled", "--json")[1])[0]["state"] == "to do"
    assert facility_("--proposals") == (0, "nothing\n")
    facility_("--unbilled", "--out", str(tmp_path / "x.csv"))
    assert "project no is not known" in (tmp_path / "x.csv").read_text()


def test_a_failure_without_an_end_is_named_before_anything_is_billed(
    facility_: Callable[..., tuple[Any, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with open_facility() as facility, facility.registry.write() as connection:
        for kind, day in (("failure", "05"), ("note", "05"), ("failure", "07")):
            when = (local(f"2026-05-{day}T10:00"), None)
            add_occasion(connection, "krios1", kind, "x", who="eve", when=when)

    def warned(*words: str) -> list[str]:
        app(("invoices", *words), result_action="return_value")
        return capsys.readouterr().err.splitlines()

    told = (
        "krios1: the failure of 2026-05-05 10:00 has no end, so that its time is billed:"
        " icestream facility occasion --end 1 --until …"
    )
    assert warned("draft", "--to", "2026-05-06") == [told]
    assert len(warned("--unbilled")) == 2
    assert warned("draft", "other", "--to", "2026-05-06") == [told]
    with open_facility() as facility, facility.registry.write() as connection:
        end_occasion(connection, 1, local("2026-05-05T11:00"))
    assert warned("draft", "--to", "2026-05-06") == []
    assert "to do" in facility_("--unbilled")[1]
