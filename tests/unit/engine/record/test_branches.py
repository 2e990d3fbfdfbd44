"""Branches: what they share, what each has of its own, and how one takes the place of another."""

import json
from collections import Counter as Counted
from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.decisions.events import Replanned, TasksReady
from icestream.engine.executors.contract import Ended, Ending, Lease
from icestream.engine.graph.plan import Feed, PlannedStep
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.record.alerts import Reporter
from icestream.engine.record.branches import find_revisions, plan_of
from icestream.engine.record.revisions import preview
from icestream.engine.record.workflows import session_workflow
from icestream.model import Alert
from icestream.store import queries
from icestream.store import tables as t
from toy_record import Desk, Step, run

Desks = Callable[..., Desk]
SRC: Step = ("src", "toy.count", {}, {})
SEL: Step = ("sel", "toy.select", {"below": 50}, {"number": "src"})


def add(name: str, after: str, **parameters: Any) -> Step:
    return (name, "toy.add", parameters, {"number": after})


A, B, C = add("a", "src"), add("b", "a", add=10), add("c", "b", add=100)
CHAIN: tuple[Step, ...] = (SRC, A, B, C)
OTHER: tuple[Step, ...] = (SRC, A, add("b", "a", add=20), C)
"""The chain with another parameter in its middle."""


class Calls:
    """Runs leases, and counts the calls of each step by the folder of its files."""

    def __init__(self) -> None:
        self.of: Counted[str] = Counted()

    def __call__(self, lease: Lease) -> Ended:
        self.of.update(call.folder for call in lease.calls)
        return run(lease)


def work(desk: Desk) -> dict[str, int]:
    """Look at what was there and run all there is to run; the calls that it took."""
    desk.backfill()
    calls = Calls()
    desk.work(calls)
    return dict(calls.of)


def events(desk: Desk, kind: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in desk.rows(t.event, "document", kind=kind)]


# -- entering a workflow ---------------------------------------------------------------------------


def test_links_become_revisions(desk: Desks) -> None:
    made = desk(SRC, A, ("s", "toy.sum2", {}, {"first": "a", "second": "src.number"}))
    src, a, s = (made.step(name) for name in ("src", "a", "s"))
    assert s.feeds == {"first": (Feed(a.id, "number"),), "second": (Feed(src.id, "number"),)}
    assert src.consumers == (a.id, s.id)


def test_a_step_that_feeds_two_ports_of_another_has_one_consumer(desk: Desks) -> None:
    made = desk(SRC, ("s", "toy.sum2", {}, {"first": "src", "second": "src"}))
    assert made.step("src").consumers == (made.step("s").id,)


def test_steps_are_numbered_as_the_workflow_has_them(desk: Desks) -> None:
    """Not by depth: lists of them are read in the order in which they were written."""
    made = desk(SRC, A, B, add("d", "src", add=7))
    assert made.rows(t.step, "name") == ["src", "a", "b", "d"]
    assert list(made.record.plan.branches["main"]) == ["src", "a", "b", "d"]
    assert [step.name for step in session_workflow(made.store).steps] == ["src", "a", "b", "d"]


def test_changed_parameters_are_a_new_revision_of_the_step_and_of_what_follows(
    desk: Desks,
) -> None:
    made = desk(SRC, A, B, add("c", "src"))
    made.open(SRC, add("a", "src", add=3), B, add("c", "src"))
    assert [made.step(name).number for name in ("src", "a", "b", "c")] == [1, 2, 2, 1]
    assert events(made, "step.revised") == [
        {"revision": 2, "who": "", "changed": {"add": 3}, "branch": "main"},
        {"revision": 2, "who": "", "changed": {"add": 10}, "branch": "main"},
    ]


def test_earlier_parameters_are_the_earlier_revision(desk: Desks) -> None:
    made = desk(SRC, add("a", "src", add=2))
    first = made.step("a").id
    for value in (3, 2):
        made.open(SRC, add("a", "src", add=value))
    assert made.step("a").id == first
    assert made.step("a").number == 1
    assert len(made.rows(t.revision, step_id=made.step("a").step)) == 2


