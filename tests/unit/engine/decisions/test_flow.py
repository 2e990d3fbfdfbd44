"""Steps move on: from waiting over running to done."""

import pytest

from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import Tick
from icestream.engine.decisions.flow import is_alone
from icestream.engine.decisions.state import Free, State, StepState
from icestream.protocol import Resources

ONE = Resources(cores=1, memory=0)


@pytest.mark.parametrize(
    ("kind", "feeding", "alone"),
    [("monitor", (), True), ("monitor", (1,), False), ("source", (), False)],
)
def test_only_a_monitor_that_nothing_feeds_is_alone(
    kind: str, feeding: tuple[int, ...], alone: bool
) -> None:
    assert is_alone(StepState(2, 1, kind, ONE, feeding)) is alone


def test_a_monitor_that_nothing_feeds_is_done_when_all_others_are() -> None:
    alone = StepState(1, 0, "monitor", ONE)
    source = StepState(2, 0, "source", ONE)
    state = State({1: alone, 2: source}, Free(1, 0), 1)
    decide(state, Tick(), 0.0)
    assert (alone.state, source.state) == ("running", "running")
    source.closed = True
    decide(state, Tick(), 0.0)
    assert (alone.state, source.state) == ("done", "done")
    assert state.finished
