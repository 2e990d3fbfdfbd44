"""What goes between coordinator and executor: plain values that any process can read.

What an executor must do is in ``tests/contract/test_executors.py``.
"""

import inspect
import pickle
from dataclasses import fields

import pytest

from icestream.engine.executors.contract import Call, Ended, Ending, Executor, Lease
from icestream.engine.executors.local import LocalExecutor
from toy_session import InlineExecutor

CALL = Call(
    task=7,
    attempt=1,
    target="toys:Add",
    parameters={"add": 2.0},
    inputs='[["number", "src", 1, "number"]]',
    documents={1: "{}"},
    gpus=2,
)
VALUES = [
    CALL,
    Lease(id="m:1.1;", calls=(CALL, CALL), timeout=60.0),
    Ending(task=7, outcome="done", files=(("a", "step/a", 3),), qualities={"q": 1.0}),
    Ended("m:1.1;", (Ending(task=7, outcome="defect", reason="x"),)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_out_of_another_process_as_it_went_in(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_that_was_sent_cannot_be_changed(value: object) -> None:
    name = fields(value)[0].name  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        setattr(value, name, None)


@pytest.mark.parametrize("kind", [LocalExecutor, InlineExecutor])
def test_an_executor_has_all_that_the_contract_names(kind: type[Executor]) -> None:
    wanted = {n: m for n, m in vars(Executor).items() if inspect.isfunction(m) and n[0] != "_"}
    assert wanted.keys() >= {"start", "submit", "cancel", "allow", "sweep", "stop"}
    for name, method in wanted.items():
        given = inspect.signature(getattr(kind, name))
        assert list(given.parameters) == list(inspect.signature(method).parameters)
