"""Lists of picks for other programs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from handover_session import HandoverSession
from icestream.exports.coordinates import CoordinateFormat, export_coordinates
from icestream.exports.verify import verify_export
from icestream.formats.picked import read_picks


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandoverSession]:
    made = HandoverSession(tmp_path_factory.mktemp("coordinates") / "session", exposures=3)
    yield made
    made.store.close()


@pytest.mark.parametrize("kind", ["star", "box", "coord"])
def test_lists_are_those_of_the_session(
    session: HandoverSession, tmp_path: Path, kind: CoordinateFormat
) -> None:
    summary = export_coordinates(session.folder, tmp_path / "lists", kind)
    assert (summary.lists, summary.picks, summary.without, summary.rejected) == (3, 30, 0, 0)
    paths = sorted((tmp_path / "lists").glob(f"*.{kind}"))
    assert [path.stem for path in paths] == sorted(one.exposure for one in session.taken)
    (found,) = read_picks(paths[0]).values()
    first = next(one for one in session.taken if one.exposure == paths[0].stem)
    np.testing.assert_allclose(np.trunc(found.x[:9]), np.trunc(first.x))
    np.testing.assert_allclose(np.trunc(found.y[:9]), np.trunc(first.y))
    if kind == "box":
        assert found.box == 64
    (checked,) = verify_export(session.folder, tmp_path / "lists")
    assert (checked.checked, checked.total, checked.faults) == (30, 30, [])


def test_a_list_that_is_mirrored_is_found(session: HandoverSession, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    export_coordinates(session.folder, out, "coord")
    for path in out.glob("*.coord"):
        rows = np.loadtxt(path)
        np.savetxt(path, np.column_stack([rows[:, 0], 319 - rows[:, 1]]), fmt="%.2f")
    (checked,) = verify_export(session.folder, out)
    assert checked.faults == [
        "30 of 30 are not where the files say: the coordinates are mirrored along y"
    ]


def test_boxes_of_a_given_size(session: HandoverSession, tmp_path: Path) -> None:
    export_coordinates(session.folder, tmp_path / "lists", "box", box=101)
    paths = list((tmp_path / "lists").glob("*.box"))
    assert {picks.box for path in paths for picks in read_picks(path).values()} == {101}
    (checked,) = verify_export(session.folder, tmp_path / "lists")
    assert not checked.faults


def test_a_list_that_is_no_more_goes(session: HandoverSession, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    export_coordinates(session.folder, out, "star")
    (out / "gone.star").touch()
    (out / "notes.txt").touch()
    export_coordinates(session.folder, out, "star")
    assert not (out / "gone.star").exists()
    assert (out / "notes.txt").exists()
    with pytest.raises(FileExistsError, match="not empty"):
        export_coordinates(session.folder, session.folder, "star")
