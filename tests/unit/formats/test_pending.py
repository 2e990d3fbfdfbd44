"""Files are looked at in turn until they are whole, and given up ones once they are mended."""

import os
from pathlib import Path

import pytest

from icestream.formats.pending import Pending, WaitingLine


def _file(path: Path, content: bytes = b"1234", modified: float = 1000.0) -> Path:
    path.write_bytes(content)
    os.utime(path, (modified, modified))
    return path


def test_a_change_makes_what_was_thought_void(tmp_path: Path) -> None:
    path = _file(tmp_path / "a")
    file = Pending(2000.0)
    file.note(path.stat(), 2001.0, watched=True)
    assert (file.size, file.changed) == (4, 2001.0)
    file.whole = 2001.0
    file.note(path.stat(), 2005.0, watched=True)
    assert (file.changed, file.whole) == (2001.0, 2001.0)
    _file(path, b"12345")
    file.note(path.stat(), 2007.0, watched=True)
    assert (file.size, file.changed, file.whole) == (5, 2007.0, None)


@pytest.mark.parametrize(("modified", "changed"), [(1000.0, 1000.0), (9000.0, 2001.0)])
def test_where_nobody_writes_an_old_file_has_rested(
    tmp_path: Path, modified: float, changed: float
) -> None:
    file = Pending(2000.0)
    file.note(_file(tmp_path / "a", modified=modified).stat(), 2001.0, watched=False)
    assert file.changed == changed


def test_files_are_due_in_turn_and_not_before_their_time() -> None:
    line = WaitingLine()
    names = [Path(name) for name in "abcd"]
    for path in names:
        line.join(path, 10.0)
    line[names[1]].next_look = 12.0
    line.join(names[1], 50.0)
    assert line[names[1]].changed == 10.0
    line.to_the_end(names[0])
    line.leave(names[3])
    assert list(line.due(11.0)) == [names[2], names[0]]
    assert list(line.due(12.0)) == [names[1], names[2], names[0]]
    assert len(line) == 3


def test_files_that_can_wait_are_looked_at_behind_all_others() -> None:
    line = WaitingLine()
    a, b, c, d = (Path(name) for name in "abcd")
    line.join(a, 10.0, later=True)
    line.join(b, 10.0, later=True)
    line.join(c, 10.0)
    line.join(a, 10.0)
    line.join(d, 10.0)
    line.to_the_end(a)
    line.to_the_end(c)
    assert list(line.due(11.0)) == [d, c, b, a]
    line.leave(c)
    line.leave(b)
    assert (len(line), a in line, b in line, list(line.due(11.0))) == (2, True, False, [d, a])


def test_a_look_at_many_files_ends_after_its_time() -> None:
    line = WaitingLine()
    for number in range(5):
        line.join(Path(str(number)), 10.0)
    assert list(line.due(11.0, budget=-1.0)) == [Path("0")]


def test_late_is_what_was_looked_at_and_rests(tmp_path: Path) -> None:
    line = WaitingLine()
    for name in "ab":
        line.join(_file(tmp_path / name), 10.0)
    line[tmp_path / "a"].note((tmp_path / "a").stat(), 10.0, watched=True)
    assert line.late(15.0, 5.0) == {}
    assert list(line.late(15.1, 5.0)) == [tmp_path / "a"]


def test_a_file_that_was_given_up_comes_back_when_it_has_changed(tmp_path: Path) -> None:
    line = WaitingLine()
    for name in "ab":
        path = _file(tmp_path / name)
        line.join(path, 10.0)
        line[path].note(path.stat(), 10.0, watched=True)
        line.give_up(path)
    assert len(line) == 0
    _file(tmp_path / "b", b"12345")
    line.look_again(20.0, lambda _: True)
    assert len(line) == 0, "a is looked at first, and has not changed"
    line.look_again(21.0, lambda _: True)
    assert list(line.due(21.0)) == [tmp_path / "b"]
    assert line[tmp_path / "b"] == Pending(21.0)
    (tmp_path / "a").unlink()
    for _ in range(2):
        line.look_again(22.0, lambda _: True)
    assert len(line) == 1


def test_a_file_that_lacks_metadata_comes_back_with_them(tmp_path: Path) -> None:
    line = WaitingLine()
    path = _file(tmp_path / "a")
    line.join(path, 10.0)
    line[path].note(path.stat(), 10.0, watched=True)
    line.give_up(path, lacking=True)
    line.look_again(20.0, lambda _: False)
    assert len(line) == 0
    line.look_again(20.0, lambda found: found == path)
    assert len(line) == 1


def test_a_link_to_nothing_is_not_forgotten(tmp_path: Path) -> None:
    line = WaitingLine()
    link = tmp_path / "a"
    link.symlink_to(tmp_path / "elsewhere")
    line.join(link, 10.0)
    line.give_up(link)
    line.look_again(20.0, lambda _: True)
    _file(tmp_path / "elsewhere")
    line.look_again(21.0, lambda _: True)
    assert list(line.due(21.0)) == [link]