def test_only_a_step_whose_results_may_exist_looks_for_them(desk: Desks) -> None:
    """The question costs a query for each task: most steps need not ask."""
    sel: Step = ("sel", "toy.select", {}, {"number": "a"})
    made = desk(SRC, A, sel)
    assert not made.step("a").looks_back
    made.open(SRC, A, sel, B)
    assert not made.step("a").looks_back  # the other step of its protocol adds to something else
    made.open(SRC, A, sel, B, add("d", "src"))
    assert made.step("a").looks_back  # another step does the same
    assert not made.step("sel").looks_back
    made.open(SRC, A, ("sel", "toy.select", {"below": 9}, {"number": "a"}), B, add("d", "src"))
    assert made.step("sel").looks_back  # an earlier revision


def test_readers_bind_the_plan_that_the_coordinator_has(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    made.change("a", add=9.0)
    with made.store.read() as connection:
        read = plan_of(connection, toys.registry())
    ours = made.record.plan
    assert (read.branches, read.adopted, read.steps.keys()) == (
        ours.branches,
        "main",
        ours.steps.keys(),
    )
    for number, one in read.steps.items():
        other = ours.steps[number]
        assert (one.name, one.number, one.step) == (other.name, other.number, other.step)
        assert (one.fingerprint, one.looks_back) == (other.fingerprint, other.looks_back)
        assert (one.feeds, one.consumers, one.parameters) == (
            other.feeds,
            other.consumers,
            other.parameters,
        )


def test_a_source_keeps_what_it_has_found_out_when_another_step_changes(desk: Desks) -> None:
    made = desk(*CHAIN)
    protocol = made.step("src").protocol
    made.change("a", add=9.0)
    assert made.step("src").protocol is protocol
    made.change("src", pace=1.0)
    assert made.step("src").protocol is not protocol


def test_a_workflow_that_cannot_run_changes_nothing(desk: Desks) -> None:
    made = desk(*CHAIN)
    tables = (t.step, t.revision, t.member, t.link, t.branch)
    before = [made.rows(table) for table in tables]
    with pytest.raises(InvalidWorkflow, match="no protocol 'toy.nope'"):
        made.bring((*CHAIN, ("x", "toy.nope", {}, {})))
    assert [made.rows(table) for table in tables] == before


# -- several branches ------------------------------------------------------------------------------


def test_a_branch_shares_all_that_comes_before_its_change(desk: Desks) -> None:
    made = desk(*CHAIN)
    (planned,) = made.branch("try", *OTHER)
    assert isinstance(planned, Replanned)
    ours, theirs = (made.record.plan.branches[name] for name in ("main", "try"))
    assert (ours["src"], ours["a"]) == (theirs["src"], theirs["a"])
    assert {one.id for one in planned.fresh} == {theirs["b"], theirs["c"]}
    assert (planned.gone, planned.replaced) == ((), {})
    assert made.step("a").consumers == (ours["b"], theirs["b"])
    assert made.step("b", "try").folder == "b@2"
    adopted = {name: made.step(name, "try").adopted for name in theirs}
    assert adopted == {"src": True, "a": True, "b": False, "c": False}
    assert {one.lane for one in planned.fresh} == {"reprocess"}
    assert planned.lanes[theirs["a"]] == "live"


@pytest.mark.parametrize("early", [True, False])
def test_what_branches_have_in_common_is_done_once(desk: Desks, early: bool) -> None:
    """Whether the branch is there before the exposures come or after."""
    made = desk(*CHAIN)
    if early:
        made.branch("try", *OTHER)
    made.find(1, 2, 3)
    calls = Counted(work(made))
    if not early:
        made.branch("try", *OTHER)
        calls.update(work(made))
    assert calls == {"a": 3, "b": 3, "c": 3, "b@2": 3, "c@2": 3}
    assert made.values("c") == {"e1": 112, "e2": 113, "e3": 114}
    assert made.values(made.step("c", "try")) == {"e1": 122, "e2": 123, "e3": 124}
    assert set(made.exposures().values()) == {"done"}


def test_a_step_in_common_keeps_its_tasks_while_a_branch_comes_and_goes(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2)
    made.start("a", 1)
    before = made.tasks("a")
    made.branch("try", *OTHER)
    assert made.tasks("a") == before
    made.drop("try")
    assert made.tasks("a") == before


def test_what_becomes_of_an_exposure_is_said_by_the_adopted_branch(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", SRC, A, add("b", "a", fail="item"), C)
    made.find(3)
    work(made)
    assert made.states_of(made.step("b", "try")) == {"e3": "failed"}
    assert made.states_of(made.step("c", "try")) == {"e3": "skipped"}
    assert made.exposures() == {"e3": "done"}
    made.adopt("try")
    made.backfill()
    assert made.exposures() == {"e3": "failed"}


def test_a_branch_that_is_asked_for_gives_its_own_results(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    made.find(1)
    work(made)
    for branch, value in ((None, 112), ("main", 112), ("try", 122)):
        (found,) = queries.results(made.store, "c", branch=branch)
        assert found.outputs["number"]["value"] == value


def test_monitors_watch_the_adopted_branch_alone(desk: Desks) -> None:
    watch: Step = ("watch", "toy.watch", {}, {"number": "c"})
    made = desk(*CHAIN, watch)
    made.branch("try", *OTHER, watch)

    def watching() -> list[tuple[str, str]]:
        plan = made.record.plan
        found = [step for step in plan.steps.values() if step.kind == "monitor"]
        names = {number: name for name, members in plan.branches.items() for number in
                 members.values()}  # fmt: skip
        return [(names[one.id], one.name) for one in found]

    assert watching() == [("main", "watch")]
    made.adopt("try")
    assert watching() == [("try", "watch")]


def test_a_branch_that_cannot_run_here_is_left_out_and_the_rest_goes_on(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    with made.store.write() as connection:
        b = made.step("b", "try").id
        connection.execute(t.revision.update().where(t.revision.c.id == b).values(protocol="x.y"))
    made.record.replan()
    assert list(made.record.plan.branches) == ["main"]
    assert "no protocol 'x.y'" in made.record.plan.left_out["try"]
    made.find(1)
    assert work(made) == {"a": 1, "b": 1, "c": 1}
    made.open(*CHAIN)
    assert list(made.record.plan.left_out) == ["try"]


def test_every_active_branch_is_opened_again_with_the_session(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    made.branch("gone", *OTHER[:-1])
    made.drop("gone")
    before = made.record.plan.branches
    made.open(*CHAIN)
    assert made.record.plan.branches == before
    assert list(before) == ["main", "try"]


def test_a_word_of_a_person_holds_in_every_branch(desk: Desks) -> None:
    made = desk(SRC, SEL, add("a", "sel"))
    made.find(1)
    work(made)
    made.judge("e1", "sel", why="ice")
    made.branch(
        "try", SRC, ("sel", "toy.select", {"below": 40}, {"number": "src"}), add("a", "sel")
    )
    work(made)
    (task,) = made.tasks(made.step("sel", "try")).values()
    assert (task.state, task.passed, task.reason) == ("done", False, "ice")


# -- the same work in two branches -----------------------------------------------------------------


TWIN: tuple[Step, ...] = (SRC, A, add("b", "a", add=10.0, log="/dev/null"), C)


def twins(desk: Desks) -> tuple[Desk, PlannedStep, PlannedStep]:
    """A session with two steps that do the same work on the one exposure that there is."""
    made = desk(SRC, add("one", "src"), add("two", "src"))
    made.find(1)
    return made, made.step("one"), made.step("two")


def start_both(made: Desk) -> Lease:
    """Start both of the steps; only one of them gets a lease."""
    (lease,) = made.start("one")
    assert made.start("two") == []
    assert made.states_of("two") == {"e1": "held"}
    assert made.counts("two") == {"held": 1}
    return lease


def test_the_same_work_is_not_done_twice_at_the_same_time(desk: Desks) -> None:
    made, _, two = twins(desk)
    lease = start_both(made)
    (told, _) = made.record.take_in([run(lease)], [])
    assert isinstance(told, TasksReady)
    assert told.withheld == ((two.id, -1),)
    assert told.tasks == ()
    assert made.states_of("two") == {"e1": "done"}
    assert made.counts("two") == {"done": 1, "reused": 1}
    assert made.tasks("two")["e1"].result_id == made.tasks("one")["e1"].result_id


def test_the_coordinator_is_told_what_waits(desk: Desks) -> None:
    from icestream.engine.decisions.actions import Start

    made, _, two = twins(desk)
    made.start("one")
    tasks = made.ready("two")
    (lease,), (told,) = made.record.start([Start("x;", two.id, tasks)])
    assert lease.calls == ()
    assert told == TasksReady(withheld=((two.id, 1),))


def test_what_is_known_when_it_is_to_start_is_not_taken_from_those_that_are_stored(
    desk: Desks,
) -> None:
    """Its result came between the decision and the start; it has left the window already."""
    from icestream.engine.decisions.actions import Start

    made, _, two = twins(desk)
    tasks = made.ready("two")
    made.work_at("one")
    (lease,), told = made.record.start([Start("x;", two.id, tasks)])
    assert (lease.calls, told) == ((), [])
    assert made.states_of("two") == {"e1": "done"}


def ended(lease: Lease, outcome: str) -> Ended:
    call = lease.calls[0].task
    return Ended(lease.id, (Ending(task=call, outcome=outcome, reason="a reason"),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("how", "first"),
    [
        ("item", "failed"),
        ("defect", "failed"),
        ("again", "ready"),
        ("storage", "ready"),
        ("cancelled", "ready"),
        ("lost", "ready"),
    ],
)
def test_who_waits_does_the_work_when_the_other_does_not(desk: Desks, how: str, first: str) -> None:
    made, _, two = twins(desk)
    lease = start_both(made)
    over = Ended(lease.id, (), "its worker died") if how == "lost" else ended(lease, how)
    (told, *_) = made.record.take_in([over], [])
    assert isinstance(told, TasksReady)
    assert [task.step for task in told.tasks] == [two.id]
    assert told.withheld == ((two.id, -1),)
    assert made.states_of("one") == {"e1": first}
    assert made.states_of("two") == {"e1": "ready"}
    made.work_at("two")
    assert made.values("two") == {"e1": 2.0}
    if first == "ready":
        made.work_at("one")
        assert made.counts("one") == {"done": 1, "reused": 1}


def test_one_of_those_that_wait_does_the_work_for_all(desk: Desks) -> None:
    made = desk(SRC, *(add(name, "src") for name in ("one", "two", "three")))
    made.find(1)
    (lease,) = made.start("one")
    assert made.start("two") == made.start("three") == []
    made.record.take_in([ended(lease, "defect")], [])
    calls = Calls()
    made.work(calls)
    assert sum(calls.of.values()) == 1
    assert made.values("two") == made.values("three") == {"e1": 2.0}


def test_who_waits_goes_on_when_the_branch_of_the_other_is_dropped(desk: Desks) -> None:
    """Its lease is cancelled, and what waited for it is not forgotten."""
    made = desk(*CHAIN[:2])
    made.branch("try", SRC, add("x", "src"))
    made.find(1)
    x = made.step("x", "try")
    (lease,) = made.start(x)
    assert made.start("a") == []
    (planned,) = made.drop("try")
    assert isinstance(planned, Replanned)
    assert planned.gone == (x.id,)
    (told, _) = made.record.take_in([ended(lease, "cancelled")], [])
    assert isinstance(told, TasksReady)
    assert [task.step for task in told.tasks] == [made.step("a").id]
    made.work()
    assert made.values("a") == {"e1": 2.0}


def test_what_a_dropped_branch_made_is_used_by_who_waited_for_it(desk: Desks) -> None:
    """It was too late to cancel."""
    made = desk(*CHAIN[:2])
    made.branch("try", SRC, add("x", "src"))
    made.find(1)
    (lease,) = made.start(made.step("x", "try"))
    assert made.start("a") == []
    made.drop("try")
    made.record.take_in([run(lease)], [])
    assert made.values("a") == {"e1": 2.0}
    assert made.counts("a") == {"done": 1, "reused": 1}


def test_what_waits_in_a_branch_that_is_dropped_is_ready_when_that_returns(desk: Desks) -> None:
    made = desk(*CHAIN[:2])
    made.branch("try", SRC, add("x", "src"))
    made.find(1)
    x = made.step("x", "try")
    (lease,) = made.start("a")
    assert made.start(x) == []
    made.drop("try")
    assert made.record.take_in([ended(lease, "defect")], [])
    assert made.states_of(x) == {"e1": "ready"}
    assert made.counts(x) == {"ready": 1}


def test_who_waits_goes_on_when_the_exposure_of_the_other_was_taken_back_meanwhile(
    desk: Desks,
) -> None:
    """The lease goes on, and nobody wants what it makes but who waits for it."""
    made = desk(SRC, SEL, add("one", "sel"), add("two", "src"))
    made.find(1)
    made.work_at("sel")
    (lease,) = made.start("one")
    assert made.start("two") == []
    made.judge("e1", "sel", why="ice")
    assert made.states_of("one") == {"e1": "skipped"}
    assert made.states_of("two") == {"e1": "held"}
    made.record.take_in([run(lease)], [])
    assert made.values("two") == {"e1": 2.0}


def test_who_waits_for_what_it_cannot_have_any_more_is_skipped(desk: Desks) -> None:
    made = desk(SRC, SEL, add("one", "src"), add("two", "sel"))
    made.find(1)
    made.work_at("sel")
    (lease,) = made.start("one")
    assert made.start("two") == []
    (told,) = made.judge("e1", "sel", why="ice")
    assert isinstance(told, TasksReady)
    assert told.withheld == ((made.step("two").id, -1),)
    assert made.states_of("two") == {"e1": "skipped"}
    made.record.take_in([run(lease)], [])
    assert made.states_of("two") == {"e1": "skipped"}
    assert made.counts("two") == {"skipped": 1}


def test_after_a_crash_who_waited_is_ready(desk: Desks) -> None:
    made, _, two = twins(desk)
    start_both(made)
    made.record = type(made.record)(made.store, toys.registry(), "oldest", 60.0)
    made.open(SRC, add("one", "src"), add("two", "src"))
    assert made.states_of("one") == made.states_of("two") == {"e1": "ready"}
    assert made.states[two.id].withheld == 0
    calls = Calls()
    made.work(calls)
    assert sum(calls.of.values()) == 1
    assert made.values("one") == made.values("two") == {"e1": 2.0}


# -- a sample --------------------------------------------------------------------------------------


def test_a_branch_for_a_sample_does_nothing_else(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    work(made)
    (planned,) = made.branch("try", *OTHER, sample=["e1", "e3"])
    assert isinstance(planned, Replanned)
    assert {one.awaited for one in planned.fresh} == {2}
    assert work(made) == {"b@2": 2, "c@2": 2}
    made.find(4)
    assert work(made) == {"a": 1, "b": 1, "c": 1}
    assert set(made.states_of(made.step("c", "try"))) == {"e1", "e3"}
    assert made.step("a", "try").sample is None  # the adopted branch has it for all


def test_a_step_of_a_sample_says_how_many_it_has_not_to_wait_for(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    made.branch("try", *OTHER, sample=["e1", "e3"])
    made.backfill()
    b = made.step("b", "try").id
    settled = []
    for lease in made.start("a"):
        for event in made.record.take_in([run(lease)], []):
            settled += event.settled if isinstance(event, TasksReady) else []
    assert settled == [(b, 1), (b, 1)]


def test_two_samples_have_together_what_each_has(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    made.branch("try", *OTHER, sample=["e1"])
    made.branch("more", *OTHER, sample=["e2"])
    assert made.step("b", "try") is made.step("b", "more")
    assert work(made) == {"a": 3, "b": 3, "c": 3, "b@2": 2, "c@2": 2}


@pytest.mark.parametrize("sample", [["e2"], None])
def test_a_sample_that_grows_is_caught_up_on(desk: Desks, sample: list[str] | None) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    made.branch("try", *OTHER, sample=["e1"])
    work(made)
    (planned,) = made.branch("more", *OTHER, sample=sample)
    assert isinstance(planned, Replanned)
    assert {(one.awaited, one.backfilling) for one in planned.fresh} == {(sample and 2, True)}
    assert work(made) == {"b@2": 1, "c@2": 1} if sample else {"b@2": 2, "c@2": 2}
    b = made.step("b", "more").id
    assert len(made.record.memory.settled.get(b, ())) == (2 if sample else 0)


def test_a_source_of_its_own_brings_the_sample_alone(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    work(made)
    source: Step = ("src", "toy.count", {"offset": 1.0}, {})
    made.branch("try", source, A, sample=["e2"])
    src = made.step("src", "try")
    from icestream.engine.messages import Discovered
    from icestream.protocol import Discovery

    items = [toys.Number(exposure=f"e{n}", value=n + 1.0) for n in (1, 2, 3)]
    made.record.take_in([], [Discovered(src.id, Discovery(items))])
    assert made.states_of(src) == {"e2": "done"}
    made.work()
    assert made.values(made.step("a", "try")) == {"e2": 4.0}


# -- adopting and dropping -------------------------------------------------------------------------


def test_adopting_a_branch_takes_all_that_it_has_made(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    made.find(1, 2)
    work(made)
    (planned,) = made.adopt("try")
    assert isinstance(planned, Replanned)
    assert work(made) == {}
    assert made.values("c") == {"e1": 122, "e2": 123}
    assert made.record.plan.adopted == "try"
    assert list(made.record.plan.branches) == ["try"]
    assert {row.name: row.state for row in made.rows(t.branch)} == {
        "main": "resting",
        "try": "active",
    }
    assert events(made, "branch.adopted") == [{"branch": "try", "before": "main", "who": "ann"}]


def test_adopting_the_other_again_takes_it_back_and_catches_up(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    made.find(1)
    work(made)
    made.adopt("try")
    made.find(2)
    assert work(made) == {"a": 1, "b@2": 1, "c@2": 1}
    made.adopt("main")
    assert work(made) == {"b": 1, "c": 1}  # of the exposure that it has not seen
    assert made.values("c") == {"e1": 112, "e2": 113}
    assert made.exposures() == {"e1": "done", "e2": "done"}


def holding(desk: Desk) -> list[tuple[str, str]]:
    """Which alerts hold, and for which branch."""
    names = dict(desk.rows(t.branch, "id", "name"))
    rows = desk.rows(t.alert, "key", "branch_id", "cleared")
    return [(key, names[branch]) for key, branch, cleared in rows if cleared is None]


def test_alerts_of_shared_steps_go_on_for_the_branch_that_is_adopted(desk: Desks) -> None:
    """Those of what only the branch at rest has are over: nobody would ever clear them."""
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    low = Alert(key="low", level="warning", message="it is low")
    for name in ("a", "b"):
        with made.record.transaction() as (_, writes):
            made.record.alerts.raise_(writes, Reporter.of(made.step(name, "main")), low)
    assert holding(made) == [("low", "main"), ("low", "main")]
    made.adopt("try")
    assert holding(made) == [("low", "try")]
    with made.record.transaction() as (_, writes):
        made.record.alerts.raise_(writes, Reporter.of(made.step("a", "try")), low)
    assert len(made.rows(t.alert, "id")) == 2, "said again by the same step, it is the same alert"


def test_alerts_of_a_step_that_is_taken_out_are_over(desk: Desks) -> None:
    made = desk(SRC, A, B)
    low = Alert(key="low", level="warning", message="it is low")
    for name in ("a", "b"):
        with made.record.transaction() as (_, writes):
            made.record.alerts.raise_(writes, Reporter.of(made.step(name)), low)
    made.bring((SRC, A))
    assert list(made.record.alerts.held) == [(Reporter.of(made.step("a")), "low")]
    assert len(holding(made)) == 1


def test_alerts_of_nobody_are_over_when_the_session_is_opened(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    rests = Reporter.of(made.step("b", "main"))
    made.adopt("try")
    low = Alert(key="low", level="warning", message="it is low")
    for by in (rests, Reporter.of(made.step("b"))):  # the first left by an earlier version
        with made.record.transaction() as (_, writes):
            made.record.alerts.raise_(writes, by, low)
    made.open(*OTHER)
    assert holding(made) == [("low", "try")]


def test_a_sample_that_is_adopted_is_for_all(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    work(made)
    made.branch("try", *OTHER, sample=["e1"])
    assert work(made) == {"b@2": 1, "c@2": 1}
    (planned,) = made.adopt("try")
    assert isinstance(planned, Replanned)
    assert {one.awaited for one in planned.fresh} == {None}
    assert work(made) == {"b@2": 2, "c@2": 2}
    assert made.step("b").sample is None


def test_a_step_that_only_the_other_branch_had_fails_no_exposure_any_more(desk: Desks) -> None:
    made = desk(SRC, A, add("bad", "src", fail="item"))
    made.branch("try", SRC, A)
    made.find(3)
    work(made)
    assert made.exposures() == {"e3": "failed"}
    made.adopt("try")
    work(made)
    assert made.exposures() == {"e3": "done"}


def test_a_branch_that_is_dropped_does_nothing_any_more(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    made.find(1)
    work(made)
    before = made.rows(t.result)
    (planned,) = made.drop("try")
    assert isinstance(planned, Replanned)
    assert (len(planned.gone), planned.fresh) == (2, ())
    assert made.rows(t.result) == before  # what it made stays
    made.find(2)
    assert work(made) == {"a": 1, "b": 1, "c": 1}
    assert events(made, "branch.dropped") == [{"branch": "try", "who": "ann"}]


@pytest.mark.parametrize(
    ("what", "branch", "said"),
    [
        ("adopt", "nope", "no branch 'nope' in this session; it has main, try, old"),
        ("adopt", "main", "branch 'main' is the one that is adopted"),
        ("adopt", "old", "branch 'old' was dropped"),
        ("drop", "nope", "no branch 'nope'"),
        ("drop", "main", "branch 'main' is the one that is adopted"),
        ("drop", "old", "branch 'old' was dropped"),
    ],
)
def test_what_cannot_be_adopted_or_dropped_is_refused(
    desk: Desks, what: str, branch: str, said: str
) -> None:
    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    made.branch("old", *OTHER)
    made.drop("old")
    before = made.rows(t.branch)
    with pytest.raises(LookupError, match=said):
        getattr(made, what)(branch)
    assert made.rows(t.branch) == before


# -- a workflow that changes -----------------------------------------------------------------------


D = add("d", "src", add=7)


def relinked(second: str) -> tuple[Step, ...]:
    """Two steps that do the same, and one that is fed by the first or the second of them."""
    return (SRC, add("one", "src"), add("two", "src"), add("then", second, add=5))


@pytest.mark.parametrize(
    ("before", "after", "calls", "values"),
    [
        pytest.param(CHAIN, (*CHAIN, D), {"d": 2}, {"d": 8}, id="added"),
        pytest.param(
            CHAIN, (*CHAIN, D, add("e", "d", add=9)), {"d": 2, "e": 2}, {"e": 17},
            id="several-added",
        ),
        pytest.param(
            CHAIN,
            (SRC, A, ("b", "toy.sum2", {}, {"first": "a", "second": "src"}), C),
            {"b@2": 2, "c@2": 2},
            {"c": 103},
            id="replaced",
        ),
        pytest.param(
            CHAIN, (SRC, A, add("b", "src", add=10), C), {"b@2": 2, "c@2": 2}, {"c": 111},
            id="relinked",
        ),
        pytest.param(
            relinked("one"), relinked("two"), {}, {"then": 7}, id="relinked-to-its-twin"
        ),
        pytest.param(CHAIN, (SRC, A, B), {}, {"b": 12}, id="taken-out"),
        pytest.param(
            CHAIN, (SRC, A, add("c", "a", add=100)), {"c@2": 2}, {"c": 102},
            id="taken-out-of-the-middle",
        ),
        pytest.param(
            (SRC, A, ("w", "toy.watch", {}, {"number": "a"})), (SRC, A), {}, {"a": 2},
            id="monitor-taken-out",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("back", [False, True], ids=["", "and-back"])
def test_a_workflow_is_changed_and_what_can_be_kept_is_kept(
    desk: Desks, before: Any, after: Any, calls: dict[str, int], values: dict[str, float],
    back: bool,
) -> None:  # fmt: skip
    made = desk(*before)
    made.find(1, 2)
    work(made)
    kept = {name: made.step(name).id for name in made.record.plan.branches["main"]}
    old = {name: made.tasks(name) for name in kept}
    seen = preview(made.store, toys.registry(), Workflow.from_document(toys.workflow(*after)))
    made.bring(after)
    assert work(made) == calls
    assert {one.name: one.tasks for one in seen.steps if one.tasks} == {
        name.split("@")[0]: count for name, count in calls.items()
    }
    assert set(seen.removed) == {step[0] for step in before} - {step[0] for step in after}
    assert {name: made.values(name)["e1"] for name in values} == values
    assert [step.name for step in session_workflow(made.store).steps] == [
        name for name in made.rows(t.step, "name") if name in {step[0] for step in after}
    ]
    assert set(made.exposures().values()) == {"done"}
    if back:
        made.bring(before)
        assert work(made) == {}
        assert {name: made.step(name).id for name in kept} == kept
        assert {name: made.tasks(name) for name in kept} == old


def test_what_came_while_a_step_was_out_is_caught_up_on_when_it_is_back(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1)
    work(made)
    made.bring(CHAIN[:2])
    made.find(2)
    assert work(made) == {"a": 1}
    made.bring(CHAIN)
    assert work(made) == {"b": 1, "c": 1}
    assert events(made, "step.removed") == [{"who": "ann", "branch": "main"} for _ in ("b", "c")]
    assert len(events(made, "step.added")) == len(CHAIN) + 2


def test_the_cursor_of_a_source_that_is_back_begins_anew(desk: Desks) -> None:
    other: Step = ("more", "toy.count", {"offset": 5.0}, {})
    made = desk(SRC, other, A)
    made.find(1, step="more")
    assert made.record.cursors()[made.step("more").id] == 1
    made.bring((SRC, A))
    made.bring((SRC, other, A))
    assert made.record.cursors()[made.step("more").id] is None


@pytest.mark.parametrize(
    "after", [OTHER, (SRC, A, ("b", "toy.sum2", {}, {"first": "a", "second": "src"}), C)]
)
def test_a_step_that_is_paused_stays_so_when_it_is_changed(desk: Desks, after: Any) -> None:
    made = desk(*CHAIN)
    made.record.change_step(made.step("b").id, "paused", "pause by ann", alarm=False)
    (planned,) = made.bring(after)
    assert isinstance(planned, Replanned)
    states = {made.record.plan.steps[one.id].name: one.state for one in planned.fresh}
    assert states == {"b": "paused", "c": "waiting"}
    (row,) = made.rows(t.revision, id=made.step("b").id)
    assert (row.state, row.reason) == ("paused", "pause by ann")


# -- previews of branches --------------------------------------------------------------------------


def test_a_preview_of_a_branch_counts_what_the_branch_has(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2)
    work(made)
    made.branch("try", *OTHER)
    work(made)
    made.find(3)
    work(made)
    after = Workflow.from_document(toys.workflow(*CHAIN[:3], add("c", "b", add=5)))
    here = preview(made.store, toys.registry(), after)
    assert [(one.name, one.tasks, one.kept) for one in here.steps] == [("c", 3, 0)]
    there = preview(made.store, toys.registry(), after, "try")
    assert [(one.name, one.tasks, one.kept) for one in there.steps] == [
        ("b", 0, 3),  # the other branch has made it
        ("c", 3, 0),
    ]
    made.bring(after, "try")
    assert work(made) == {"c@3": 3}


def test_revisions_are_found_by_what_they_are(desk: Desks) -> None:
    from icestream.engine.graph.plan import bind

    made = desk(*CHAIN)
    made.branch("try", *OTHER)
    bound = bind(Workflow.from_document(toys.workflow(*OTHER, D)), toys.registry())
    with made.store.read() as connection:
        found = find_revisions(connection, bound)
    numbers = {name: one.revision and one.revision.id for name, one in found.items()}
    assert numbers == {**made.record.plan.branches["try"], "d": None}
