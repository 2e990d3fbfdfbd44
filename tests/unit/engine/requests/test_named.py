"""What a request names is looked up before it is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.requests.models import Accept, Acknowledge, Pause, SetParameters
from icestream.engine.requests.named import check_names
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})
B: Any = ("b", "toy.add", {}, {"number": "src"})


def test_slips_are_told_with_what_there_is(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A)
    made.find(1, 2)
    check_names(made.store, Pause(step="a"))
    check_names(made.store, Accept(exposures=("e1", "2")))
    with pytest.raises(LookupError, match="no step 'aa'.*did you mean a"):
        check_names(made.store, Pause(step="aa"))
    with pytest.raises(LookupError, match="no exposure 7 in this session"):
        check_names(made.store, Accept(exposures=("7",)))
    with pytest.raises(LookupError, match="no alert 3"):
        check_names(made.store, Acknowledge(alert=3))


def test_a_step_is_looked_up_in_its_branch(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A)
    made.branch("more", SRC, A, B)
    check_names(made.store, SetParameters(step="b", changes={}, branch="more"))
    with pytest.raises(LookupError, match="no step 'b'"):
        check_names(made.store, SetParameters(step="b", changes={}))
