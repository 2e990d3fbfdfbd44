"""`icestream clean`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.clean import BothSaid, clean
from icestream.cli.terminal import called
from icestream.engine.machine.lock import hold
from icestream.store import queries
from toy_record import Desk, desks


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    """A step that was changed, and its results of before."""
    add: Any = ("a", "toy.add", {"write": True}, {"number": "src"})
    for make in desks(tmp_path):
        desk = make(("src", "toy.count", {}, {}), add)
        desk.find(1, 2, 3)
        desk.work()
        desk.change("a", add=3)
        desk.backfill()
        desk.work()
        yield desk


def old_files(desk: Desk) -> int:
    return len(list(desk.folder.glob("a/*")))


@pytest.mark.parametrize("dry_run", [True, False])
def test_it_only_shows_unless_it_is_told_to_remove(
    made: Desk, dry_run: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clean(made.folder, dry_run=dry_run) == 0
    said = capsys.readouterr().out
    assert "\na\t1\tno branch\t3\t0.0 MB\t0.0 MB\n" in said
    assert "\na\t2\tmain\t3\t0.0 MB\t\n" in said
    command = f"{called()} clean {made.folder} --yes"
    assert f"3 results, 0.0 MB, can be removed; to do so: {command}" in said
    assert old_files(made) == 3


def test_it_removes(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert clean(made.folder, yes=True) == 0
    assert "removed 3 results, 0.0 MB" in capsys.readouterr().out
    assert old_files(made) == 0
    assert len(queries.results(made.store, "a")) == 3
    assert clean(made.folder, yes=True) == 0
    assert "nothing can be removed" in capsys.readouterr().out


def test_not_while_a_process_runs_it(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with hold(made.folder):
        assert clean(made.folder) == 0  # looking is free
        assert clean(made.folder, yes=True) == 1
    assert "end it first" in capsys.readouterr().out
    assert old_files(made) == 3


def test_both_at_once_are_refused(made: Desk) -> None:
    with pytest.raises(BothSaid):
        clean(made.folder, dry_run=True, yes=True)


def test_what_a_branch_alone_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source: Any = ("src", "toy.count", {}, {})
    for make in desks(tmp_path):
        desk = make(source, ("a", "toy.add", {"write": True}, {"number": "src"}))
        desk.find(1, 2, 3)
        desk.work()
        five: Any = ("a", "toy.add", {"write": True, "add": 5}, {"number": "src"})
        desk.branch("five", source, five)
        desk.branch("same", source, five)
        desk.backfill()
        desk.work()
        assert len(list(desk.folder.glob("a*/*"))) == 6
        with pytest.raises(LookupError, match=r"is processed: drop it first \(icestream drop\)"):
            clean(desk.folder, branch="five")
        desk.drop("five")
        assert clean(desk.folder, branch="five", yes=True) == 0
        assert "nothing can be removed" in capsys.readouterr().out  # the other one has it, too
        desk.drop("same")
        assert clean(desk.folder, branch="five") == 0
        said = capsys.readouterr().out
        assert f"to do so: {called()} clean {desk.folder} --branch five --yes" in said
        assert clean(desk.folder, branch="five", yes=True) == 0
        assert len(list(desk.folder.glob("a*/*"))) == 3
        with pytest.raises(LookupError, match="is the one that is adopted"):
            clean(desk.folder, branch="main")
        with pytest.raises(LookupError, match="no branch 'gone'"):
            clean(desk.folder, branch="gone")
