"""What a session has to do, as its store tells it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, update

from icestream.store import tables as t
from icestream.store.workload import acquired_at, workload
from icestream.store.writing import Numbers, Writes
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {}, {"number": "src"})
TOTAL = ("total", "toy.total", {"full": 2}, {"number": "a"})
AFTER = ("after", "toy.doubled", {}, {"total": "total"})


def sampled(made: Desk, **values: float) -> None:
    with made.store.write() as connection:
        writes = Writes(Numbers(connection), 5.0)
        for name, value in values.items():
            writes.insert(t.sample, time=5.0, name=name.replace("__", "."), value=value, unit="")
        writes.flush(connection)


def timed(made: Desk, seconds: float) -> None:
    with made.store.write() as connection:
        connection.execute(update(t.result).values(seconds=seconds))


def test_what_is_left_and_what_it_costs(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2, 3, 4)
    for _ in range(2):
        made.start("a", 1)
    before = workload(made.store, 9.0)
    assert [(step.name, step.seconds, step.left) for step in before.steps] == [("a", None, 4)]
    made.open(SRC, A)
    made.work_at("a")
    timed(made, 3.0)
    after = workload(made.store, 9.0)
    assert [(step.name, step.seconds, step.left) for step in after.steps] == [("a", 3.0, 0)]
    assert (before.behind, after.behind, after.busy) == (4, 0, None)
    assert len(after.taken) == 4


def test_cores_are_those_that_the_engine_told_last(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2, 3, 4)
    assert workload(made.store, 9.0).cores is None
    sampled(made, pace__cores=4.0, pace__others=1.0)
    sampled(made, pace__cores=6.0, pace__cores__a=3.0, machine__cpu=99.0)
    made.start("a", 1)
    found = workload(made.store, 9.0)
    assert (found.cores, found.others, found.busy) == (6.0, 1.0, 3.0)
    made.work()
    timed(made, 2.0)
    assert workload(made.store, 9.0).steps[0].seconds == 6.0  # three cores for two seconds


def test_steps_that_gather_and_what_follows_them_can_wait(desk: Desks) -> None:
    made = desk(SRC, A, TOTAL, AFTER)
    made.find(1, 2, 3, 4, 5)
    made.work()
    for _ in range(2):
        made.gather("total")
        made.work()
    timed(made, 4.0)
    found = {step.name: step for step in workload(made.store, 9.0).steps}
    assert [name for name, step in found.items() if step.later] == ["total", "after"]
    assert found["total"].at_once == 1.0
    # Two batches of two exposures each; one exposure waits for a third.
    assert found["total"].seconds == pytest.approx(2.0)
    assert found["total"].left == 1
    assert found["after"].seconds == pytest.approx(2.0)


def test_a_pause_is_said(desk: Desks) -> None:
    made = desk(SRC, A, TOTAL)
    made.find(1)
    with made.store.write() as connection:
        connection.execute(
            update(t.revision).where(t.revision.c.kind == "batch").values(state="paused")
        )
    assert [step.name for step in workload(made.store, 9.0).steps] == ["a"]  # it is left out
    with made.store.write() as connection:
        connection.execute(
            update(t.revision).where(t.revision.c.kind == "item").values(state="paused")
        )
    assert workload(made.store, 9.0).halted == "a is paused"
    made.record.change_session("paused")
    assert workload(made.store, 9.0).halted == "paused"


@pytest.mark.parametrize(("late", "believed"), [(60.0, True), (7200.0, False), (-60.0, False)])
def test_when_they_were_taken_is_believed_if_the_clocks_agree(
    desk: Desks, late: float, believed: bool
) -> None:
    made = desk(SRC, A)
    made.find(1, 2, 3)
    found = made.rows(t.exposure, "found")
    with made.store.write() as connection:
        for number, row in enumerate(made.rows(t.exposure)):
            taken = found[-1] - late - 100.0 * (2 - number)
            connection.execute(
                update(t.exposure).where(t.exposure.c.id == row.id)
                .values(details=json.dumps({"acquired": iso(taken)}))
            )  # fmt: skip
    told = workload(made.store, found[-1]).taken
    expected = [found[-1] - late - 200.0, found[-1] - late - 100.0, found[-1] - late]
    assert list(told) == pytest.approx(expected if believed else found, abs=0.01)


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def test_when_an_exposure_was_taken_is_read_from_its_details() -> None:
    assert acquired_at({"acquired": iso(1.7e9)}) == pytest.approx(1.7e9)
    assert acquired_at({"written": iso(1.7e9)}) == pytest.approx(1.7e9)
    nothing: tuple[dict[str, Any], ...] = ({}, {"acquired": "yesterday"}, {"acquired": 7})
    assert [acquired_at(details) for details in nothing] == [None] * 3


def test_the_end_of_acquisition_is_a_parameter_of_a_monitor(desk: Desks) -> None:
    made = desk(SRC, A)
    assert workload(made.store, 9.0).ends is None
    given = json.dumps({"acquisition_ends": iso(1.7e9)})
    with made.store.write() as connection:
        connection.execute(insert(t.step).values(id=90, name="pace"))
        connection.execute(
            insert(t.revision).values(
                id=90, step_id=90, number=1, protocol="monitor.pace", kind="monitor", version=1,
                depth=0, parameters=given, changed=given, created=0.0, fingerprint="p",
            )
        )  # fmt: skip
        connection.execute(insert(t.member).values(branch_id=1, step_id=90, revision_id=90))
    assert workload(made.store, 9.0).ends == pytest.approx(1.7e9)
