"""Files in a project are its own: what is written into them does not reach the session."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from icestream.exports import place as module
from icestream.exports.place import NoRoom, check_room, is_there, link, place


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "session.mrc"
    path.write_bytes(b"as it was" * 1000)
    os.utime(path, (1e9, 1e9))
    return path


def write_into(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"OTHER")


@pytest.fixture(params=["copied", "cloned"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How files come into a project: a file system that clones is stood in for by a copy."""

    def clone(written: int, request: int, read: int) -> int:
        if way == "copied":
            raise OSError(95, "Operation not supported")
        assert request == 0x40049409
        os.write(written, os.pread(read, 10**6, 0))
        return 0

    way: str = request.param
    monkeypatch.setattr(module.fcntl, "ioctl", clone)
    if way == "cloned":
        monkeypatch.setattr(shutil, "copyfile", lambda *_: pytest.fail("nothing has to be copied"))
    return way


def test_writing_into_what_was_placed_leaves_the_source(
    source: Path, tmp_path: Path, way: str
) -> None:
    before, target = source.read_bytes(), tmp_path / way / "a.mrc"
    place(source, target)
    assert target.read_bytes() == before
    assert target.stat().st_nlink == source.stat().st_nlink == 1
    write_into(target)
    assert source.read_bytes() == before != target.read_bytes()


def test_what_is_there_is_not_copied_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.mrc"
    place(source, target)
    first = target.stat()
    place(source, target)
    assert target.stat().st_ino == first.st_ino
    write_into(target)
    assert not is_there(source, target)
    place(source, target)
    assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("make", [os.link, os.symlink])
def test_links_of_earlier_exports_become_files(source: Path, tmp_path: Path, make: object) -> None:
    before, target = source.read_bytes(), tmp_path / "a.mrc"
    make(source, target)  # type: ignore[operator]
    place(source, target)
    write_into(target)
    assert source.read_bytes() == before


def test_another_file_of_the_same_size_is_another(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.mrc"
    place(source, target)
    newer = tmp_path / "newer.mrc"
    newer.write_bytes(b"as it is." * 1000)
    assert not is_there(newer, target)
    place(newer, target)
    assert target.read_bytes() == newer.read_bytes()


def test_raw_movies_are_links(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "Movies" / "a.tiff"
    target.parent.mkdir()
    target.write_text("something else")
    link(source, target)
    link(source, target)
    assert target.readlink() == source


def test_a_project_that_does_not_fit_is_not_begun(
    source: Path, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 * 10**9))
    project = tmp_path / "project"
    project.mkdir()
    check_room([(source, 4 * 10**9)], project)
    large = [(source, 4 * 10**9), (source, 2 * 10**9)]
    if way == "cloned":
        check_room(large, project)
    else:
        with pytest.raises(NoRoom, match=r"takes 6\.0 GB more and .* has 5\.0 GB free"):
            check_room(large, project)
    assert list(project.iterdir()) == []


def test_what_is_in_the_project_already_needs_no_room(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(source, tmp_path / "project/Extract/job005/Movies/a.mrcs")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    check_room([(source, source.stat().st_size)], tmp_path / "project")
