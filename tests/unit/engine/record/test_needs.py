"""Steps that want what the machine does not have are named, each with all that it wants."""

from collections.abc import Callable

from icestream.engine.decisions.events import StepBroken
from icestream.engine.record.needs import broken_for_want, wants
from toy_record import Desk

SRC = ("src", "toy.count", {}, {})


def test_a_step_is_broken_for_want_of_its_program(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, ("answer", "toy.answer", {}, {"number": "src"}))
    (broken,) = broken_for_want(made.record.plan.by_depth(), gpus=0)
    assert isinstance(broken, StepBroken)
    assert broken.step == made.step("answer").id
    assert broken.reason == wants(made.step("answer"), 0)
    assert "'toy-answer' is not installed" in broken.reason


def test_a_step_that_has_all_it_needs_wants_nothing(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, ("echo", "toy.echo", {}, {"number": "src"}))
    assert broken_for_want(made.record.plan.by_depth(), gpus=None) == []
