"""The map of a session."""

from pathlib import Path

import numpy as np
import pytest

from icestream.report.follow import Follower
from icestream.report.views import grid_map as module
from icestream.report.views.grid_map import grid_map, squares_in_files
from report_session import SampleSession


def test_squares_and_what_lies_on_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(130)
    follower = Follower(session.store)
    follower.read()
    found = grid_map(follower.table)
    assert [square.count for square in found.squares] == [60, 60, 10]
    assert found.quality == "ctf.resolution"
    assert found.positions
    assert found.places is not None
    assert len(found.places.number) == 130
    first = found.squares[0]
    assert first.accepted + first.rejected + first.failed == 60
    one = grid_map(follower.table, "motion.total", first.name)
    assert one.shown == 60
    assert one.places is not None
    known = [value for value in one.places.value if value is not None]
    assert one.squares[0].median == pytest.approx(float(np.median(known)))
    assert set(one.places.square) == {0}
    monkeypatch.setattr(module, "MOST_PLACES", 100)
    many = grid_map(follower.table)
    assert (many.places, many.shown, many.total) == (None, 0, 130)


def test_a_square_says_where_it_lies_and_which_files_tell_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(130)
    follower = Follower(session.store)
    follower.read()
    monkeypatch.setattr(module, "CHUNK", 50)
    found = squares_in_files(follower.table)
    assert [one["files"] for one in found.values()] == [[1, 2], [2, 3], [3]]
    for square in grid_map(follower.table).squares:
        corners = (square.left, square.right, square.bottom, square.top)
        assert found[square.name]["box"] == pytest.approx(corners, rel=1e-4)


def test_without_places_and_without_anything(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False, places=False)
    follower = Follower(session.store)
    assert grid_map(follower.table).squares == ()
    session.grow(3)
    follower.read()
    found = grid_map(follower.table)
    assert not found.positions
    (square,) = found.squares
    assert (square.name, square.count, square.left) == ("", 3, None)
    assert squares_in_files(follower.table) == {"": {"box": None, "files": [1]}}
    with pytest.raises(LookupError, match="there are ctf.resolution"):
        grid_map(follower.table, "ctf.resolutoin")
    with pytest.raises(LookupError, match="square '7'"):
        grid_map(follower.table, square="7")
