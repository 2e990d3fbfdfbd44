"""What is offered, written down."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.handover.offer import (
    RECORDS,
    NoArea,
    new_offer,
    offer_of,
    offers,
    require_area,
    write_offer,
)


def test_names_cannot_be_guessed_and_may_tell_the_project(tmp_path: Path) -> None:
    def name(**how: bool) -> str:
        return new_offer("s-001", tmp_path, "p/1 x", **{"named": True, "secret": False, **how}).name

    assert name().startswith("p_1_x-")
    assert name() != name()
    assert "p_1" not in name(secret=True)
    assert "p_1" not in name(named=False)
    assert len(name(named=False)) >= 18


def test_the_area_can_be_entered_and_not_listed(tmp_path: Path) -> None:
    area = tmp_path / "area"
    with pytest.raises(NoArea, match="make the folder"):
        require_area(area)
    area.mkdir()
    require_area(area)
    assert area.stat().st_mode & 0o777 == 0o711
    assert (area / RECORDS).stat().st_mode & 0o777 == 0o700


def test_offers_are_found_again(tmp_path: Path) -> None:
    require_area(tmp_path)
    one = new_offer("s", tmp_path / "s", "p", named=True, secret=False)
    write_offer(tmp_path, one)
    later = replace(one, name="x", folder="/other", made=one.made + 1, parts=("movies",))
    write_offer(tmp_path, later)
    (tmp_path / RECORDS / "torn.json").write_text("{")
    assert list(offers(tmp_path)) == [one, later]
    assert offer_of(tmp_path, tmp_path / "s") == one
    assert offer_of(tmp_path, tmp_path) is None
    assert (tmp_path / RECORDS / "x.json").stat().st_mode & 0o777 == 0o600
    assert replace(one, confidential=True).shown == "a confidential session"
