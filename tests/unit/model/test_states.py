"""States as people are told of them."""

from typing import get_args

import pytest

from icestream.model.states import (
    ExposureState,
    SessionState,
    StepStatus,
    TaskState,
    shown_state,
)

STATES = {
    state
    for kind in (ExposureState, SessionState, StepStatus, TaskState)
    for state in get_args(kind)
}


@pytest.mark.parametrize(
    ("state", "shown"),
    [("going", "in progress"), ("draining", "finishing"), ("done", "done"), ("new", "new")],
)
def test_words_of_the_field_are_shown(state: str, shown: str) -> None:
    assert shown_state(state) == shown


def test_no_two_states_are_shown_alike() -> None:
    assert len({shown_state(state) for state in STATES}) == len(STATES)
