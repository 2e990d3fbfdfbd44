"""Movies in a folder that this machine sees."""

from pathlib import Path

import pytest

from icestream.facility.transfer.address import Address
from icestream.facility.transfer.mounted_source import MountedSource
from icestream.facility.transfer.sources import source_of


def test_a_folder_is_asked_only_for_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        folder = tmp_path / f"square {number}"
        folder.mkdir()
        (folder / "a.mrc").write_text("x")
    source = source_of(Address(str(tmp_path)), ["square 3"], 30.0)
    assert isinstance(source, MountedSource)
    assert len(source.find(1000.0)) == 39
    listed: list[str] = []
    inside = __import__("os").scandir
    monkeypatch.setattr("os.scandir", lambda path: (listed.append(str(path)), inside(path))[1])
    (tmp_path / "square 7" / "b.mrc").write_text("x")
    assert source.find(2000.0) == ["square 7/b.mrc"]
    assert len(listed) < 5


def test_a_folder_with_signs_of_patterns_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "run[1]*"
    folder.mkdir()
    (folder / "a").write_text("x")
    assert MountedSource(Address(str(folder))).find(0.0) == ["a"]


def test_a_session_among_the_movies_is_no_movie(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    for name in ("icestream.db", "a.mrc"):
        (tmp_path / "s" / name).write_text("x")
    (tmp_path / ".hidden").write_text("x")
    assert MountedSource(Address(str(tmp_path))).find(0.0) == []
