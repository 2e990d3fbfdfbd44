"""Families of figures: every session is counted, and those that move are told of."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from icestream.server.context import Server
from icestream.server.metrics import sessions as module
from icestream.server.metrics.sessions import SessionCollector
from icestream.store.open import FILE
from report_session import SampleSession


def registered(server: Server) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(SessionCollector(server.catalogue))
    return registry


def test_a_session_is_told_of_with_its_steps(server: Server, sample: SampleSession) -> None:
    sample.measure(3)
    read = registered(server).get_sample_value
    session = {"session": server.catalogue.entries()[0].id}
    assert read("icestream_sessions", {"state": "running"}) == 1
    assert read("icestream_sessions", {"state": "done"}) == 0
    assert read("icestream_session_state", {**session, "icestream_session_state": "running"}) == 1
    assert read("icestream_session_exposures", {**session, "state": "done"}) > 20
    assert read("icestream_session_backlog", session) == 0
    assert read("icestream_session_alerts", {**session, "level": "critical"}) == 0
    assert read("icestream_session_last_found_timestamp_seconds", session) > 1_790_000_000
    assert read("icestream_step_tasks", {**session, "step": "align", "state": "failed"}) == 0
    assert read("icestream_step_task_seconds_count", {**session, "step": "align"}) is not None


def test_what_was_not_written_is_not_read_again(
    server: Server, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    whole = module.figures_of

    def figures_of(*given: Any) -> Any:
        asked.append(given)
        return whole(*given)

    monkeypatch.setattr(module, "figures_of", figures_of)
    registry = registered(server)
    for _ in range(5):
        list(registry.collect())
    before = len(asked)
    assert before <= 2
    sample.grow(1)
    list(registry.collect())
    assert len(asked) == before + 1


def test_one_that_cannot_be_read_is_counted(server: Server, sample: SampleSession) -> None:
    read = registered(server).get_sample_value
    assert read("icestream_sessions", {"state": "unreadable"}) == 0
    (sample.folder / FILE).write_bytes(b"nonsense" * 1000)
    for left in ("-wal", "-shm"):
        (sample.folder / f"{FILE}{left}").unlink(missing_ok=True)
    assert read("icestream_sessions", {"state": "unreadable"}) == 1
    session_id = server.catalogue.entries()[0].id
    assert read("icestream_session_backlog", {"session": session_id}) is None


def test_one_that_ended_long_ago_is_only_counted(
    server: Server, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample.finish()
    session = {"session": server.catalogue.entries()[0].id}
    monkeypatch.setattr(module.time, "time", lambda: sample.now + 3600)
    read = registered(server).get_sample_value
    assert read("icestream_session_backlog", session) == 0
    monkeypatch.setattr(module.time, "time", lambda: sample.now + 2 * 86_400)
    read = registered(server).get_sample_value
    assert read("icestream_session_backlog", session) is None
    assert read("icestream_sessions", {"state": "done"}) == 1
