"""Requests are carried out in order, each answered in the store: done, or refused and why."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from icestream.engine.decisions.events import Asked, Event, OrderChanged, Replanned, StreamEnded
from icestream.engine.requests import carry_out as asking
from icestream.engine.requests.carry_out import carry_out, waiting_requests
from icestream.engine.requests.models import Pause
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import Store
from toy_record import Desk

CHAIN: tuple[Any, ...] = (
    ("src", "toy.count", {}, {}),
    ("sel", "toy.select", {"below": 3}, {"number": "src"}),
    ("a", "toy.add", {"add": 1}, {"number": "sel.number"}),
    ("b", "toy.add", {"add": 10}, {"number": "a"}),
    ("c", "toy.add", {"add": 100}, {"number": "src"}),
)


class Session:
    """A desk, and somebody who asks."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._asked = 0

    def write(self, verb: str, arguments: Any, at: float | None = None) -> str:
        """Write a request as another process would."""
        self._asked += 1
        row = {"token": f"t{self._asked}", "time": at if at is not None else time.time()}
        with self.desk.store.write() as connection:
            connection.execute(
                insert(t.request).values(
                    verb=verb, document=json.dumps(arguments), who="ada", state="new", **row
                )
            )
        return str(row["token"])

    def hear(self) -> list[Event]:
        """What a coordinator does when the bell has rung."""
        return [
            event
            for row in waiting_requests(self.desk.record)
            for event in carry_out(self.desk.record, row)
        ]

    def ask(self, verb: str, **arguments: Any) -> tuple[str, str, list[Event]]:
        """Ask for one thing; gives the verdict, the answer, and what follows."""
        token = self.write(verb, arguments)
        events = self.hear()
        return *self.answer(token), events

    def answer(self, token: str) -> tuple[str, str]:
        (row,) = self.desk.rows(t.request, token=token)
        return row.state, row.answer


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture
def fresh(desk: Callable[..., Desk]) -> Session:
    """A number has been found; nothing has been done with it."""
    made = desk(*CHAIN)
    made.find(1)
    return Session(made)


@pytest.fixture
def session(desk: Callable[..., Desk]) -> Session:
    """Numbers 0 to 4 have gone through; 3 and 4 were rejected."""
    made = desk(*CHAIN)
    made.find(0, 1, 2, 3, 4)
    made.work()
    return Session(made)


def test_what_failed_is_tried_again_when_somebody_asks(desk: Callable[..., Desk]) -> None:
    made = desk(("src", "toy.count", {}, {}), ("a", "toy.add", {"fail": "item"}, {"number": "src"}))
    made.find(3, 13)
    made.work()
    asked = Session(made)
    verdict, answer, events = asked.ask("retry")
    assert (verdict, answer, len(events)) == ("done", "tried again: 2 failed tasks", 1)
    assert asked.ask("retry", step="a")[:2] == ("done", "no task of a has failed")
    assert asked.ask("retry", step="z")[0] == "refused"


# -- pause, resume, stop, abort --------------------------------------------------------------------


def test_a_source_that_is_given_up_brings_nothing_more(session: Session) -> None:
    desk = session.desk
    source = desk.step("src").id
    session.write("give-up", {"why": "dead"})
    assert asking.ends_waiting(desk.record)
    assert session.hear() == [StreamEnded(source)]
    assert desk.record.given_up == {source: "given up by ada: dead"}
    session.write("give-up", {"step": "a"})
    assert session.hear() == []  # it is no source
    session.write("retry", {})
    assert not asking.ends_waiting(desk.record)
    session.hear()
    assert desk.record.given_up == {}


def test_which_exposures_go_first_is_changed_while_it_runs(session: Session) -> None:
    before = session.desk.rows(t.task, "id", "key", "rank")
    verdict, answer, events = session.ask("order", order="both")
    assert (verdict, answer) == ("done", "the newest and the oldest exposures go in turn")
    assert events == [OrderChanged("both")]
    (row,) = session.desk.rows(t.session)
    assert (row.order, session.desk.record.order) == ("both", "both")
    assert session.desk.rows(t.task, "id", "key", "rank") == before  # nothing runs again
    assert session.ask("order", order="random")[0] == "refused"


