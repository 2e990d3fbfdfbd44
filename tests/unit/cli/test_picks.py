"""`icestream picks`, on a session that nobody runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.cli.history import history_of
from icestream.cli.picks import picks
from icestream.engine.requests.models import InvalidRequest
from icestream.formats.star import Block, write_star
from icestream.store.chosen import UnknownExposure
from icestream.store.corrections import corrections
from toy_commands import with_toys
from toy_picks import CHAIN
from toy_record import Desk, desks


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with_toys(monkeypatch)
    for make in desks(tmp_path):
        session = make(*CHAIN)
        session.find(0, 1, 2)
        session.work()
        session.record.leave("done")
        yield session


def test_picks_are_added_and_removed_taken_back_and_listed(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made.folder
    places = {"add": ("20,30", "20, 80.5"), "remove": ("101,50",)}
    assert picks(folder, "2", **places, why="by eye") == 0
    said = capsys.readouterr().out
    assert said.startswith("picks of e1 at pick: 2 added, 1 removed by hand\n")
    assert "no process runs this session now: 1 task waits, at cut; to have it done:\n" in said
    (one,) = corrections(made.store)
    assert (one.exposure, one.why) == ("e1", "by eye")
    assert picks(folder, "e1", undo=True) == 0
    assert capsys.readouterr().out == (
        "picks of e1 at pick: as the step found them\nnothing has to be run\n"
    )
    assert picks(folder, "e1", undo=True) == 1
    assert "nobody has corrected the picks of e1 at pick" in capsys.readouterr().out
    history_of(folder, exposure="e1")
    listed = capsys.readouterr().out
    assert "picks of e1: 2 added, 1 removed" in listed
    assert "picks of e1: as they were found" in listed


def test_all_places_come_from_a_star_file(
    made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "e1_manual.star"
    write_star(file, [Block("", {"rlnCoordinateX": [100, 20], "rlnCoordinateY": [50, 30]})])
    assert picks(made.folder, "e1", from_=file) == 0
    assert "picks of e1 at pick: 1 added, 2 removed by hand" in capsys.readouterr().out


def test_what_cannot_be_is_said_and_nothing_is_asked(made: Desk, tmp_path: Path) -> None:
    folder = made.folder
    with pytest.raises(InvalidRequest, match=r"'20' is no place; give X,Y in pixels"):
        picks(folder, "e1", add=("20",))
    with pytest.raises(InvalidRequest, match=r"'1,2,3' is no place"):
        picks(folder, "e1", add=("1,2,3",))
    with pytest.raises(InvalidRequest, match="Input should be a finite number"):
        picks(folder, "e1", add=("nan,1",))
    with pytest.raises(InvalidRequest, match="cannot be asked like this: it needs add or remove"):
        picks(folder, "e1")
    with pytest.raises(UnknownExposure, match="no exposure 'e9'"):
        picks(folder, "e9", undo=True)
    with pytest.raises(LookupError, match="no step 'pik'"):
        picks(folder, "e1", undo=True, step="pik")
    assert picks(folder, "1-2", undo=True) == 1
    assert not corrections(made.store)
