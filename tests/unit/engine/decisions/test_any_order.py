"""Decisions under whatever happens, in any order, beside a model of the session in plain Python.

The model plays the store, the executor and the people: it knows every task and what became of it,
and nothing of how decisions are made. `ICESTREAM_MODEL_EXAMPLES` has more of them tried.
"""

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from icestream.engine.decisions.actions import CancelLease, ChangeStep, Refill, Start
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import (
    Asked,
    Event,
    LeaseEnded,
    OrderChanged,
    Refilled,
    Replanned,
    SlotsChanged,
    StreamEnded,
    TasksReady,
    Tick,
    Trouble,
)
from icestream.engine.decisions.ready import ORDERS, Order, Ready, rank_of
from icestream.engine.decisions.state import Free, State, StepState, kept_of
from icestream.engine.executors.contract import Fusing
from icestream.model import RevisionId, SubjectId, TaskId
from icestream.protocol import Resources

EXAMPLES = int(os.environ.get("ICESTREAM_MODEL_EXAMPLES", "30"))
STEPS = int(os.environ.get("ICESTREAM_MODEL_STEPS", "25"))
CORES = 4
CHAIN = 3
"""Steps that work, one after another, behind the source."""
OUTCOMES = ("done", "failed", "refused", "again", "returned")


@dataclass
class Task:
    """What the store knows of a task."""

    step: int
    exposure: int
    state: str = "ready"
    attempt: int = 0
    due: float = 0.0


