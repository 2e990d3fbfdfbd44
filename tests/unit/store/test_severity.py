"""The order of alerts."""

from types import SimpleNamespace
from typing import Any

from icestream.store.severity import worst_first


def alert(level: str, raised: float) -> Any:
    return SimpleNamespace(level=level, raised=raised)


def test_the_worst_first_and_then_the_newest() -> None:
    given = [
        *(alert("notice", 9.0), alert("warning", 1.0), alert("critical", 2.0)),
        *(alert("warning", 3.0), alert("odd", 99.0), alert("critical", 5.0)),
    ]
    assert [(one.level, one.raised) for one in worst_first(given)] == [
        *(("critical", 5.0), ("critical", 2.0), ("warning", 3.0), ("warning", 1.0)),
        *(("notice", 9.0), ("odd", 99.0)),
    ]
