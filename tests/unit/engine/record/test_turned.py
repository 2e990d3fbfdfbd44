"""Exposures that a change of a selection gains and loses."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.graph.plan import bind
from icestream.engine.record import turned as module
from icestream.engine.record.light import JudgedItems
from icestream.engine.record.revisions import with_parameters
from icestream.engine.record.turned import Medians, Turned, turned
from icestream.engine.record.workflows import session_workflow
from icestream.protocol import known_types
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
SELECT: Any = ("sel", "toy.select", {"below": 3}, {"number": "src"})
ADD: Any = ("a", "toy.add", {}, {"number": "sel"})


@pytest.fixture
def judged(desk: Desks) -> Desk:
    made = desk(SRC, SELECT, ADD)
    made.find(1, 2, 3, 4)
    made.work()
    return made


def look(desk: Desk, below: float) -> Turned:
    workflow = with_parameters(
        session_workflow(desk.store), toys.registry(), "sel", {"below": below}
    )
    step = bind(workflow, toys.registry())["sel"]
    return turned(desk.store, step, desk.step("sel").id)


@pytest.mark.parametrize("page", [1, 500])
def test_each_exposure_is_judged_anew(
    judged: Desk, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", page)
    tighter, looser = look(judged, 2), look(judged, 4)
    assert (tighter.judged, tighter.accepted) == (4, 2)
    assert (tighter.gained, tighter.lost) == ((), ("e2",))
    assert (looser.gained, looser.lost) == (("e3",), ())
    assert (look(judged, 3).gained, look(judged, 3).lost) == ((), ())


def test_it_is_what_the_change_does(judged: Desk) -> None:
    found = look(judged, 2)
    before = {name for name, row in judged.tasks("sel").items() if row.passed}
    judged.change("sel", below=2)
    judged.backfill()
    judged.work()
    after = {name for name, row in judged.tasks("sel").items() if row.passed}
    assert (after - before, before - after) == (set(found.gained), set(found.lost))


def test_the_word_of_a_person_holds(judged: Desk) -> None:
    judged.judge("e2", accepted=True)
    judged.judge("e4", accepted=True)
    judged.judge("e3", accepted=False)
    assert (look(judged, 1).lost, look(judged, 9).gained) == (("e1",), ())


def test_particles_of_the_exposures_are_counted(judged: Desk) -> None:
    step = judged.step("a")
    rows = {"e1": 10, "e2": 30}
    with judged.record.transaction() as (_, writes):
        for name, row in judged.tasks("a").items():
            if row.result_id is not None:
                writes.insert(
                    t.part, result_id=row.result_id, step_id=step.step, revision_id=step.id,
                    subject_id=row.subject_id, rows=rows[name],
                )  # fmt: skip
    tighter, looser = look(judged, 2), look(judged, 5)
    assert (tighter.particles, tighter.particles_lost, tighter.particles_gained) == (40, 30, 0)
    assert (looser.particles_lost, looser.particles_gained) == (0, 40)


def test_what_cannot_be_judged_is_counted(judged: Desk) -> None:
    with judged.store.write() as connection:
        connection.execute(t.result.update().values(document="{}"))
    found = look(judged, 2)
    assert (found.unknown, found.lost) == (4, ())


def test_what_is_linked_as_evidence_is_judged_too(desk: Desks) -> None:
    add: Any = ("a", "toy.add", {"add": 1}, {"number": "src"})
    weigh: Any = ("sel", "toy.weigh", {"below": 6}, {"number": "src", "evidence": ["src", "a"]})
    made = desk(SRC, add, weigh, ("b", "toy.add", {}, {"number": "sel"}))
    made.find(1, 2, 3)
    made.work()
    assert {name: row.passed for name, row in made.tasks("sel").items()} == {
        "e1": True,
        "e2": True,
        "e3": False,
    }
    assert made.tasks("sel")["e3"].reason == "a.number is 4; src.number is 3"
    workflow = with_parameters(session_workflow(made.store), toys.registry(), "sel", {"below": 4})
    step = bind(workflow, toys.registry())["sel"]
    known = known_types([toys.Count])
    found = turned(made.store, step, made.step("sel").id, known)
    assert (found.lost, found.gained, found.unknown) == (("e2",), (), 0)


def test_medians_of_what_is_gained_lost_and_kept_are_told(desk: Desks) -> None:
    made = desk(SRC, ("sel", "toy.level", {"level": 1e6}, {"number": "src"}))
    made.find(*range(10))
    made.work()
    workflow = with_parameters(session_workflow(made.store), toys.registry(), "sel", {"level": 6})
    found = turned(made.store, bind(workflow, toys.registry())["sel"], made.step("sel").id)
    assert found.lost == ("e7", "e8", "e9")
    assert found.medians == (Medians("toy.value", 3.0, None, 8.0),)


def test_limits_are_those_that_the_session_would_settle(desk: Desks) -> None:
    a: Any = ("a", "toy.add", {"add": 0}, {"number": "src"})
    made = desk(SRC, a, ("sel", "toy.level", {"level": 1e6}, {"number": "a"}))
    made.find(*range(40))
    made.work()
    workflow = session_workflow(made.store)
    step = bind(workflow, toys.registry())["sel"]
    assert turned(made.store, step, made.step("sel").id).lost == tuple(
        f"e{number}" for number in range(15, 40)
    )


def test_what_is_kept_is_judged_as_what_is_read(judged: Desk, monkeypatch: Any) -> None:
    kept, step = JudgedItems(), judged.step("sel").id

    def again(below: float) -> Turned:
        workflow = with_parameters(
            session_workflow(judged.store), toys.registry(), "sel", {"below": below}
        )
        new = bind(workflow, toys.registry())["sel"]
        return turned(judged.store, new, step, kept=kept)

    assert again(2) == look(judged, 2)
    read: list[int] = []
    documents = module._documents
    monkeypatch.setattr(
        module, "_documents", lambda c, page: read.append(len(page)) or documents(c, page)
    )
    assert again(4) == look(judged, 4)
    assert read == [4], "only who keeps nothing reads it again"
    judged.find(2.5)
    judged.work()
    assert again(3) == look(judged, 3)
    assert read[1] == 1, "what is new is read"


def test_a_protocol_that_asks_for_more_than_is_kept_gets_all(
    judged: Desk, monkeypatch: Any
) -> None:
    kept, step = JudgedItems(), judged.step("sel").id
    whole = look(judged, 2)
    monkeypatch.setattr("icestream.engine.record.light._is_small", lambda value: False)
    workflow = with_parameters(session_workflow(judged.store), toys.registry(), "sel", {"below": 2})
    new = bind(workflow, toys.registry())["sel"]
    for _ in range(2):
        assert turned(judged.store, new, step, kept=kept) == whole
