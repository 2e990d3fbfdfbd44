"""Why exposures were not used."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.cli.reasons import reason_lines
from icestream.store import tables as t
from icestream.store.events import TaskFailed
from icestream.store.writing import Numbers, Writes
from toy_record import Desk, desks


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    """Exposures whose value is refused at a limit, and files that a source refused."""
    for make in desks(tmp_path):
        desk = make(
            ("src", "toy.count", {}, {}),
            ("a", "toy.add", {"fail": "item"}, {"number": "src"}),
            ("small", "toy.select", {"below": 5.0}, {"number": "a"}),
        )
        desk.find(1, 2, 3, 13, 7, 8, 23, refused=("cut.tif",))
        desk.work()
        yield desk


def test_like_reasons_are_told_together_the_most_frequent_first(made: Desk) -> None:
    assert list(reason_lines(made.store)) == [
        "3 failed: a: 3.0 to 23.0 is no good: take another (e3 and 2 more)",
        "1 failed: src: is bad (cut.tif)",
        "2 rejected: small: 8 to 9 is not below 5 (e7 and 1 more)",
    ]


def test_few_are_shown_and_the_others_counted(made: Desk) -> None:
    lines = list(reason_lines(made.store, most=1))
    assert lines[1] == "1 failed for 1 other reasons"
    assert len(lines) == 3


def test_what_a_trigger_leaves_out_is_told_and_is_not_rejected(tmp_path: Path) -> None:
    for make in desks(tmp_path):
        sampler = ("few", "toy.sample", {"first": True, "number": 1}, {"number": "src"})
        desk = make(("src", "toy.count", {}, {}), sampler)
        desk.find(1, 2, 3)
        assert list(reason_lines(desk.store)) == [
            "2 left out: few: not in the sample: 1 of 0 are there (e2 and 1 more)"
        ]


def test_nothing_to_tell(tmp_path: Path) -> None:
    for make in desks(tmp_path):
        desk = make(("src", "toy.count", {}, {}), ("a", "toy.add", {}, {"number": "src"}))
        desk.find(1, 2)
        desk.work()
        assert list(reason_lines(desk.store)) == []


def test_batches_and_groups_that_failed_are_named(tmp_path: Path) -> None:
    for make in desks(tmp_path):
        desk = make(
            ("src", "toy.count", {}, {}),
            ("total", "toy.total", {}, {"number": "src"}),
            ("twice", "toy.double", {}, {"total": "total"}),
        )
        fail(desk, "total", "batch", "batch_00001")
        fail(desk, "twice", "group", "square 7")
        assert list(reason_lines(desk.store)) == [
            "1 failed: total: it is cut (batch of total)",
            "1 failed: twice: it is cut (square 7)",
        ]


def fail(desk: Desk, step: str, kind: str, name: str) -> None:
    revision = desk.step(step).id
    with desk.store.write() as connection:
        writes = Writes(Numbers(connection), 1.0)
        subject = writes.insert(t.subject, kind=kind, family=step, number=1, name=name)
        writes.insert(
            t.task, step_id=desk.step(step).step, revision_id=revision, subject_id=subject, key="k",
            inputs="[]", state="failed", rank=0, reason="it is cut",
            serial=writes.event(TaskFailed(reason=""), subject_id=subject),
        )  # fmt: skip
        writes.count(revision, failed=1)
        writes.flush(connection)


def test_the_word_of_a_person_has_a_name_and_a_time(made: Desk) -> None:
    made.judge("e1", why="ice")
    made.judge("e2")
    made.judge("e7", accepted=True)
    made.judge("e7", accepted=False, why="no")
    lines = "\n".join(reason_lines(made.store))
    assert re.search(r"1 rejected: small: rejected by ann on [\d :-]+: ice \(e1\)", lines)
    assert re.search(r"1 rejected: small: rejected by ann on [\d :-]+ \(e2\)", lines)
    assert re.search(r"rejected by ann on [\d :-]+: no \(e7\)", lines)
