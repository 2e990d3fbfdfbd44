"""Health: what is wrong with threads is an alert as long as it is."""

from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.coordinator import health as module
from icestream.engine.coordinator.health import Health, plain
from icestream.engine.machine.watched import ThreadDied
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]


def alerts(desk: Desk) -> list[tuple[str, str, bool]]:
    """Key and level of each alert, and whether it holds."""
    return [(one.key, one.level, one.cleared is None) for one in desk.rows(t.alert)]


@pytest.fixture
def made(desk: Desks) -> Desk:
    return desk(("src", "toy.count", {}, {}))


def test_a_dead_thread_is_an_alert_until_it_has_lived_for_a_while(
    made: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    health = Health(made.record)
    health.died(ThreadDied("ledger", ValueError("x"), again=True))
    assert made.rows(t.alert, "message") == [
        "a part of the engine has failed: ledger (ValueError: x); it is started again"
    ]
    clock[0] += module._WELL - 1.0
    health.died(ThreadDied("ledger", ValueError("x"), again=True))
    clock[0] += module._WELL - 1.0
    health.look()
    assert alerts(made) == [("thread.ledger", "warning", True)]
    clock[0] += 1.0
    health.look()
    assert alerts(made) == [("thread.ledger", "warning", False)]


def test_what_an_earlier_run_said_of_its_threads_is_over(made: Desk) -> None:
    Health(made.record).died(ThreadDied("executor", RuntimeError("x")))
    assert alerts(made) == [("thread.executor", "critical", True)]
    Health(made.record).look()
    assert alerts(made) == [("thread.executor", "critical", False)]


@pytest.mark.parametrize(
    ("error", "said"),
    [(ValueError("a\nb"), "ValueError: a b"), (SystemExit(), "SystemExit"), (OSError(), "OSError")],
)
def test_an_error_is_one_line_with_its_kind(error: Any, said: str) -> None:
    assert plain(error) == said
