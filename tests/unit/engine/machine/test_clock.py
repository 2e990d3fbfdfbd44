"""The clock of a process goes forward, whatever the time of day does."""

import time

import pytest

from icestream.engine.machine import clock
from icestream.engine.machine.clock import steady


def test_it_begins_with_the_time_of_day() -> None:
    assert abs(clock._EPOCH + time.monotonic() - steady()) < 60.0


def test_it_goes_forward_when_the_time_of_day_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = steady()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    after = steady()
    assert before <= after < before + 3600.0
