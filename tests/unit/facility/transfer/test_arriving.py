"""From what rsync brought to a file of the copy."""

from pathlib import Path

import pytest

from icestream.facility.transfer.arriving import (
    arrived,
    landed,
    make_folders,
    put_in_place,
    whole,
)
from icestream.facility.transfer.digest import from_disk
from icestream.facility.transfer.source import Looked
from microscope_copies import write_movie


def test_only_what_is_as_it_was_sent_has_arrived(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("abc")
    status, made = path.stat(), from_disk(path)
    looked = Looked(3, status.st_mtime_ns, 1)
    came = arrived(path, looked, made.md5)
    assert (came.wrong, came.digest) == ("", made.digest)
    assert "something else" in arrived(path, looked, "0" * 32).wrong
    assert arrived(path, Looked(4, status.st_mtime_ns, 1), made.md5).later
    assert arrived(tmp_path / "none", looked, made.md5).later


def test_times_of_another_machine_have_whole_seconds(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("abc")
    second = path.stat().st_mtime_ns // 10**9 * 10**9
    assert landed(path, Looked(3, second))
    assert landed(path, Looked(3, second, 1)) is (second == path.stat().st_mtime_ns)


def test_whether_a_movie_is_whole(tmp_path: Path) -> None:
    movie = write_movie(tmp_path / "a.mrc")
    assert whole(movie, rest=5.0, quiet=6.0, patience=60.0) == (True, "")
    movie.write_bytes(movie.read_bytes()[:2000])
    assert not whole(movie, rest=5.0, quiet=6.0, patience=60.0)[0]
    may, why = whole(movie, rest=5.0, quiet=61.0, patience=60.0)
    assert may
    assert why.startswith("it is not whole at the source")


def test_folders_are_made_with_their_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folders(tmp_path / "a" / "b", 0o2750)
    assert [(tmp_path / name).stat().st_mode & 0o7777 for name in ("a", "a/b")] == [0o2750] * 2
    assert tmp_path.stat().st_mode & 0o7777 == 0o755
    (tmp_path / "x").write_text("x")
    put_in_place(tmp_path / "x", tmp_path / "a" / "c" / "x", 0o440, 0o700)
    assert (tmp_path / "a" / "c" / "x").stat().st_mode & 0o777 == 0o440
    (tmp_path / "y").write_text("y")
    with pytest.raises(IsADirectoryError, match="a folder of that name"):
        put_in_place(tmp_path / "y", tmp_path / "a", None, None)
