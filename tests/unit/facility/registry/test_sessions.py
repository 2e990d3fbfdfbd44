"""Sessions that were begun for somebody."""

import pytest

from icestream.facility.registry.bookings import bookings, keep_booking
from icestream.facility.registry.microscopes import UnknownInstrument, keep_microscopes
from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.people import keep_person, keep_project, projects
from icestream.facility.registry.sessions import (
    UnknownPlace,
    Whose,
    change_session,
    keep_session,
    session,
    sessions,
)


def write(registry: FacilityRegistry) -> int:
    with registry.write() as connection:
        keep_microscopes(connection, {"a": ("", "")})
        keep_booking(connection, "booked", "1", microscope="a", begins=0.0, ends=10.0)
        keep_project(connection, "p", team="lab")
        keep_person(connection, "tom", team="other")
        whose = Whose(
            microscope="a", detector="K3", project="p", operator="lea", booking=("booked", "1")
        )
        keep_session(
            connection, "k1", whose,
            name="p-1", place="/s/p-1", folder="/s/p-1/processing", began=1.0, state="running",
        )  # fmt: skip
        return keep_session(
            connection, "k2", Whose(operator="tom"),
            name="x-1", place="/s/x-1", folder="/s/x-1/processing", began=50.0, state="running",
        )  # fmt: skip


def test_a_session_is_found_by_name_folder_place_and_key(registry: FacilityRegistry) -> None:
    number = write(registry)
    with registry.write() as connection:
        found = session(connection, "p-1")
        assert (found.microscope, found.detector, found.project) == ("a", "K3", "p")
        assert (found.team, found.operator) == ("lab", "lea")
        assert found.booking == bookings(connection)[0].id
        for name in ("/s/p-1", "/s/p-1/", "/s/p-1/processing", "k1"):
            assert session(connection, name) == found
        assert session(connection, "k2").team == "other"
        with pytest.raises(UnknownPlace, match="icestream session list"):
            session(connection, "none")
        change_session(connection, number, state="done", ended=60.0)
        assert session(connection, "k2").state == "done"


def test_what_is_not_told_again_stays(registry: FacilityRegistry) -> None:
    write(registry)
    with registry.write() as connection:
        keep_session(connection, "k1", state="done", ended=9.0)
        found = session(connection, "k1")
        assert (found.state, found.project, found.began) == ("done", "p", 1.0)


def test_sessions_are_chosen(registry: FacilityRegistry) -> None:
    write(registry)
    with registry.write() as connection:
        assert [one.name for one in sessions(connection)] == ["x-1", "p-1"]
        assert [one.name for one in sessions(connection, microscope="a")] == ["p-1"]
        assert [one.name for one in sessions(connection, project="p", state="done")] == []
        keep_session(connection, "k1", ended=9.0)
        assert [one.name for one in sessions(connection, begins=10.0)] == ["x-1"]
        assert [one.name for one in sessions(connection, ends=10.0)] == ["p-1"]
        with pytest.raises(UnknownInstrument):
            keep_session(connection, "k3", Whose(microscope="z"), name="n", began=1.0)


def test_one_of_a_confidential_project_is_confidential(registry: FacilityRegistry) -> None:
    write(registry)
    with registry.write() as connection:
        assert not session(connection, "p-1").confidential
        keep_project(connection, "p", confidential=True)
        assert [one.confidential for one in sessions(connection)] == [False, True]
        assert session(connection, "p-1").confidential


def test_a_code_in_other_capitals_is_no_other_project(registry: FacilityRegistry) -> None:
    write(registry)
    with registry.write() as connection:
        keep_session(
            connection, "k3", Whose(project="P"),
            name="p-2", place="/s/p-2", folder="/s/p-2/x", began=1.0, state="new",
        )  # fmt: skip
        assert session(connection, "p-2").project == "p"
        assert [one.code for one in projects(connection)] == ["p"]
