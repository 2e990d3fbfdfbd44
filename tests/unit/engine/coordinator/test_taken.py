"""What was removed on purpose is not made again, and fails by name what needs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.cli.check import check
from icestream.engine.coordinator.damages import Damages
from icestream.engine.coordinator.taken import TAKEN, TakenAway, taken_words
from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.record.remaking import sort_out
from icestream.store import tables as t
from icestream.store.files import damaged_results
from icestream.store.removed import RemovedFile, note_removed, note_restored
from toy_record import Desk

Desks = Callable[..., Desk]
A = ("a", "toy.add", {"write": True}, {"number": "src"})
STEPS = (("src", "toy.count", {}, {}), A, ("b", "toy.add", {"write": True}, {"number": "a"}))
DAY = RemovedFile(7, "micrographs", 0.0)


@pytest.fixture
def made(desk: Desks) -> Desk:
    made = desk(*STEPS)
    made.find(1, 2)
    made.work()
    return made


def take(desk: Desk, *paths: str) -> None:
    note_removed(desk.folder, [desk.folder / path for path in paths], DAY)
    for path in paths:
        (desk.folder / path).unlink()


def test_a_removed_result_is_not_made_again(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    take(made, "a/e1_number.txt", "a/e2_number.txt")
    assert list(damaged_results(made.store)) == []
    made.open(*STEPS)
    damages = Damages(made.record)
    damages.begin([step.id for step in made.record.plan.by_depth()])
    assert made.counts("a") == {"done": 2}
    (alert,) = made.rows(t.alert)
    assert (alert.key, alert.level) == (TAKEN, "notice")
    assert alert.message.startswith(
        "2 files were removed on purpose: 2 of micrographs on 1970-01-01 (removal 7). Results stay"
    )
    assert check(made.folder) == 0
    said = capsys.readouterr().out
    assert "every file of the current results of those that were not removed is there" in said
    assert "(removal 7)" in said
    check(made.folder, json=True)
    assert "(removal 7)" in json.loads(capsys.readouterr().out)["removed"]
    note_restored(made.folder, [made.folder / "a/e1_number.txt", made.folder / "a/e2_number.txt"])
    Damages(made.record).begin([])
    assert [one.cleared is None for one in made.rows(t.alert) if one.key == TAKEN] == [False]


def test_what_was_made_from_it_cannot_be_made_again(made: Desk) -> None:
    take(made, "a/e1_number.txt")
    (made.folder / "b" / "e1_number.txt").unlink()
    again, (left,) = sort_out(made.store, damaged_results(made.store))
    assert again == []
    assert left.why.endswith("e1_number.txt was removed on purpose (removal 7)")


def test_a_task_that_needs_it_fails_and_holds_nobody_up(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    session = tmp_path / "processing"
    session.mkdir()
    note_removed(session, [raw / "a.tiff"], DAY)
    taken = TakenAway(session)

    def judged(outcome: str, reason: str, away: str = "") -> Ending:
        ending = Ending(task=1, outcome=outcome, reason=reason, away=away)  # type: ignore[arg-type]
        return taken.judged([Ended("l", (ending,))])[0].endings[0]

    gone = judged("storage", f"{raw} is empty: is what was mounted there away?", str(raw))
    assert (gone.outcome, gone.away) == ("item", "")
    assert "removal 7): icestream facility undo-removal 7" in gone.reason
    assert judged("unread", "x", str(raw / "a.tiff")).outcome == "item"
    missing = f"FileNotFoundError: [Errno 2] No such file or directory: '{raw}/a.tiff'"
    assert judged("again", missing).outcome == "item"
    assert judged("again", "no reason").outcome == "again"
    assert judged("storage", "full", str(session)).outcome == "storage"
    assert judged("unread", "x", str(raw / "b.tiff")).outcome == "unread"
    (raw / "b.tiff").touch()  # not all of it was removed: the folder may be away
    assert judged("storage", "x", str(raw)).outcome == "storage"


def test_nothing_removed_is_nothing_to_say(tmp_path: Path) -> None:
    assert taken_words({}) == ""
    ended = [Ended("l", (Ending(task=1, outcome="storage", away="/x"),))]  # type: ignore[arg-type]
    assert TakenAway(tmp_path).judged(ended) == ended