@pytest.mark.parametrize(
    ("verb", "said", "expected"),
    [
        ("stop", {}, True),
        ("abort", {}, True),
        ("stop", {"step": "a"}, False),
        ("pause", {}, False),
        ("nonsense", {}, False),
    ],
)
def test_what_ends_the_waiting_for_a_folder(
    session: Session, verb: str, said: Any, expected: bool
) -> None:
    session.write(verb, said)
    assert asking.ends_waiting(session.desk.record) is expected


@pytest.mark.parametrize("verb", ["pause", "resume", "stop", "abort"])
def test_a_verb_without_a_step_is_for_the_whole_session(fresh: Session, verb: str) -> None:
    assert fresh.ask(verb) == (
        "done",
        f"the session: {verb}",
        [Asked(verb, (), "by ada")],
    )


@pytest.mark.parametrize("verb", ["stop", "abort"])
def test_a_session_does_not_end_for_what_was_asked_before_it_ran(fresh: Session, verb: str) -> None:
    asked = [(verb, {}), (verb, {"step": "a"}), ("pause", {})]
    late = [fresh.write(name, arguments, at=100.0) for name, arguments in asked]
    others = [fresh.write(name, {"step": "a"}, at=100.0) for name in ("pause", "resume")]
    timely = fresh.write(verb, {}, at=200.0)
    asking.refuse_late(fresh.desk.record, since=150.0)
    for one in late:
        assert fresh.answer(one) == ("refused", "no process ran the session then")
    assert {fresh.answer(one)[0] for one in (*others, timely)} == {"new"}


@pytest.mark.parametrize("verb", ["pause", "resume", "stop", "abort"])
def test_a_verb_is_for_a_step_or_for_all_below_it(fresh: Session, verb: str) -> None:
    a, b = fresh.desk.step("a").id, fresh.desk.step("b").id
    assert fresh.ask(verb, step="a")[1:] == (f"a: {verb}", [Asked(verb, (a,), "by ada")])
    answer, events = fresh.ask(verb, step="a", downstream=True)[1:]
    assert (answer, events) == (f"a, b: {verb}", [Asked(verb, (a, b), "by ada")])


def test_requests_are_carried_out_in_the_order_of_asking_and_only_once(fresh: Session) -> None:
    fresh.write("resume", {}, at=2000.0)
    fresh.write("pause", {}, at=1000.0)
    assert [event.verb for event in fresh.hear() if isinstance(event, Asked)] == [
        "pause",
        "resume",
    ]
    assert fresh.hear() == []


def test_an_answer_is_an_event_that_screens_follow(fresh: Session) -> None:
    fresh.ask("pause", step="a")
    fresh.ask("pause", step="nope")
    said = queries.events(fresh.desk.store, kinds=["request.answered"])
    assert [one.document["verdict"] for one in said] == ["done", "refused"]
    assert said[0].document == {
        "verb": "pause", "verdict": "done", "answer": "a: pause", "token": "t1", "who": "ada",
    }  # fmt: skip
    asked = queries.events(fresh.desk.store, kinds=["request.asked"])
    assert [one.document for one in asked] == [
        {"token": "t1", "verb": "pause", "who": "ada"},
        {"token": "t2", "verb": "pause", "who": "ada"},
    ]


