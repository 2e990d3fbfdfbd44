"""When a change would be done, in a session."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

import toys
from icestream.engine.machine.lock import hold
from icestream.engine.record.awaited import awaited
from icestream.engine.record.revisions import preview, with_parameters
from icestream.engine.record.workflows import session_workflow
from icestream.protocol import Resources
from icestream.store import tables as t
from icestream.store.writing import Numbers, Writes
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
STEPS: Any = (
    SRC,
    ("a", "toy.add", {}, {"number": "src"}),
    ("wide", "toy.draw", {}, {"number": "a"}),
)


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task of the second step holds two cores."""
    monkeypatch.setattr(toys.DrawNumber, "resources", Resources(cores=2))


def made(desk: Desks, cores: float | None) -> Desk:
    """Four exposures of two steps."""
    one = desk(*STEPS)
    one.find(1, 2, 3, 4)
    one.work()
    with one.store.write() as connection:
        writes = Writes(Numbers(connection), 5.0)
        connection.execute(update(t.counter).values(seconds=4 * 90.0))
        connection.execute(update(t.result).values(seconds=90.0))
        if cores is not None:
            for name, value in (("pace.cores", cores), ("pace.cores.wide", 2.0)):
                writes.insert(t.sample, time=5.0, name=name, value=value, unit="")
        writes.flush(connection)
    return one


def change(one: Desk) -> Any:
    workflow = with_parameters(session_workflow(one.store), toys.registry(), "a", {"add": 5})
    return preview(one.store, toys.registry(), workflow)


def test_core_seconds_count_all_cores_of_a_task(desk: Desks) -> None:
    one = made(desk, 6.0)
    told = change(one)
    assert {step.name: step.seconds for step in told.steps} == {"a": 360.0, "wide": 720.0}
    with hold(one.folder):
        said = awaited(one.store, told, 9.0)
    assert (said.seconds, said.cores, said.alone, said.runs) == (1080.0, 6.0, 180.0, True)
    assert said.before == 0.0


@pytest.mark.parametrize("cores", [None, 2.0])
def test_a_session_that_nobody_runs_is_told_apart(desk: Desks, cores: float | None) -> None:
    one = made(desk, cores)
    said = awaited(one.store, change(one), 9.0)
    assert (said.cores, said.runs) == (cores, False)
