"""The order of alerts."""

from types import SimpleNamespace
from typing import Any

from icestream.store.severity import told_once, worst_first


def alert(level: str, raised: float, message: str = "") -> Any:
    return SimpleNamespace(level=level, raised=raised, message=message)


def test_the_worst_first_and_then_the_newest() -> None:
    given = [
        *(alert("notice", 9.0), alert("warning", 1.0), alert("critical", 2.0)),
        *(alert("warning", 3.0), alert("odd", 99.0), alert("critical", 5.0)),
    ]
    assert [(one.level, one.raised) for one in worst_first(given)] == [
        *(("critical", 5.0), ("critical", 2.0), ("warning", 3.0), ("warning", 1.0)),
        *(("notice", 9.0), ("odd", 99.0)),
    ]


def test_what_says_the_same_is_told_once_as_the_newest_says_it() -> None:
    given = [alert("notice", 1.0, "a"), alert("notice", 9.0, "a"), alert("warning", 2.0, "b")]
    given.append(alert("notice", 5.0, "c"))
    told = [(one.message, one.raised) for one in told_once(given)]
    assert told == [("b", 2.0), ("a", 9.0), ("c", 5.0)]
