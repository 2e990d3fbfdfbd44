"""The teller: snapshots of the progress, not too often, and what is wrong with storage."""

from collections.abc import Callable

import pytest

from icestream.engine.coordinator import teller as module
from icestream.engine.coordinator.teller import Teller
from icestream.engine.progress import Progress
from icestream.model import RevisionId, Workload
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})


def test_a_snapshot_counts_what_is_there_and_what_waits(desk: Desks) -> None:
    made = desk(SRC)
    made.find(1, 2)
    told: list[Progress] = []
    teller = Teller(made.record, told.append)
    teller.waiting[RevisionId(1)] = 3
    teller.tell("running", "")
    assert told == [teller.progress]
    assert (told[0].state, told[0].found, told[0].waiting) == ("running", 2, 3)


def test_snapshots_are_not_taken_faster_than_people_look(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    told: list[Progress] = []
    teller = Teller(desk(SRC).record, told.append)
    teller.tell("running", "")
    now[0] += module._PACE / 2
    teller.tell("running", "")
    assert len(told) == 1
    teller.tell("draining", "", at_once=True)
    assert [one.state for one in told] == ["running", "draining"]
    now[0] += module._PACE
    teller.tell("draining", "")
    assert len(told) == 3


def test_it_looks_ahead_for_those_who_watch_and_not_all_the_time(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, looks = desk(SRC), list[float]()
    monkeypatch.setattr(module, "workload", lambda _, now: looks.append(now) or Workload(now=now))
    monkeypatch.setattr(module, "outlook_words", lambda *_: f"look {len(looks)}")
    Teller(made.record, None).tell("running", "")
    assert looks == []
    teller = Teller(made.record, lambda _: None)
    for _ in range(3):
        teller.tell("running", "", at_once=True)
    assert (len(looks), teller.progress.outlook) == (1, "look 1")
    monkeypatch.setattr(module, "_FORESIGHT", 0.0)
    teller.tell("running", "", at_once=True)
    assert teller.progress.outlook == "look 2"


def test_trouble_with_storage_keeps_the_counts_and_says_what_is_wrong(desk: Desks) -> None:
    made = desk(SRC)
    made.find(1, 2)
    teller = Teller(made.record, None)
    teller.tell("running", "")
    made.store.close()  # nothing is asked of a store that is in trouble
    teller.tell("running", "the disk is full", at_once=True)
    held = teller.progress
    assert (held.state, held.reason, held.found) == ("held", "the disk is full", 2)
    assert [(one.key, one.level, one.message) for one in held.alerts] == [
        ("storage", "critical", "the disk is full")
    ]


def test_a_watcher_that_raises_is_told_nothing_more_and_ends_nothing(desk: Desks) -> None:
    asked: list[Progress] = []

    def closed(progress: Progress) -> None:
        asked.append(progress)
        raise BrokenPipeError(32, "Broken pipe")

    teller = Teller(desk(SRC).record, closed)
    teller.tell("running", "", at_once=True)
    teller.tell("done", "", at_once=True)
    assert len(asked) == 1
    assert teller.progress.state == "done"
