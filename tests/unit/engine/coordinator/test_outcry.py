"""Trouble with storage is told while nothing can be written, and its end to those who were told."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from icestream.channels.message import Message, Told
from icestream.engine.coordinator import outcry as module
from icestream.engine.coordinator.outcry import Outcry
from icestream.engine.record import deliveries
from post_office import Sink
from post_target import channels
from toy_session import wait_for

FULL = "the disk of /processed/apof is full"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(module, "LASTS", 0.0)
    monkeypatch.setattr(deliveries, "_FIRST", 0.0)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def outcry(sink: Sink, **more: Any) -> Outcry:
    def compose(mark: str, told: Told) -> Message:
        return Message(id=mark, session="apof", folder="/processed/apof", time=0.0, alerts=(told,))

    staff = {"kind": "webhook", "url": sink.url, **more}
    return Outcry(channels(staff=staff), "apof", compose)


def settle() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("channel "):
            thread.join(30.0)


def test_trouble_is_told_once_and_so_is_its_end(sink: Sink) -> None:
    told = outcry(sink)
    for _ in range(4):
        told.hear(FULL)
        settle()
    assert sink.told == [(FULL, False)]
    told.hear("")
    settle()
    told.hear("")
    assert sink.told == [(FULL, False), (FULL, True)]


def test_a_short_one_is_told_to_nobody(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LASTS", 60.0)
    told = outcry(sink)
    for reason in (FULL, FULL, ""):
        told.hear(reason)
    settle()
    assert sink.tries == 0


def test_it_is_tried_again_until_it_is_taken(sink: Sink) -> None:
    sink.answers = [500, 500]
    told = outcry(sink)

    def hear() -> bool:
        told.hear(FULL)
        return bool(sink.posts)

    wait_for(hear)
    settle()
    assert sink.tries == 3
    assert sink.told == [(FULL, False)]


def test_what_is_over_while_it_is_told(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    going, kept = threading.Event(), module.send

    def slow(*arguments: Any) -> Any:
        going.wait(30.0)
        return kept(*arguments)

    monkeypatch.setattr(module, "send", slow)
    told = outcry(sink)
    for reason in (FULL, FULL, ""):
        told.hear(reason)
    going.set()
    settle()
    assert sink.told == [(FULL, False), (FULL, True)]


@pytest.mark.parametrize(
    "how",
    [
        {"levels": "warning"},
        {"sessions": "krios*"},
        {"quiet": "00:00-24:00", "critical_always": False},
    ],
)
def test_only_who_wants_critical_alerts_is_told(
    sink: Sink, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "quiet" in how:
        monkeypatch.setattr(deliveries, "quiet_until", lambda *_: 1.0)
        how = {**how, "quiet": "22:00-07:00"}
    told = outcry(sink, **how)
    for _ in range(3):
        told.hear(FULL)
    settle()
    assert sink.tries == 0


def test_a_defect_is_not_tried_without_a_pause(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "_FIRST", 60.0)
    calls: list[int] = []
    monkeypatch.setattr(module, "send", lambda *_: calls.append(1) or 1 / 0)
    told = outcry(sink)
    for _ in range(4):
        told.hear(FULL)
        settle()
    assert calls == [1]