# -- what cannot be done ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        ("pause", {"step": "nope"}, "no step 'nope' in this session; it has src, sel, a, b, c"),
        ("set", {"step": "nope", "changes": {}}, "no step 'nope'"),
        ("set", {"step": "a", "changes": {"ad": 1}}, "Extra inputs are not permitted"),
        ("set", {"step": "a", "changes": {"add": "x"}}, "should be a valid number"),
        (
            "set",
            {"step": "a", "changes": [1]},
            "changes: Input should be a valid dictionary, found [1]",
        ),
        ("set", {"step": "a"}, "set cannot be asked like this: it needs changes"),
        ("set", {}, "it needs step and changes"),
        ("accept", {"exposures": ["e1", "e77", "e78"]}, "no exposure e77, e78 in this session"),
        ("accept", {"exposures": ["e1"], "step": "a"}, "a is no selection"),
        ("reject", {"exposures": 5}, "exposures: Input should be a valid tuple, found 5"),
        ("reject", {}, "it needs exposures"),
        ("reject", {"exposures": [["e1"]]}, "exposures.0: Input should be a valid string"),
        ("acknowledge", {"alert": 99}, "no alert 99 in this session"),
        ("acknowledge", {"alert": "the red one"}, "the red one"),
        ("explode", {}, "no request 'explode'; there are pause"),
        ("pause", {"stp": "a"}, "it has no stp, only who, step, downstream"),
        ("pause", {"step": ""}, "step: String should have at least 1 character, found ''"),
        ("pause", ["a"], "list"),
        ("pause", None, "NoneType"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason_and_changes_nothing(
    fresh: Session, verb: str, arguments: Any, said: str
) -> None:
    """A request that nobody can carry out must not take the session down, now or ever again."""
    before = [queries.steps(fresh.desk.store), fresh.desk.exposures()]
    token = fresh.write(verb, arguments)
    assert fresh.hear() == []
    state, answer = fresh.answer(token)
    assert state == "refused"
    assert said in answer
    assert before == [queries.steps(fresh.desk.store), fresh.desk.exposures()]
    assert queries.decisions(fresh.desk.store) == ()


def test_trouble_with_the_store_is_no_refusal(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request stays new, and is carried out when the store can be written again."""
    full = OperationalError("UPDATE", {}, Exception("database or disk is full"))

    def fail(*_args: Any, **_more: Any) -> None:
        raise full

    token = session.write("set", {"step": "a", "changes": {"add": 2}})
    with monkeypatch.context() as patch:
        patch.setattr(asking, "enter_workflow", fail)
        with pytest.raises(OperationalError):
            session.hear()
    assert session.answer(token) == ("new", "")
    session.hear()
    assert session.answer(token) == ("done", "a is at revision 2, b is at revision 2")


# -- set -------------------------------------------------------------------------------------------


def test_a_change_revises_the_step_and_all_that_depends_on_it(session: Session) -> None:
    desk = session.desk
    before = {name: desk.step(name).id for name in "ab"}
    verdict, answer, events = session.ask("set", step="a", changes={"add": 2})
    assert (verdict, answer) == ("done", "a is at revision 2, b is at revision 2")
    (revised,) = events
    assert isinstance(revised, Replanned)
    assert {one.id for one in revised.fresh} == {desk.step("a").id, desk.step("b").id}
    assert all(one.backfilling for one in revised.fresh)
    assert revised.gone == (before["a"], before["b"])
    assert revised.replaced == {desk.step(name).id: before[name] for name in "ab"}
    assert {step.name: step.revision for step in queries.steps(desk.store)} == {
        "src": 1, "sel": 1, "a": 2, "b": 2, "c": 1,
    }  # fmt: skip
    assert [one.who for one in queries.revisions(desk.store, "a")] == ["", "ada"]
    desk.backfill("a", "b")
    desk.work()
    found = queries.results(desk.store, "b")
    assert sorted(one.outputs["number"]["value"] for one in found) == [12, 13, 14]


def test_a_change_to_what_it_is_already_changes_nothing(session: Session) -> None:
    assert session.ask("set", step="a", changes={"add": 1}) == ("done", "nothing has changed", [])
    assert len(queries.revisions(session.desk.store, "a")) == 1


def test_a_change_that_is_taken_back_returns_to_the_earlier_revision(session: Session) -> None:
    session.ask("set", step="a", changes={"add": 2})
    answer = session.ask("set", step="a", changes={"add": 1})[1]
    assert answer == "a is at revision 1, b is at revision 1"
    assert len(queries.results(session.desk.store, "b")) == 3  # all that was done is there


# -- accept and reject -----------------------------------------------------------------------------


def test_a_person_overrules_a_selection_either_way(session: Session) -> None:
    desk = session.desk
    assert desk.exposures() == {
        "e0": "done", "e1": "done", "e2": "done", "e3": "rejected", "e4": "rejected",
    }  # fmt: skip
    assert session.ask("accept", exposures=["e4"], why="looks fine")[:2] == (
        "done",
        "1 exposures: accept at sel",
    )
    session.ask("reject", exposures=["e0", "e1"], why="ice")
    desk.work()
    done = [name for name, state in desk.states_of("a").items() if state == "done"]
    assert sorted(done) == ["e2", "e4"]
    assert desk.exposures()["e4"] == "done"
    assert queries.exposure(desk.store, "e0").reasons == ("sel: ice",)
    words = [
        (one.exposure, one.accepted, one.who, one.why) for one in queries.decisions(desk.store)
    ]
    assert words == [
        ("e4", True, "ada", "looks fine"),
        ("e0", False, "ada", "ice"),
        ("e1", False, "ada", "ice"),
    ]


def test_a_rejection_without_a_reason_names_who(session: Session) -> None:
    session.ask("reject", exposures=["e0"])
    assert queries.exposure(session.desk.store, "e0").reasons == ("sel: rejected by ada",)


def test_the_last_word_holds_and_costs_nothing(session: Session) -> None:
    session.ask("reject", exposures=["e1"])
    before = len(session.desk.rows(t.result))
    session.ask("accept", exposures=["e1"])
    session.desk.work()
    assert session.desk.exposures()["e1"] == "done"
    assert len(session.desk.rows(t.result)) == before
    assert len(queries.decisions(session.desk.store, exposure="e1")) == 2


def test_agreeing_with_a_selection_is_noted_and_touches_nothing(session: Session) -> None:
    before = session.desk.rows(t.task)
    session.ask("accept", exposures=["e1"], why="yes")
    session.ask("reject", exposures=["e4"], why="no")
    assert session.desk.rows(t.task) == before
    assert [one.why for one in queries.decisions(session.desk.store)] == ["yes", "no"]


def test_a_decision_of_many_with_one_that_is_unknown_is_not_half_made(session: Session) -> None:
    session.ask("reject", exposures=["e0", "nope", "e1"])
    assert session.desk.exposures()["e0"] == "done"
    assert queries.decisions(session.desk.store) == ()


def test_without_a_selection_the_word_holds_at_the_source(desk: Callable[..., Desk]) -> None:
    session = Session(desk(CHAIN[0], CHAIN[4]))
    session.desk.find(1, 2)
    session.desk.work()
    assert session.ask("reject", exposures=["e1"])[1] == "1 exposures: reject at src"
    assert session.desk.exposures() == {"e1": "rejected", "e2": "done"}


def test_what_a_person_is_told_is_done_is_on_the_disk(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk(("src", "toy.count", {}, {}), ("a", "toy.add", {}, {"number": "src"}))
    token = send(made.folder, Pause(step="a"))
    durable: list[bool] = []
    write = Store.write

    def noted(self: Store, **options: bool) -> Any:
        durable.append(options.get("durable", False))
        return write(self, **options)

    monkeypatch.setattr(Store, "write", noted)
    (row,) = waiting_requests(made.record)
    carry_out(made.record, row)
    assert answer_of(made.folder, token)[0] == "done"
    assert durable[-1]  # the answer is synced, and all that was written before it
    durable.clear()
    send(made.folder, Pause(step="a"))
    assert durable == [True]
