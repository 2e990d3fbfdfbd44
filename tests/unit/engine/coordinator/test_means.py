"""What the session has and needs is told by samples."""

from collections.abc import Callable

import pytest

from icestream.engine.coordinator import means as module
from icestream.engine.coordinator.means import Means
from icestream.store import queries
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {}, {"number": "src"})


def told(made: Desk) -> list[tuple[str, float]]:
    return [(sample.name, sample.value) for sample in queries.samples(made.store)]


def test_cores_are_told_when_they_are_granted_and_when_they_change(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, means = desk(SRC, A), Means({"cores": 8})
    means.look(made.record)
    assert told(made) == []  # nothing was granted yet
    means.granted({"cores": 6})
    means.look(made.record)
    assert told(made) == [("pace.cores", 6.0), ("pace.others", 2.0)]
    means.look(made.record)
    means.granted({"cores": 6})
    means.look(made.record)
    assert len(told(made)) == 2
    means.granted({"cores": 0})  # it is idle, and gave its share back
    means.look(made.record)
    assert len(told(made)) == 2
    means.granted({"cores": 8})
    means.look(made.record)
    assert told(made)[2:] == [("pace.cores", 8.0), ("pace.others", 0.0)]
    monkeypatch.setattr(module, "_EVERY", 0.0)
    monkeypatch.setattr(module, "_AGAIN", 0.0)
    means.look(made.record)
    assert len(told(made)) == 6  # once in a while, so that nobody has to look far
