"""What cannot be read any more fails where its source was given up, and waits where it was not."""

from collections.abc import Callable

from icestream.engine.coordinator.forgone import fail_forgone
from icestream.engine.executors.contract import Ended, Ending
from toy_record import Desk

Desks = Callable[..., Desk]
STEPS = (
    ("src", "toy.count", {}, {}),
    ("other", "toy.count", {}, {}),
    ("a", "toy.add", {}, {"number": "src"}),
    ("b", "toy.add", {"add": 2}, {"number": "a"}),
)


def away(desk: Desk, step: str, folder: str = "/nas") -> Ended:
    (lease,) = desk.start(step)
    (call,) = lease.calls
    said = f"{folder} is not there"
    return Ended(lease.id, (Ending(task=call.task, outcome="storage", reason=said, away=folder),))


def test_only_what_came_from_a_source_that_was_given_up(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(1)
    ended = away(made, "a")
    assert fail_forgone(made.record, [ended]) == [ended]
    made.record.given_up[made.step("other").id] = "given up by ann"
    assert fail_forgone(made.record, [ended]) == [ended]
    made.record.given_up[made.step("src").id] = "given up by ann: dead"
    (failed,) = fail_forgone(made.record, [ended])
    (ending,) = failed.endings
    assert ending.outcome == "item"
    assert ending.reason == "/nas is not there; given up by ann: dead"


def test_a_session_that_cannot_be_written_waits_all_the_same(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(1)
    made.record.given_up[made.step("src").id] = "given up by ann"
    ended = away(made, "a", str(made.folder))
    assert fail_forgone(made.record, [ended]) == [ended]


def test_what_comes_further_down_fails_too(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(1)
    made.work_at("a")
    made.record.given_up[made.step("src").id] = "given up by ann"
    (failed,) = fail_forgone(made.record, [away(made, "b")])
    assert failed.endings[0].outcome == "item"
