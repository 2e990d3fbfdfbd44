"""Until when triggers hold: numbers, batches, time, hours, and the end of the stream."""

from typing import Any

import pytest
from pydantic import ValidationError

from icestream.model import Exposure
from icestream.protocol import Enough, Incoming
from icestream.protocols.hold_items import HoldMicrographs, HoldPicks
from icestream.protocols.holding import read_hours

NONE = {
    "items": 0, "size": 0, "closed": 0, "passed_items": 0, "passed_size": 0, "seconds": 0,
    "minute": 12 * 60,
}  # fmt: skip


def picks(**parameters: Any) -> HoldPicks:
    return HoldPicks(HoldPicks.parameters_type()(**parameters))


@pytest.mark.parametrize(
    ("parameters", "counts", "expected"),
    [
        ({}, {"items": 1}, True),  # nothing is set: everything passes
        ({"items": 3}, {"items": 2}, False),
        ({"items": 3}, {"items": 3}, True),
        ({"items": 3, "particles": 100}, {"items": 3, "size": 99}, False),
        ({"items": 3, "particles": 100}, {"items": 3, "size": 100}, True),
        ({"items": 3}, {"items": 1, "closed": 1}, True),
        ({"items": 3, "at_end": "leave out"}, {"items": 1, "closed": 1}, False),
        ({"items": 3, "at_end": "leave out"}, {"items": 3, "closed": 1}, True),
        ({"items": 3}, {"items": 1, "passed_items": 3}, True),
        ({"items": 3, "batches": True}, {"items": 1, "passed_items": 3}, False),
        ({"wait": 15}, {"items": 50, "seconds": 899}, False),
        ({"wait": 15}, {"items": 1, "seconds": 900}, True),
        ({"items": 3, "wait": 15}, {"items": 3, "seconds": 1}, True),
        ({"items": 3, "wait": 15}, {"items": 1, "seconds": 900}, True),
        ({"hours": "20:00-06:00"}, {"items": 1, "minute": 19 * 60 + 59}, False),
        ({"hours": "20:00-06:00"}, {"items": 1, "minute": 20 * 60}, True),
        ({"hours": "20:00-06:00"}, {"items": 1, "minute": 5 * 60}, True),
        ({"hours": "20:00-06:00"}, {"items": 1, "minute": 6 * 60}, False),
        ({"hours": "9-17", "items": 3}, {"items": 1, "minute": 600}, False),
        ({"hours": "9-17", "items": 3}, {"items": 1, "minute": 600, "passed_items": 3}, True),
    ],
)
def test_when_it_lets_through(
    parameters: dict[str, Any], counts: dict[str, int], expected: bool
) -> None:
    assert picks(**parameters).ready({**NONE, **counts}) is expected


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        ("session", ""),
        ("square", "grid square 3"),
        ("hole", "no foil hole"),
        ("group", "exposure group 2"),
    ],
)
def test_parts_of_a_stream(each: str, expected: str) -> None:
    exposure = Exposure(name="e", grid_square="3", group=2)
    assert picks(each=each).lot_of(Incoming(None, lambda: exposure)) == expected


def test_an_item_of_several_exposures_is_of_no_part() -> None:
    assert picks(each="square").lot_of(Incoming(None)) == ""


def test_what_holds_again_and_what_goes_by_the_time() -> None:
    told = [(t.shuts(), t.timed()) for t in (picks(), picks(batches=True), picks(hours="1-2"))]
    assert told == [(False, False), (True, False), (True, True)]
    assert picks(wait=1.0).timed()


def test_counts_of_other_steps_are_read() -> None:
    trigger = picks(opened_by=" 1 items of classes", closed_by="50,000 particles of select")
    assert trigger.parameters.opened_by == "1 item of classes"
    assert trigger.opened_by() == Enough("classes", 1)
    assert trigger.closed_by() == Enough("select", 50000, "particles")
    assert picks().opened_by() is picks().closed_by() is None


@pytest.mark.parametrize("text", ["night", "20:00", "8-8", "25-30", "8:70-9", "20:00-06:61"])
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write 20:00-06:00"):
        read_hours(text)


@pytest.mark.parametrize(
    "parameters",
    [{"items": -1}, {"wait": 0}, {"hours": "night"}, {"opened_by": "soon"}, {"each": "town"}],
)
def test_bad_input_is_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HoldMicrographs.parameters_type()(**parameters)
