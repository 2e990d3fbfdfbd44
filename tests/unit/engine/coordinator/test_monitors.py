"""Monitors: looked at when there is something new, each at its own pace."""

import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import toys
from icestream.engine.coordinator import monitors
from icestream.engine.coordinator.monitors import MonitorThread, inspect
from icestream.engine.messages import Inspected
from icestream.engine.record import observations
from icestream.model import Alert
from icestream.model.squares import Square
from icestream.protocol import Sample, Window
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
SELECT = ("sel", "toy.select", {"below": 50}, {"number": "src"})
A = ("a", "toy.add", {}, {"number": "sel"})
WATCH = ("watch", "toy.watch", {"below": 5}, {"number": "a"})


def look(desk: Desk, step: str = "watch") -> Inspected:
    return inspect(desk.store, desk.record.plan, desk.step(step))


# -- one inspection --------------------------------------------------------------------------------


def test_a_monitor_sees_the_newest_results_oldest_first(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toys.Watch, "last", 3)
    seen: list[float] = []

    def see(self: object, window: Window[toys.Number]) -> Iterator[Sample]:
        yield from ()
        seen.extend(number.value for number in window.items)

    monkeypatch.setattr(toys.Watch, "inspect", see)
    made = desk(SRC, ("watch", "toy.watch", {}, {"number": "src"}))
    made.find(1, 2, 3, 4, 5)
    look(made)
    assert seen == [3, 4, 5]


@pytest.mark.parametrize("foresees", [True, False])
def test_a_monitor_that_foresees_sees_what_there_is_to_do(
    desk: Desks, monkeypatch: pytest.MonkeyPatch, foresees: bool
) -> None:
    windows: list[Window[toys.Number]] = []

    def see(self: object, window: Window[toys.Number]) -> Iterator[Sample]:
        yield from ()
        windows.append(window)

    monkeypatch.setattr(toys.Watch, "inspect", see)
    monkeypatch.setattr(toys.Watch, "foresees", foresees)
    made = desk(SRC, (*A[:3], {"number": "src"}), WATCH)
    made.find(1, 2)
    look(made)
    work = windows[0].work
    assert (work is not None) is foresees
    assert work is None or [(step.name, step.left) for step in work.steps] == [("a", 2)]


@pytest.mark.parametrize("surveys", [True, False])
def test_a_monitor_that_surveys_sees_the_grid_squares(
    desk: Desks, monkeypatch: pytest.MonkeyPatch, surveys: bool
) -> None:
    windows: list[Window[toys.Number]] = []

    def see(self: object, window: Window[toys.Number]) -> Iterator[Sample]:
        yield from ()
        windows.append(window)

    told = (Square(name="17", count=2, last=5.0, left=False),)
    monkeypatch.setattr(monitors, "newest_squares", lambda _: told)
    monkeypatch.setattr(toys.Watch, "inspect", see)
    monkeypatch.setattr(toys.Watch, "surveys", surveys)
    made = desk(SRC, ("watch", "toy.watch", {}, {"number": "src"}))
    look(made)
    assert windows[0].squares == (told if surveys else ())


