"""Damages: one line says what is made again, another what cannot be."""

from collections.abc import Callable

import pytest

from icestream.engine.coordinator.damages import AGAIN, LOST, Damages, again_words
from icestream.engine.executors.contract import Ended, Ending
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
STEPS = (("src", "toy.count", {}, {}), ("a", "toy.add", {"write": True}, {"number": "src"}))


@pytest.fixture
def made(desk: Desks) -> Desk:
    made = desk(*STEPS)
    made.find(1, 2)
    made.work()
    return made


def alerts(desk: Desk) -> list[tuple[str, str, bool]]:
    return [(one.key, one.level, one.cleared is None) for one in desk.rows(t.alert)]


def begin(desk: Desk, *, going: bool = True) -> Damages:
    desk.open(*STEPS)
    damages = Damages(desk.record)
    damages.begin([step.id for step in desk.record.plan.by_depth()] if going else [])
    return damages


def test_a_whole_session_is_told_nothing(made: Desk) -> None:
    begin(made).look()
    assert alerts(made) == []


def test_what_is_made_again_is_told_until_it_is(made: Desk) -> None:
    (made.folder / "a" / "e1_number.txt").unlink()
    damages = begin(made)
    damages.look()
    assert alerts(made) == [(AGAIN, "notice", True)]
    assert made.rows(t.alert, "message") == ["1 result lacks files and is made again: 1 of a"]
    made.work()
    damages.look()
    assert alerts(made) == [(AGAIN, "notice", False)]


def test_what_is_not_made_again_is_told_until_it_is_there(made: Desk) -> None:
    file = made.folder / "a" / "e1_number.txt"
    file.rename(file.with_suffix(".away"))
    begin(made, going=False).look()
    assert alerts(made) == [(LOST, "warning", True)]
    (message,) = made.rows(t.alert, "message")
    assert message.startswith("1 result lacks files and is not made again (a of e1: a is paused)")
    assert f"icestream check {made.folder}" in message
    file.with_suffix(".away").rename(file)
    begin(made)
    assert alerts(made) == [(LOST, "warning", False)]


def test_what_failed_again_is_told(made: Desk) -> None:
    (made.folder / "a" / "e1_number.txt").unlink()
    damages = begin(made)
    (lease,) = made.start("a")
    failed = Ending(task=lease.calls[0].task, outcome="item", reason="no good")
    made.record.take_in([Ended(lease.id, (failed,))], [])
    damages.look()
    assert alerts(made) == [(AGAIN, "notice", False), (LOST, "warning", True)]
    assert "(a failed for e1: no good)" in made.rows(t.alert, "message")[1]


def test_the_line_says_how_many_of_which_step() -> None:
    said = "5 results lack files and are made again: 3 of align, 2 of ctf"
    assert again_words({"align": 3, "ctf": 2}) == said
