"""Health: what is wrong with executor and threads is an alert as long as it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.coordinator import health as module
from icestream.engine.coordinator.health import LEDGER, ROOM, SILENT, Health, plain
from icestream.engine.executors.contract import CapacityChanged, Ended
from icestream.engine.machine.ledger import LedgerTrouble
from icestream.engine.machine.watched import ThreadDied
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
WHY = "worker processes cannot be started ([Errno 11] Resource temporarily unavailable)"


def alerts(desk: Desk) -> list[tuple[str, str, bool]]:
    """Key and level of each alert, and whether it holds."""
    return [(one.key, one.level, one.cleared is None) for one in desk.rows(t.alert)]


@pytest.fixture
def made(desk: Desks) -> Desk:
    return desk(("src", "toy.count", {}, {}))


@pytest.mark.parametrize(
    ("leases", "level", "said"),
    [
        (0, "critical", "no lease can run at once: "),
        (1, "warning", "only 1 lease can run at once: "),
        (3, "warning", "only 3 leases can run at once: "),
    ],
)
def test_less_room_is_an_alert_with_its_reason(
    made: Desk, leases: int, level: str, said: str
) -> None:
    health = Health(made.record)
    health.capacity(CapacityChanged(leases, WHY))
    assert alerts(made) == [(ROOM, level, True)]
    assert made.rows(t.alert, "message") == [f"{said}{WHY}. It is tried again by itself"]


def test_the_alert_follows_the_room_and_clears_with_it(made: Desk) -> None:
    health = Health(made.record)
    for room in (CapacityChanged(2), CapacityChanged(1, WHY), CapacityChanged(0, WHY)):
        health.capacity(room)
    assert alerts(made) == [(ROOM, "critical", True)]
    health.capacity(CapacityChanged(2))
    health.capacity(CapacityChanged(3))
    assert alerts(made) == [(ROOM, "critical", False)]


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


def test_a_ledger_that_cannot_be_used_is_an_alert_until_it_can(made: Desk) -> None:
    health = Health(made.record)
    health.ledger(LedgerTrouble(Path("/state/ledger.db"), "database is locked"))
    health.look()
    assert alerts(made) == [(LEDGER, "warning", True)]
    (message,) = made.rows(t.alert, "message")
    assert "in /state/ledger.db (database is locked): this session goes on alone" in message
    health.ledger(LedgerTrouble(Path("/state/ledger.db")))
    health.look()
    assert alerts(made) == [(LEDGER, "warning", False)]


def test_the_trouble_of_an_earlier_run_is_over(made: Desk) -> None:
    Health(made.record).ledger(LedgerTrouble(Path("/state/ledger.db"), "database is locked"))
    Health(made.record).look()
    assert alerts(made) == [(LEDGER, "warning", False)]


def test_a_worker_that_did_not_answer_is_an_alert_for_a_while(
    made: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.open(("src", "toy.count", {}, {}), ("a", "toy.add", {}, {"number": "src"}))
    made.find(1)
    (lease,) = made.start("a")
    health = Health(made.record)
    health.silent(Ended(lease.id, (), "it has not answered for 120 s", blameless=True))
    health.look()
    assert alerts(made) == [(SILENT, "warning", True)]
    (message,) = made.rows(t.alert, "message")
    assert message.startswith(
        "it has not answered for 120 s while it did a of e1: was it stopped or"
    )
    later = module.time.monotonic() + 1e4
    monkeypatch.setattr(module.time, "monotonic", lambda: later)
    health.look()
    assert alerts(made) == [(SILENT, "warning", False)]


def test_trouble_with_storage_is_recorded_when_it_is_over(made: Desk) -> None:
    Health(made.record).held("the disk is full")
    assert alerts(made) == [("storage", "critical", False)]


def test_that_jobs_wait_is_a_notice_and_no_lack_of_room(made: Desk) -> None:
    health = Health(made.record)
    words = "2 jobs wait in the queue for more than 3 min: Resources"
    health.capacity(CapacityChanged(16, note=words))
    assert alerts(made) == [(ROOM, "notice", True)]
    assert made.rows(t.alert, "message") == [words]
    health.capacity(CapacityChanged(16))
    assert alerts(made) == [(ROOM, "notice", False)]
