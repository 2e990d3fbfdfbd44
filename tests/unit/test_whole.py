"""A file appears when it is whole; one that fails leaves nothing behind."""

from pathlib import Path

import pytest

from icestream.whole import UNFINISHED, written_whole


def test_a_file_appears_at_the_end(tmp_path: Path) -> None:
    """Until then the old content stands, and the unfinished file is a hidden one beside it."""
    path = tmp_path / "sum.mrc"
    path.write_text("old")
    with written_whole(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
        assert list(tmp_path.glob(UNFINISHED)) == [unfinished]
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("no space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    """The error goes on; the unfinished file is gone, and the old one still there."""
    path = tmp_path / "sum.mrc"
    path.write_text("old")
    with pytest.raises(type(error)), written_whole(path) as unfinished:
        unfinished.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    """One that forgot to write hears of it, instead of keeping the old file as if it were new."""
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "sum.mrc"):
        pass


def test_the_rest_of_a_killed_program_is_in_nobodys_way(tmp_path: Path) -> None:
    """A number of a process can come again; so a rest under the same name is removed first."""
    path = tmp_path / "sum.mrc"
    with written_whole(path) as unfinished:
        unfinished.write_text("first")
        rest = unfinished
    rest.write_text("rest")
    with written_whole(path) as unfinished:
        assert not unfinished.exists()
        unfinished.write_text("second")
    assert path.read_text() == "second"