def test_a_monitor_sees_when_movies_came_and_whether_more_are_expected(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[Window[toys.Number]] = []

    def see(self: object, window: Window[toys.Number]) -> Iterator[Sample]:
        yield from ()
        windows.append(window)

    monkeypatch.setattr(toys.Watch, "inspect", see)
    made = desk(SRC, ("watch", "toy.watch", {}, {"number": "src"}))
    look(made)
    made.find(1, 2)
    for state in ("running", "done"):
        made.record.change_step(made.step("src").id, state, "", alarm=False)  # type: ignore[arg-type]
        look(made)
    assert [len(window.found) for window in windows] == [0, 2, 2]
    assert [window.open for window in windows] == [False, True, False]
    assert all(0 <= window.now - found < 60 for window in windows for found in window.found)


def test_what_a_monitor_says_is_sorted_by_kind(desk: Desks) -> None:
    made = desk(SRC, SELECT, A, WATCH)
    made.find(1, 8)
    made.work()
    said = look(made)
    assert said.error == ""
    assert said.alerts == (Alert(key="toy.large", level="warning", message="9 is large"),)
    assert said.samples == (Sample("toy.last", 9.0),)
    assert [figure.title for figure in said.figures] == ["Values"]


def test_before_the_first_result_the_window_is_empty(desk: Desks) -> None:
    made = desk(SRC, SELECT, A, WATCH)
    assert look(made).samples == (Sample("toy.last", 0.0),)


def test_behind_a_selection_are_the_items_before_it(desk: Desks) -> None:
    made = desk(SRC, SELECT, ("watch", "toy.watch", {"below": 5}, {"number": "sel"}))
    made.find(7)
    made.work()
    assert look(made).alerts[0].message == "7 is large"


def test_a_monitor_that_raises_says_so_and_nothing_else(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, window: Window[toys.Number]) -> Iterator[Sample]:
        yield Sample("toy.last", 1.0)
        raise ZeroDivisionError("half way")

    monkeypatch.setattr(toys.Watch, "inspect", broken)
    said = look(desk(SRC, SELECT, A, WATCH))
    assert said.error.splitlines()[-1] == "ZeroDivisionError: half way"
    assert (said.alerts, said.samples, said.figures) == ((), (), ())


# -- when they are looked at -----------------------------------------------------------------------


class Looked:
    """The monitors' thread on a desk, and which monitor it inspected."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.told: queue.Queue[Any] = queue.Queue()
        monkeypatch.setattr(monitors, "inspect", lambda store, plan, step: step.name)
        self.thread = MonitorThread(desk.store, desk.record.plan, self.told.put)
        self.thread.start()

    def news(self, *names: str) -> None:
        self.thread.news([self.desk.step(name).id for name in names])

    def next(self) -> str:
        return str(self.told.get(timeout=60.0))

    def stop(self) -> None:
        self.thread.stop()
        self.thread.join(60.0)
        assert not self.thread.is_alive()


TWO = (SRC, ("w1", "toy.watch", {}, {"number": "src"}), ("w2", "toy.watch", {}, {"number": "b"}))
B = ("b", "toy.add", {}, {"number": "src"})


@pytest.fixture
def looked(desk: Desks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looked]:
    made = Looked(desk(*TWO, B), monkeypatch)
    yield made
    made.stop()


def test_nothing_is_inspected_before_there_is_anything_to_see(looked: Looked) -> None:
    looked.news("b")
    assert looked.next() == "w2"
    assert looked.told.empty()


def test_a_monitor_is_told_of_the_steps_that_feed_it_alone(looked: Looked) -> None:
    looked.news("src")
    assert looked.next() == "w1"
    looked.news("src", "b")
    assert {looked.next(), looked.next()} == {"w1", "w2"}


def test_news_within_a_monitors_pace_is_one_inspection(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(monitors.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(toys.Watch, "every", 10.0)
    looked = Looked(desk(*TWO, B), monkeypatch)
    try:
        looked.news("src")
        assert looked.next() == "w1"
        for _ in range(5):
            looked.news("src")
        looked.news("b")
        assert looked.next() == "w2"  # it has had its turn; w1 waits for its own
        clock[0] = 10.0
        looked.news("b")
        assert {looked.next(), looked.next()} == {"w1", "w2"}
        assert looked.told.empty()
    finally:
        looked.stop()


def test_a_thread_that_dies_says_so_and_looks_again(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.machine.watched._FIRST", 0.01)
    looked = Looked(desk(*TWO, B), monkeypatch)

    def leave(*_: object) -> None:
        raise SystemExit(2)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(monitors, "inspect", leave)
            looked.news("b")
            died = looked.told.get(timeout=60.0)
        assert (died.name, type(died.error), died.again) == ("monitors", SystemExit, True)
        looked.news("b")
        assert looked.next() == "w2"
    finally:
        looked.stop()


# -- alerts ----------------------------------------------------------------------------------------


def test_an_alert_is_raised_once_and_clears_by_itself(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toys.Watch, "last", 1)
    made = desk(SRC, ("watch", "toy.watch", {"below": 5}, {"number": "src"}))
    held = []
    for value in (1, 8, 9, 2, 10, 3, 4):
        made.find(value)
        observations.inspected(made.record, look(made))
        held.append([row.message for row in made.rows(t.alert) if row.cleared is None])
    assert held == [
        [],
        ["8 is large"],
        ["9 is large"],  # the same alert, as it is now
        ["9 is large"],  # one look without it is not yet the end
        ["10 is large"],
        ["10 is large"],
        [],
    ]
    assert len(made.rows(t.alert)) == 1
    assert len(made.rows(t.event, kind="alert.raised")) == 1
    assert len(made.rows(t.event, kind="alert.cleared")) == 1
