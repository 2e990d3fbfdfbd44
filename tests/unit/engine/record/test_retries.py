"""What failed is tried again, and what was skipped because of it follows."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.record import retries as retrying
from icestream.engine.record.retries import retry
from icestream.store import queries
from toy_record import Desk

Desks = Callable[..., Desk]


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


CHAIN = (
    ("src", "toy.count", {}, {}),
    add("a", "src", fail="item"),
    add("b", "a", fail="defect"),
    add("c", "src"),
    ("total", "toy.total", {"full": 4}, {"number": "b"}),
)
"""Numbers that end in 3 fail at ``a`` and are skipped at ``b``."""


@pytest.fixture
def failed(desk: Desks) -> Desk:
    made = desk(*CHAIN)
    made.find(1, 3, 13, 23)
    made.work()
    return made


def count(desk: Desk, step: str) -> tuple[int, int, int, int]:
    """Ready, done, failed and skipped tasks of a step."""
    (found,) = [one.counts for one in queries.steps(desk.store) if one.name == step]
    return found.ready, found.done, found.failed, found.skipped


def mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toys, "_fail", lambda *_: None)


def every(desk: Desk) -> Any:
    return desk.record.plan.by_depth()


def test_all_attempts_are_there_again_and_the_rest_follows(
    failed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (count(failed, "a"), count(failed, "b")) == ((0, 1, 3, 0), (0, 1, 0, 3))
    assert queries.count_exposures(failed.store)["failed"] == 3
    events, tried = retry(failed.record, every(failed))
    assert tried == 3
    assert len(events) == 1
    assert count(failed, "a") == (3, 1, 0, 0)
    assert queries.count_exposures(failed.store) | {"done": 1} == {
        "going": 3, "done": 1, "rejected": 0, "failed": 0
    }  # fmt: skip
    assert {task.attempt for task in failed.ready("a")} == {0}
    mend(monkeypatch)
    failed.work()
    assert (count(failed, "a"), count(failed, "b")) == ((0, 4, 0, 0), (0, 4, 0, 0))
    assert queries.count_exposures(failed.store)["done"] == 4
    assert failed.gather("total", final=True)


def test_what_still_fails_says_so_again(failed: Desk) -> None:
    retry(failed.record, every(failed))
    failed.work()
    assert (count(failed, "a"), count(failed, "b")) == ((0, 1, 3, 0), (0, 1, 0, 3))
    reasons = {one.reason for one in queries.failures(failed.store, step="a")}
    assert any("3.0 is no good" in reason for reason in reasons)


def test_only_the_steps_that_are_asked_for(failed: Desk) -> None:
    assert retry(failed.record, [failed.step("b"), failed.step("c")]) == ([], 0)
    assert count(failed, "a") == (0, 1, 3, 0)


def test_many_are_tried_again_in_more_than_one_transaction(
    failed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "_MOST", 2)
    events, tried = retry(failed.record, every(failed))
    assert (tried, len(events)) == (3, 2)


def test_a_source_and_a_batch_look_after_themselves(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk(*CHAIN)
    made.find(1, refused=("bad",))
    assert count(made, "src")[2] == 1
    assert retry(made.record, every(made)) == ([], 0)
