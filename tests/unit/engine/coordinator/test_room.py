"""Room: people are told when what is ready cannot start, and why."""

from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.coordinator.health import Health
from icestream.engine.coordinator.room import KEY, Room
from icestream.engine.decisions.actions import Start
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import (
    Asked,
    LeaseEnded,
    SlotsChanged,
    TasksReady,
    Tick,
)
from icestream.engine.decisions.state import Free, State
from icestream.engine.executors.contract import CapacityChanged
from icestream.protocol import Resources
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
GIB = 2**30
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {}, {"number": "src"})
MACHINE = {"cores": 2, "memory": 16 * GIB}


@pytest.fixture
def crowded(desk: Desks) -> Callable[..., tuple[Any, Desk, State]]:
    """A session with a ready task and this share of the machine; looks at it when it is called."""

    def make(free: Free, need: Resources | None = None) -> tuple[Any, Desk, State]:
        made = desk(SRC, A)
        state = State(made.states, free, 2, mark="m")
        if need is not None:
            state.steps[made.step("a").id].need = need
        state.steps[made.step("src").id].backfilling = False
        state.steps[made.step("a").id].backfilling = False
        (found,) = made.find(1)
        assert isinstance(found, TasksReady)
        commands = decide(state, found, 0.0)
        assert not [one for one in commands if isinstance(one, Start)] or free.cores >= 0
        room = Room(MACHINE)
        return (lambda now: room.look(made.record, state, now)), made, state

    return make


def alerts(desk: Desk) -> list[tuple[str, str, bool]]:
    """Key and level of each alert, and whether it holds."""
    return [(one.key, one.level, one.cleared is None) for one in desk.rows(t.alert)]


def test_a_session_without_a_share_says_so_after_a_while(crowded: Any) -> None:
    look, desk, _ = crowded(Free(0, 16 * GIB))
    for now in (100.0, 109.0):
        assert look(now)  # it would work if it had room
        assert alerts(desk) == []  # shares change hands: it may have its turn soon
    look(111.0)
    look(200.0)
    assert alerts(desk) == [(KEY, "warning", True)]
    (message,) = desk.rows(t.alert, "message")
    assert "nothing runs although tasks are ready: a needs 1 core and there are 0" in message


@pytest.mark.parametrize("said", [False, True])
def test_an_executor_without_room_is_named_unless_it_has_said_why(crowded: Any, said: bool) -> None:
    look, desk, state = crowded(Free(0, 16 * GIB))
    decide(state, SlotsChanged(0), 0.0)
    state.free = Free(2, 16 * GIB)
    if said:
        Health(desk.record).capacity(CapacityChanged(0, "workers cannot be started"))
    look(100.0)
    look(111.0)
    room = [message for message in desk.rows(t.alert, "message") if "no room for a yet" in message]
    assert len(room) == (0 if said else 1)


def test_the_alert_clears_by_itself_when_something_runs(crowded: Any) -> None:
    look, desk, state = crowded(Free(0, 16 * GIB))
    look(100.0)
    look(111.0)
    state.free = Free(1, 16 * GIB)
    (start,) = [one for one in decide(state, Tick(), 1.0) if isinstance(one, Start)]
    assert not look(111.5)
    assert alerts(desk) == [(KEY, "warning", False)]
    decide(state, LeaseEnded(start.lease, returned=(start.tasks[0].id,)), 2.0)
    look(112.0)
    assert alerts(desk) == [(KEY, "warning", False)]


def test_the_time_in_which_something_runs_does_not_count(crowded: Any) -> None:
    look, desk, state = crowded(Free(0, 16 * GIB))
    look(100.0)
    state.free = Free(1, 16 * GIB)
    (start,) = [one for one in decide(state, Tick(), 1.0) if isinstance(one, Start)]
    look(109.0)
    state.free.cores = -1  # its share has shrunk meanwhile
    decide(state, LeaseEnded(start.lease, returned=(start.tasks[0].id,)), 2.0)
    look(115.0)
    look(124.0)
    assert alerts(desk) == []
    look(126.0)
    assert alerts(desk) == [(KEY, "warning", True)]


def test_a_session_that_is_paused_waits_for_nobody(crowded: Any) -> None:
    look, desk, state = crowded(Free(0, 16 * GIB))
    look(100.0)
    decide(state, Asked("pause"), 1.0)
    assert not look(200.0)
    assert alerts(desk) == []


def test_a_step_that_is_paused_waits_for_nobody(crowded: Any) -> None:
    look, desk, state = crowded(Free(0, 16 * GIB))
    look(100.0)
    decide(state, Asked("pause", (desk.step("a").id,)), 1.0)
    assert not look(200.0)
    assert alerts(desk) == []


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (Resources(cores=3, memory=1), "3 cores and there are 2"),
        (Resources(cores=1, memory=64 * GIB), "64.0 GiB of memory and there are 16.0"),
        (Resources(cores=1, memory=1, gpus=1), "1 GPU and there are 0"),
    ],
    ids=["cores", "memory", "gpus"],
)
def test_a_step_that_the_machine_is_too_small_for_is_named_at_once(
    crowded: Any, need: Resources, said: str
) -> None:
    look, desk, _ = crowded(Free(2, 16 * GIB), need)
    assert not look(100.0)  # a larger share would not help: others may have it
    assert alerts(desk) == [(KEY, "critical", True)]
    (message,) = desk.rows(t.alert, "message")
    assert message.startswith(f"a cannot start here: it needs {said} for this session")


def test_a_program_without_a_licence_here_is_named_too(desk: Desks) -> None:
    made = desk(SRC, A)
    (found,) = made.find(1)
    need = Resources(cores=1, memory=1, tokens=("matlab",))
    made.states[made.step("a").id].need = need
    state = State(made.states, Free(2, 16 * GIB, tokens={"matlab": 0}), 2, mark="m")
    decide(state, found, 0.0)
    Room({**MACHINE, "token:matlab": 0}).look(made.record, state, 0.0)
    assert "copies of matlab and there are 0" in made.rows(t.alert, "message")[0]


def test_what_is_larger_than_the_largest_node_can_never_start(crowded: Any) -> None:
    _, desk, state = crowded(Free(0, 16 * GIB), Resources(cores=9))
    room = Room({"cores": 64, "memory": 64 * GIB}, {"cores": 8, "memory": 16 * GIB})
    room.look(desk.record, state, 100.0)
    (message,) = desk.rows(t.alert, "message")
    assert "it needs 9 cores and there are 8 for this session on the largest node" in message
    assert "say in the settings of the cluster that nodes have more" in message
