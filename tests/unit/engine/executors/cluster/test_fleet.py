"""Nodes come with the work and go without it, whatever happens to them on the way."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from icestream.engine.executors.cluster import fleet as module
from icestream.engine.executors.cluster.fleet import (
    Fleet,
    NodeAsked,
    awaited_nodes,
    waiting_note,
)
from icestream.engine.executors.cluster.jobs import CannotStart, Door
from icestream.engine.executors.cluster.kinds import NodeKind
from icestream.engine.executors.cluster.present import AwaitedNode
from toy_session import wait_for


class Starter:
    """Starts nothing, and says what it was asked for."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.ended: list[str] = []
        self.asked = 0
        self.refuses = ""
        self.keeps = ""
        """Why none can be ended."""
        self.silent = ""
        """Why it cannot be said how they are."""
        self.closed = False

    def start(self, name: str, kind: NodeKind, door: Door) -> str:
        self.asked += 1
        if self.refuses:
            raise CannotStart(self.refuses)
        self.running.append(name)
        return f"job of {name}"

    def stop(self, called: str) -> None:
        if self.keeps:
            raise CannotStart(self.keeps)
        name = called.removeprefix("job of ")
        self.ended.append(name)
        if name in self.running:
            self.running.remove(name)

    def look(self, called: str) -> tuple[bool, str]:
        if self.silent:
            raise CannotStart(self.silent)
        there = called.removeprefix("job of ") in self.running
        return there, "PENDING Resources" if there else "exit status 1: no such module"

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> Starter:
    for name, seconds in {
        "_TURN": 0.01, "_FIRST": 0.01, "_LOOK": 0.02, "_SETTLE": 0.05, "_FAREWELL": 0.05,
    }.items():  # fmt: skip
        monkeypatch.setattr(module, name, seconds)
    return Starter()


@pytest.fixture
def made(starter: Starter) -> Iterator[Fleet]:
    kinds = {
        "cpu": NodeKind(cores=2, memory=10**9, most=5),  # type: ignore[arg-type]
        "gpu": NodeKind(cores=2, memory=10**9, gpus=1, most=2),  # type: ignore[arg-type]
    }
    fleet = Fleet(kinds, starter, Door("tls://head:1"), "s", lambda: None)
    fleet.start()
    yield fleet
    fleet.stop()
    assert starter.running == []
    assert starter.closed


def want(fleet: Fleet, joined: Any = (), idle: Any = (), **many: int) -> None:
    fleet.want({"cpu": 0, "gpu": 0, **many}, joined, idle)


def test_as_many_are_started_as_are_wanted(made: Fleet, starter: Starter) -> None:
    want(made, cpu=2, gpu=1)
    wait_for(lambda: sorted(starter.running) == ["s-cpu-1", "s-cpu-2", "s-gpu-3"])
    assert (made.kind_of("s-cpu-1"), made.kind_of("another's")) == ("cpu", "")
    assert made.problem() == ""
    want(made, cpu=3, gpu=1)
    wait_for(lambda: len(starter.running) == 4)


def test_what_has_not_come_is_ended_first_and_then_what_is_idle(
    made: Fleet, starter: Starter
) -> None:
    want(made, cpu=3)
    wait_for(lambda: len(starter.running) == 3)
    want(made, ["s-cpu-1", "s-cpu-2"], ["s-cpu-2"], cpu=2)
    wait_for(lambda: starter.ended == ["s-cpu-3"])
    want(made, ["s-cpu-1", "s-cpu-2"], ["s-cpu-2"], cpu=0)
    wait_for(lambda: made.leaving() == {"s-cpu-2"})
    wait_for(lambda: starter.ended == ["s-cpu-3", "s-cpu-2"])
    time.sleep(0.3)
    assert starter.running == ["s-cpu-1"]  # it works


