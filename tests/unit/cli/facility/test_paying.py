"""`icestream facility invoices charge`, `charges`, `uncharge` and `payer`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.opened import open_facility
from icestream.facility.registry.people import keep_team, teams

MONEY = """
[money]
currency = "EUR"
seller = { name = "The facility" }
taxes = { full = { percent = 21, title = "VAT 21 %" } }
classes = { academic = { tax = "full" } }

[[money.lists]]
begins = 2020-01-01
items = { grids = { title = "Grids", prices = { academic = 5 } } }
"""


@pytest.fixture
def facility_(
    write_facility: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    with (
        open_facility(write_facility(MONEY)) as facility,
        facility.registry.write() as connection,
    ):
        keep_team(connection, "lab")

    def run(*words: str) -> Any:
        app(("invoices", *words), result_action="return_value")
        return capsys.readouterr().out

    return run


def test_a_charge_is_written_down_and_taken_back(facility_: Callable[..., str]) -> None:
    assert facility_("charges") == "no charge was written down\n"
    assert facility_("charge", "lab", "grids", "2.5", "--on", "2026-05-05", "--note", "x") == (
        "charge 1\n"
    )
    (row,) = json.loads(facility_("charges", "--json"))
    assert (row["day"], row["team"], row["quantity"], row["note"]) == (
        "2026-05-05", "lab", "2.5", "x",
    )  # fmt: skip
    assert "2026-05-05\tlab\t\tgrids\t2.5" in facility_("charges")
    facility_("uncharge", "1")
    assert facility_("charges") == "no charge was written down\n"


def test_a_team_pays_when_it_is_known_how(facility_: Callable[..., str]) -> None:
    facility_("charge", "lab", "grids", "1")
    assert "team lab has no price class" in facility_("--unbilled")
    with pytest.raises(MoneyRefusal, match="no price class 'x'"):
        facility_("payer", "lab", "--price-class", "x")
    facility_("payer", "lab", "--price-class", "academic", "--address", "Street\nCity")
    assert "lab\t\t1\t5.00\t1.05\t6.05" in facility_("draft")
    with open_facility() as facility, facility.registry.read() as connection:
        assert teams(connection)[0].address == "Street\nCity"
