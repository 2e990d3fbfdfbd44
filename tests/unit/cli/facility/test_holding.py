"""`icestream facility hold` and `release`."""

from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.cli.facility.holding import BadDate
from icestream.facility.opened import Facility
from icestream.facility.registry.holds import holds
from icestream.facility.registry.sessions import UnknownPlace
from kept_session import KeptPlace


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_a_session_is_held_and_released(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = KeptPlace(facility)
    facility_("hold", "p-1", "--class", "raw", "--until", "2199-03-31", "--why", "a paper")
    facility_("hold", str(kept.place), "--why", "a doubt")
    said = capsys.readouterr().out
    assert "raw of p-1 is held to 2199-03-31" in said
    assert "everything of p-1 is held" in said
    with facility.registry.read() as connection:
        raw, whole = holds(connection)
    assert raw.until is not None
    assert f"{facility.local(raw.until):%Y-%m-%d %H:%M}" == "2199-04-01 00:00"
    assert (whole.kind, whole.until, whole.why) == ("", None, "a doubt")
    assert facility_("release", "p-1", "--class", "raw") == 0
    said = capsys.readouterr().out
    assert "1 hold of p-1 ended" in said
    assert "still held: everything by " in said
    assert facility_("release", "p-1") == 0
    assert facility_("release", "p-1") == 1


def test_a_day_that_is_none_or_over_is_refused(facility: Facility) -> None:
    KeptPlace(facility)
    for day, says in (("soon", "write a day such as"), ("2020-01-01", "is over")):
        with pytest.raises(BadDate, match=says):
            facility_("hold", "p-1", "--why", "x", "--until", day)
    with pytest.raises(UnknownPlace):
        facility_("hold", "none", "--why", "x")
