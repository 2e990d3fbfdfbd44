"""What goes over a worker's socket is plain values."""

import pickle
from dataclasses import FrozenInstanceError, fields

import pytest

from icestream.engine.executors.contract import Ending
from icestream.engine.executors.wire import Answer, Beat, LeaseBegun, Prepare, WorkerReady

VALUES = [
    Prepare(path=("/a",), warm=("toys:Add",), gpus=(0, 2)),
    WorkerReady(),
    Beat(),
    LeaseBegun(),
    Answer("m:1.1;", (Ending(task=7, outcome="done"),)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_out_of_another_process_as_it_went_in(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", [v for v in VALUES if fields(v)], ids=lambda v: type(v).__name__)  # type: ignore[arg-type]
def test_a_value_that_was_sent_cannot_be_changed(value: object) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, None)  # type: ignore[arg-type]