def test_one_that_gets_a_lease_at_the_last_moment_stays(
    made: Fleet, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FAREWELL", 600.0)
    want(made, cpu=1)
    wait_for(lambda: len(starter.running) == 1)
    want(made, ["s-cpu-1"], ["s-cpu-1"], cpu=0)
    wait_for(lambda: made.leaving() == {"s-cpu-1"})
    want(made, ["s-cpu-1"], [], cpu=1)
    wait_for(lambda: not made.leaving())
    assert starter.ended == []


def test_a_burst_of_work_does_not_end_what_the_next_needs(
    made: Fleet, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SETTLE", 600.0)
    want(made, cpu=2)
    wait_for(lambda: len(starter.running) == 2)
    want(made, cpu=0)
    time.sleep(0.2)
    assert starter.ended == []


def test_what_is_refused_is_tried_again_until_it_is_not(made: Fleet, starter: Starter) -> None:
    starter.refuses = "sbatch: error: invalid partition specified: bulk"
    want(made, cpu=3)
    wait_for(lambda: not made.can_start("cpu"))
    assert made.can_start("gpu")
    assert "kind cpu cannot be started: sbatch: error: invalid partition" in made.problem()
    want(made, cpu=0)  # with no room no work is sent, so that none waits
    before = starter.asked
    wait_for(lambda: starter.asked > before)
    starter.refuses = ""
    wait_for(lambda: made.can_start("cpu"))
    assert made.problem() == ""
    assert len(starter.running) <= 1  # one is tried


def test_nodes_that_end_at_once_are_a_problem_until_one_joins(
    made: Fleet, starter: Starter
) -> None:
    want(made, cpu=2)
    wait_for(lambda: starter.running)

    def fail_again() -> bool:
        starter.running.clear()
        return not made.can_start("cpu")

    wait_for(fail_again)
    assert "ended before it had joined: exit status 1: no such module" in made.problem()
    wait_for(lambda: starter.running)
    assert not made.can_start("cpu")  # that it was asked for says nothing yet
    made.well("cpu")
    assert made.can_start("cpu")


def test_of_one_that_has_gone_the_rest_is_ended_and_another_comes(
    made: Fleet, starter: Starter
) -> None:
    want(made, cpu=1)
    wait_for(lambda: starter.running == ["s-cpu-1"])
    want(made, ["s-cpu-1"], cpu=1)
    made.gone("s-cpu-1")
    wait_for(lambda: starter.ended == ["s-cpu-1"])
    wait_for(lambda: starter.running == ["s-cpu-2"])
    assert made.problem() == ""
    assert made.kind_of("s-cpu-1") == ""


def test_one_that_cannot_be_ended_now_is_ended_later(made: Fleet, starter: Starter) -> None:
    want(made, cpu=1)
    wait_for(lambda: starter.running == ["s-cpu-1"])
    starter.keeps = "scancel has not answered for 60 s"
    want(made, cpu=0)
    time.sleep(0.3)
    assert made.kind_of("s-cpu-1") == "cpu"
    starter.keeps = ""
    wait_for(lambda: starter.ended == ["s-cpu-1"])


def test_what_cannot_be_known_now_is_not_taken_to_be_gone(made: Fleet, starter: Starter) -> None:
    starter.silent = "squeue has not answered for 60 s"
    want(made, cpu=1)
    wait_for(lambda: starter.running == ["s-cpu-1"])
    time.sleep(0.2)
    assert (starter.asked, made.can_start("cpu")) == (1, True)


def test_nodes_that_do_not_come_are_spoken_of(
    made: Fleet, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(made, cpu=2)
    wait_for(lambda: len(starter.running) == 2)
    assert made.problem() == ""
    monkeypatch.setattr(module, "_LATE", 0.0)
    said = wait_for(lambda: made.problem() if "PENDING" in made.problem() else "")
    assert said.startswith("2 nodes have not come that were asked for")
    assert made.can_start("cpu")
    want(made, ["s-cpu-1", "s-cpu-2"], cpu=2)
    assert made.problem() == ""


def awaited(fleet: Fleet, later: float = 0.0) -> tuple[AwaitedNode, ...]:
    return awaited_nodes(fleet.asked(), time.monotonic() + later)


def test_what_jobs_wait_for_is_noted_early(made: Fleet, starter: Starter) -> None:
    want(made, cpu=2)
    wait_for(lambda: len([one for one in awaited(made) if one.said]) == 2)
    assert [(one.job, one.said) for one in awaited(made)] == [
        ("job of s-cpu-1", "PENDING Resources"),
        ("job of s-cpu-2", "PENDING Resources"),
    ]
    assert waiting_note(awaited(made)) == ""
    for later, minutes in ((61.0, 1), (200.0, 3), (9000.0, 5)):
        words = f"2 jobs wait in the queue for more than {minutes} min: Resources"
        assert waiting_note(awaited(made, later)) == words
    assert made.problem() == ""
    want(made, ["s-cpu-1", "s-cpu-2"], cpu=2)
    assert waiting_note(awaited(made, 9000.0)) == ""


@pytest.mark.parametrize(
    ("many", "words"), [(1, "1 node has not come"), (2, "2 nodes have not come")]
)
def test_processes_that_do_not_come_are_in_no_queue(many: int, words: str) -> None:
    asked = [NodeAsked(f"s-{n}", "cpu", called=f"s-{n}", asked=0.0) for n in range(many)]
    assert waiting_note(awaited_nodes(asked, 70.0)) == f"{words} for more than 1 min"


def test_one_whose_time_is_over_is_replaced(made: Fleet, starter: Starter) -> None:
    want(made, cpu=1)
    wait_for(lambda: starter.running == ["s-cpu-1"])
    made.want({"cpu": 1, "gpu": 0}, ["s-cpu-1"], [], ["s-cpu-1"])
    wait_for(lambda: starter.ended == ["s-cpu-1"])
    wait_for(lambda: starter.running == ["s-cpu-2"])
