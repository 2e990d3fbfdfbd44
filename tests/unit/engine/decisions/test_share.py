"""What leases hold of the machine, and what a share of it leaves to start more with."""

import pytest

from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import Granted
from icestream.engine.decisions.share import used_by
from icestream.engine.decisions.state import Free, RunningLease, State
from icestream.protocol import Resources

GIB = 2**30


@pytest.fixture
def state() -> State:
    """Two leases are out: one on GPU 1 with a copy of RELION, one on two cores."""
    on_gpu = Resources(cores=1, memory=4 * GIB, gpus=1, tokens=("relion",))
    on_cores = Resources(cores=2, memory=1 * GIB)
    return State(
        {},
        Free(0, 0),
        8,
        leases={"a": RunningLease(1, (), on_gpu), "b": RunningLease(2, (), on_cores)},
    )


def test_what_leases_hold_is_added_up_by_the_ledgers_kinds(state: State) -> None:
    assert used_by(state.leases.values()) == {
        "cores": 3,
        "memory": 5 * GIB,
        "token:relion": 1,
    }


def test_a_session_without_leases_uses_nothing() -> None:
    assert used_by(()) == {"cores": 0, "memory": 0}


def test_what_is_granted_less_what_runs_is_free(state: State) -> None:
    share = {
        "cores": 8,
        "memory": 16 * GIB,
        "gpu:0": 1,
        "gpu:1": 1,
        "gpu:2": 0,
        "token:relion": 3,
        "token:ctffind": 1,
    }
    decide(state, Granted(share), 0.0)
    assert (state.free.cores, state.free.memory) == (5, 11 * GIB)
    assert state.free.gpus == 1  # of two granted, one is in use
    assert state.free.tokens == {"relion": 2, "ctffind": 1}


def test_a_smaller_share_takes_nothing_from_what_runs(state: State) -> None:
    """What runs goes on; the account is in debt, and nothing starts until it is paid."""
    decide(state, Granted({"cores": 2, "memory": 2 * GIB}), 0.0)
    assert (state.free.cores, state.free.memory) == (-1, -3 * GIB)
    assert state.free.gpus == -1  # another session's as soon as the lease ends
    lease = state.leases.pop("a")
    state.free.give_back(lease.need)
    assert state.free.gpus == 0
    assert not state.free.fits(Resources(cores=1, memory=0))
    lease = state.leases.pop("b")
    state.free.give_back(lease.need)
    assert state.free.cores == 2


def test_what_runs_and_ends_after_a_new_share_is_counted_once(state: State) -> None:
    decide(state, Granted({"cores": 8, "memory": 16 * GIB, "gpu:1": 1, "token:relion": 1}), 0.0)
    for name in list(state.leases):
        lease = state.leases.pop(name)
        state.free.give_back(lease.need)
    assert (state.free.cores, state.free.memory) == (8, 16 * GIB)
    assert (state.free.gpus, state.free.tokens) == (1, {"relion": 1})
