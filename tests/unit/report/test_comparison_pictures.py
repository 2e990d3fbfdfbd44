"""Pictures side by side: of the exposures that show where two branches differ."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.protocol import known_types
from icestream.report.comparison import compare
from icestream.report.comparison_pictures import SideBySide, side_by_side
from toy_record import Desk, desks

SRC: Any = ("src", "toy.count", {}, {})
KNOWN = known_types([toys.Add, toys.DrawNumber, toys.Count])


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    draw: Any = ("draw", "toy.draw", {}, {"number": "a"})
    for make in desks(tmp_path):
        session = make(SRC, ("a", "toy.add", {"fail": "item"}, {"number": "src"}), draw)
        session.find(*range(30))
        session.work()
        session.branch("new", SRC, ("a", "toy.add", {"add": 60}, {"number": "src"}), draw)
        session.backfill()
        session.work()
        yield session


def shown(desk: Desk) -> tuple[SideBySide, ...]:
    return side_by_side(desk.store, compare(desk.store, None, "new"), KNOWN)


def test_both_have_theirs_and_they_differ(made: Desk) -> None:
    found = [one for one in shown(made) if one.exposure != "e3"]
    assert {one.title for one in found} == {"A number"}
    assert all(one.old.startswith("data:image/jpeg") and one.new for one in found)
    assert all(one.old != one.new for one in found)


def test_one_that_failed_before_is_among_them_with_what_there_is(made: Desk) -> None:
    (failed,) = [one for one in shown(made) if one.exposure == "e3"]
    assert failed.why == "failed in main at a"
    assert (failed.old, bool(failed.new)) == ("", True)


def test_there_are_few_of_them_each_once(made: Desk) -> None:
    names = [one.exposure for one in shown(made)]
    assert len(names) == len(set(names)) <= 6


def test_a_picture_that_is_gone_is_left_out(made: Desk) -> None:
    before = {one.exposure for one in shown(made) if one.new}
    for path in made.folder.rglob("*.png"):
        path.unlink()
    assert before
    assert shown(made) == ()
