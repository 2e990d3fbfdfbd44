"""What other sections and files say against the prices."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from beam_time import SECTION
from icestream.facility.file import FacilityFile
from icestream.facility.money.flaws import money_flaws


def flaws(**changed: Any) -> dict[str, tuple[str, bool]]:
    file = FacilityFile.model_validate(
        {
            "facility": {"name": "x", "sessions": "/x"},
            "microscopes": {"krios": {}, "glacios": {}},
            "money": {**deepcopy(SECTION), **changed},
        }
    )
    return {flaw.where: (flaw.what, flaw.stops) for flaw in money_flaws(file)}


def test_prices_of_microscopes_that_are_not_there_and_none_for_those_that_are() -> None:
    lists = deepcopy(SECTION["lists"])
    del lists[0]["microscopes"]["krios"]["prices"]["company"]
    found = flaws(lists=lists)
    assert set(found) == {
        "money.lists.0.microscopes.talos", "money.lists.0.microscopes.glacios",
        "money.lists.0.microscopes.krios.prices",
    }  # fmt: skip
    assert "no microscope 'talos'" in found["money.lists.0.microscopes.talos"][0]
    assert "no price for company:" in found["money.lists.0.microscopes.krios.prices"][0]
    assert not any(stops for _, stops in found.values())


def test_lists_that_hold_later() -> None:
    found = flaws(lists=[{**SECTION["lists"][0], "begins": "2100-01-01"}])
    assert "the first begins on 2100-01-01" in found["money.lists"][0]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    found = flaws(
        texts=str(tmp_path / "x.toml"),
        layout=str(tmp_path / "x.typ"),
        seller={"name": "x", "logo": str(tmp_path / "x.png")},
    )
    for where in ("money.texts", "money.layout", "money.seller.logo"):
        assert found[where][1], where


def test_no_section_no_flaw() -> None:
    file = FacilityFile.model_validate({"facility": {"name": "x", "sessions": "/x"}})
    assert list(money_flaws(file)) == []
