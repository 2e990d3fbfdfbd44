"""Where movies are copied from."""

from pathlib import Path

import pytest

from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.source import MountedSource, RemoteSource, is_movie, source_of
from rsync_server import rsync_daemon


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


def test_another_machine_is_listed_now_and_then(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "a.mrc").write_text("x")
    text = f"[m]\npath = {folder}\nread only = yes\nuse chroot = no\n"
    with rsync_daemon(tmp_path / "conf", text) as port:
        source = source_of(read_address(f"rsync://127.0.0.1:{port}/m"), [], 30.0)
        assert isinstance(source, RemoteSource)
        assert source.find(1000.0) == ["a.mrc"]
        (folder / "b.mrc").write_text("x")
        assert (source.find(1010.0), source.as_of(1010.0)) == ([], 1000.0)
        assert (source.find(1031.0), source.as_of(1031.0)) == (["b.mrc"], 1031.0)
        looked = source.look("b.mrc")
        assert looked is not None
        assert (looked.size, looked.changed, source.path("b.mrc")) == (1, -1, None)
        assert source.look("c.mrc") is None
        (tmp_path / "b.mrc").write_text("y")
        (tmp_path / "a.mrc").write_text("x")
        said = source.digest_is(tmp_path, ["a.mrc", "b.mrc", "c.mrc"], None)
        assert said["a.mrc"] == ""
        assert "something else" in said["b.mrc"]
        assert said["c.mrc"]
        # It may only be read.
        assert source.remove(tmp_path, ["a.mrc"])["a.mrc"]
        assert (folder / "a.mrc").exists()


@pytest.mark.parametrize("name", ["a.TIFF", "b.eer", "c.mrcs"])
def test_movies_are_known_by_their_names(name: str) -> None:
    assert is_movie(name)
    assert not is_movie(f"{name}.mdoc")
