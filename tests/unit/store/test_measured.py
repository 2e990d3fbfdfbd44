"""Measured exposures: of current revisions, in the order of being taken, and never more."""

from collections.abc import Callable

from icestream.store.measured import measured_exposures
from icestream.store.pace import found_times
from toy_record import Desk

SRC = ("src", "toy.count", {}, {})
ADD = ("add", "toy.add", {}, {"number": "src"})


def test_values_come_with_the_revision_that_made_them(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, ADD)
    made.find(1, 2, 3)
    made.work()
    window = measured_exposures(made.store, ["toy.value"])
    assert [shot.qualities for shot in window.exposures] == [
        {"toy.value": value} for value in (2.0, 3.0, 4.0)
    ]
    assert window.revisions == {"toy.value": made.step("add").id}


def test_after_a_change_of_parameters_only_new_values_count(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, ADD)
    made.find(1, 2, 3)
    made.work()
    before = measured_exposures(made.store, ["toy.value"]).revisions
    made.change("add", add=10.0)
    made.backfill("add")
    made.work()
    window = measured_exposures(made.store, ["toy.value"])
    assert [shot.qualities["toy.value"] for shot in window.exposures] == [11.0, 12.0, 13.0]
    assert window.revisions != before


def test_the_newest_are_looked_at(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, ADD)
    made.find(*range(1, 9))
    made.work()
    found = measured_exposures(made.store, ["toy.value"], limit=3).exposures
    assert [shot.qualities["toy.value"] for shot in found] == [7.0, 8.0, 9.0]


def test_what_nobody_measured_is_nothing(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, ADD)
    assert measured_exposures(made.store, ["toy.value"]).exposures == ()
    made.find(1)
    assert measured_exposures(made.store, ["other"]).exposures == ()


def test_the_time_since_the_exposure_before_does_not_skip_one_that_nobody_measured(
    desk: Callable[..., Desk],
) -> None:
    """Else a session that is behind would seem to be one whose microscope became slower."""
    made = desk(SRC, ("add", "toy.add", {"fail": "item"}, {"number": "src"}))
    for value in (1, 3, 5):  # the second fails
        made.find(value)
    made.work()
    window = measured_exposures(made.store, ["toy.value"])
    found = dict(zip(("e1", "e3", "e5"), found_times(made.store), strict=True))
    assert [shot.exposure for shot in window.exposures] == ["e1", "e5"]
    assert [shot.since_last for shot in window.exposures] == [None, found["e5"] - found["e3"]]


def test_what_came_before_an_exposure_is_unknown_where_one_may_be_missing(
    desk: Callable[..., Desk],
) -> None:
    made = desk(SRC, ADD)
    for value in range(1, 9):
        made.find(value)
    made.work()
    found = measured_exposures(made.store, ["toy.value"], limit=3).exposures
    assert [shot.since_last is None for shot in found] == [True, False, False]