@dataclass
class World:
    """Everything outside of the decisions."""

    tasks: dict[int, Task] = field(default_factory=dict)
    revisions: list[int] = field(default_factory=list)
    """Of the source, and of the steps behind it."""
    made: int = 0
    """Revisions so far."""
    exposures: int = 0
    closed: bool = False
    paused: set[int] = field(default_factory=set)
    out: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Leases and their tasks."""
    cancelled: set[str] = field(default_factory=set)
    dead: list[LeaseEnded] = field(default_factory=list)
    """Ends that come late, or once more."""
    runs: dict[int, int] = field(default_factory=dict)
    """Of each task: ends that were its own."""

    def of(self, step: int, *states: str) -> list[int]:
        """Tasks of a step in these states."""
        return [id_ for id_, t in self.tasks.items() if t.step == step and t.state in states]


class AnyOrder(RuleBasedStateMachine):
    """A session of a source and a chain of steps."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.now, self.epoch, self.slots = 1.0, 1, 3
        self.order: Order = "newest"
        self.world.revisions = [self._revision() for _ in range(CHAIN + 1)]
        self.state = self._opened()
        self._tell(Tick())

    # -- what happens -----------------------------------------------------------------------------

    @precondition(lambda self: not self.world.closed)
    @rule(count=st.integers(1, 12))
    def discover(self, count: int) -> None:
        first = self.world.exposures + 1
        self.world.exposures += count
        exposures = range(first, first + count)
        self._tell(TasksReady(tuple(self._enter(1, exposure) for exposure in exposures)))

    @rule(closed=st.booleans())
    def close(self, closed: bool) -> None:
        self.world.closed = closed
        self._tell(StreamEnded(RevisionId(self.world.revisions[0]), closed))

    @precondition(lambda self: self.world.out)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(sorted(self.world.out)))
        tasks = self.world.out[lease]
        if lease in self.world.cancelled:
            chosen = ["returned"] * len(tasks)
        else:
            chosen = data.draw(st.lists(
                st.sampled_from(OUTCOMES), min_size=len(tasks), max_size=len(tasks)))  # fmt: skip
        self._end(lease, dict(zip(tasks, chosen, strict=True)))

    @precondition(lambda self: self.world.dead)
    @rule(data=st.data())
    def end_late(self, data: st.DataObject) -> None:
        """What ended already, or in an earlier epoch, ends once more: nothing comes of it."""
        before = {id_: task.state for id_, task in self.world.tasks.items()}
        out = dict(self.world.out)
        self._tell(data.draw(st.sampled_from(self.world.dead)))
        assert {id_: task.state for id_, task in self.world.tasks.items()} == before
        assert self.world.out == out

    @rule(seconds=st.sampled_from([0.1, 5.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._tell(Tick())

    @rule(place=st.integers(1, CHAIN), verb=st.sampled_from(["pause", "resume", "stop", "abort"]))
    def ask_of_a_step(self, place: int, verb: str) -> None:
        self._tell(Asked(verb, (RevisionId(self.world.revisions[place]),)))

    @rule(verb=st.sampled_from(["pause", "resume"]))
    def ask(self, verb: str) -> None:
        self._tell(Asked(verb))

    @rule(reason=st.sampled_from(["", "disk full"]))
    def trouble(self, reason: str) -> None:
        self._tell(Trouble(reason))

    @rule(slots=st.integers(0, 5))
    def other_slots(self, slots: int) -> None:
        self.slots = slots
        self._tell(SlotsChanged(slots))

    @rule(order=st.sampled_from(ORDERS))
    def other_order(self, order: Order) -> None:
        self.order = order
        self._tell(OrderChanged(order))

    @rule(place=st.integers(1, CHAIN))
    def change(self, place: int) -> None:
        """Other parameters of a step: it and all behind it are new, and what is before stays."""
        gone = self.world.revisions[place:]
        of_gone = {
            lease
            for lease, tasks in self.world.out.items()
            if self.world.tasks[tasks[0]].step in gone
        }
        before = set(self.world.cancelled)
        fresh = [self._revision() for _ in gone]
        self.world.revisions[place:] = fresh
        for task in self.world.tasks.values():
            if task.step in gone and task.state not in ("done", "failed"):
                task.state = "gone"
        for exposure in self._through(place - 1):
            self._enter(place, exposure)
        self._tell(
            Replanned(
                fresh=tuple(self._step(place + n, {}) for n in range(len(fresh))),
                gone=tuple(map(RevisionId, gone)),
                replaced=dict(zip(map(RevisionId, fresh), map(RevisionId, gone), strict=True)),
            )
        )
        # What depends on the change is ended, and nothing else is.
        assert self.world.cancelled - before <= of_gone <= self.world.cancelled

    @rule()
    def restart(self) -> None:
        """The coordinator is killed: what ran is ready again, and what it still says is late."""
        states = {step.id: step.state for step in self.state.steps.values()}
        for lease, tasks in self.world.out.items():
            self.world.dead.append(LeaseEnded(lease, done=tuple(map(TaskId, tasks))))
            for id_ in tasks:
                if self.world.tasks[id_].state == "running":
                    self.world.tasks[id_].state = "ready"
        self.world.out.clear()
        self.world.cancelled.clear()
        for task in self.world.tasks.values():
            if task.state == "later":  # whoever starts anew tries at once
                task.state, task.due = "ready", self.now
        self.epoch += 1
        self.state = self._opened(states)
        self._tell(Tick())

    # -- what always holds ------------------------------------------------------------------------

    @invariant()
    def no_task_is_lost_or_counted_twice(self) -> None:
        for step in self.state.steps.values():
            held = [entry[1] for entry in step.window]
            assert len(held) == len(set(held))
            ready = set(self.world.of(step.id, "ready"))
            assert set(held) <= ready
            assert len(held) + step.stored == len(ready)
            assert step.running == len(self.world.of(step.id, "running"))
            assert step.later == len(self.world.of(step.id, "later"))

    @invariant()
    def what_runs_holds_what_it_needs(self) -> None:
        assert set(self.state.leases) == set(self.world.out)
        assert self.state.slots == self.slots - len(self.world.out)
        assert self.state.free.cores == CORES - len(self.world.out)
        running = [id_ for tasks in self.world.out.values() for id_ in tasks]
        assert len(running) == len(set(running))

    @invariant()
    def nothing_idles_that_could_work(self) -> None:
        if self.state.session != "running" or self.state.slots <= 0 or not self.state.free.cores:
            return
        for step in self.state.steps.values():
            assert step.held or not self.world.of(step.id, "ready")

    def teardown(self) -> None:
        """In the end, whatever happened, every exposure has gone through every step, once."""
        self._tell(SlotsChanged(3))
        self.slots = 3
        self._tell(Trouble(""))
        self._tell(Asked("resume"))
        self.close(closed=True)
        for _ in range(10_000):
            for place in range(1, CHAIN + 1):
                if self.state.steps[RevisionId(self.world.revisions[place])].held:
                    self._tell(Asked("resume", (RevisionId(self.world.revisions[place]),)))
            if not self.world.out and not self.state.later:
                break
            if self.world.out:
                lease = min(self.world.out)
                how = "returned" if lease in self.world.cancelled else "done"
                self._end(lease, dict.fromkeys(self.world.out[lease], how))
            else:
                self.wait(100.0)
        assert self.state.finished, [(s.id, s.state, s.live) for s in self.state.steps.values()]
        for place in range(1, CHAIN + 1):
            step = self.world.revisions[place]
            ended = [
                self.world.tasks[id_].exposure for id_ in self.world.of(step, "done", "failed")
            ]
            assert sorted(ended) == sorted(self._through(place - 1))
        assert all(count == 1 for count in self.world.runs.values())

    # -- the store and the executor ---------------------------------------------------------------

    def _revision(self) -> int:
        self.world.made += 1
        return self.world.made

    def _through(self, place: int) -> list[int]:
        """Exposures that a step has made something of."""
        if place == 0:
            return list(range(1, self.world.exposures + 1))
        done = self.world.of(self.world.revisions[place], "done")
        return [self.world.tasks[id_].exposure for id_ in done]

    def _enter(self, place: int, exposure: int) -> Ready:
        """A task, which there must be once."""
        step = self.world.revisions[place]
        there = [t for t in self.world.tasks.values() if (t.step, t.exposure) == (step, exposure)]
        assert not there
        id_ = len(self.world.tasks) + 1
        self.world.tasks[id_] = Task(step, exposure)
        return self._ready(id_)

    def _ready(self, id_: int) -> Ready:
        task = self.world.tasks[id_]
        depth = self.world.revisions.index(task.step)
        rank = rank_of(depth, SubjectId(task.exposure))
        return Ready(rank, TaskId(id_), RevisionId(task.step), task.due, task.attempt)

    def _step(self, place: int, states: dict[RevisionId, str]) -> StepState:
        revision = RevisionId(self.world.revisions[place])
        return StepState(
            id=revision,
            depth=place,
            kind="item" if place else "source",
            need=Resources(cores=1, memory=1),
            feeding=(RevisionId(self.world.revisions[place - 1]),) if place else (),
            state=states.get(revision, "waiting"),  # type: ignore[arg-type]
            stored=len(self.world.of(revision, "ready")),
            order=self.order,
            closed=self.world.closed and not place,
        )

    def _opened(self, states: dict[RevisionId, str] | None = None) -> State:
        steps = [self._step(place, states or {}) for place in range(CHAIN + 1)]
        return State(
            {step.id: step for step in steps},
            Free(CORES, 1000),
            self.slots,
            mark=f"m{self.epoch};",
            fusing=Fusing(0.02, 4),
        )

    def _tell(self, event: Event) -> None:
        """As the coordinator does it: all that follows, then what starts, then what is read."""
        pending: deque[Event] = deque([event])
        starts: list[Start] = []
        refills: list[Refill] = []
        for task in self.world.tasks.values():
            if task.state == "later" and task.due <= self.now:
                task.state = "ready"
        while pending or starts or refills:
            if pending:
                for action in decide(self.state, pending.popleft(), self.now):
                    if isinstance(action, Start):
                        starts.append(action)
                    elif isinstance(action, Refill):
                        refills.append(action)
                    elif isinstance(action, CancelLease):
                        self.world.cancelled.add(action.lease)
                    elif isinstance(action, ChangeStep):
                        assert action.step in self.state.steps
            elif starts:
                for start in starts:
                    self._start(start)
                starts = []
            else:
                pending.extend(self._refill(refills.pop()))

    def _start(self, start: Start) -> None:
        assert self.state.session == "running"
        assert start.lease not in self.world.out
        assert start.lease.startswith(f"m{self.epoch};")
        for ready in start.tasks:
            task = self.world.tasks[ready.id]
            assert task.state == "ready", f"task {ready.id} is {task.state}"
            assert task.step == start.step == ready.step
            assert not self.state.steps[start.step].held
            assert task.due <= self.now
            task.state = "running"
        self.world.out[start.lease] = tuple(ready.id for ready in start.tasks)

    def _refill(self, refill: Refill) -> Iterator[Event]:
        if refill.step not in self.state.steps:
            return
        ready = sorted(map(self._ready, self.world.of(refill.step, "ready")))
        oldest, newest = kept_of(self.order)
        kept = dict.fromkeys([*ready[:oldest], *(ready[-newest:] if newest else [])])
        yield Refilled(refill.step, tuple(kept))

    def _end(self, lease: str, outcomes: dict[int, str]) -> None:
        """What a worker says of its lease is recorded, and what that makes ready is told."""
        del self.world.out[lease]
        self.world.cancelled.discard(lease)
        ended: dict[str, list[TaskId]] = {name: [] for name in OUTCOMES}
        again, enabled = [], []
        for id_, outcome in outcomes.items():
            task = self.world.tasks[id_]
            if task.state == "gone":
                continue
            ended[outcome].append(TaskId(id_))
            task.state = {"refused": "failed", "returned": "ready", "again": "later"}.get(
                outcome, outcome
            )
            if outcome == "again":
                task.attempt, task.due = task.attempt + 1, self.now + 10
                again.append((TaskId(id_), task.due))
            elif outcome != "returned":
                self.world.runs[id_] = self.world.runs.get(id_, 0) + 1
            place = self.world.revisions.index(task.step)
            if outcome == "done" and place < CHAIN:
                enabled.append((place + 1, task.exposure))
        event = LeaseEnded(
            lease,
            done=tuple(ended["done"]),
            failed=tuple(ended["failed"]),
            refused=tuple(ended["refused"]),
            again=tuple(again),
            returned=tuple(ended["returned"]),
            seconds=0.005,
            reason="x",
        )
        self.world.dead.append(event)
        self._tell_both(event, enabled)

    def _tell_both(self, event: LeaseEnded, enabled: list[tuple[int, int]]) -> None:
        """The end of a lease, and what one transaction made ready with it."""
        entered = tuple(self._enter(place, exposure) for place, exposure in enabled)
        self._tell(event)
        self._tell(TasksReady(entered))


def test_whatever_happens_in_whatever_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("icestream.engine.decisions.state.WINDOW", 8)  # so that it is often full
    run_state_machine_as_test(
        AnyOrder, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )
