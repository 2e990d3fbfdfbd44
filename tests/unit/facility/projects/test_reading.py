"""Projects in the registry."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from booking_systems import KEY, PortalDouble, at, serving
from icestream.facility.asking import SourceDown
from icestream.facility.opened import Facility, open_facility
from icestream.facility.projects import reading
from icestream.facility.projects.csv_file import ProjectTable
from icestream.facility.projects.reading import read_projects
from icestream.facility.registry import bookings as rows
from icestream.facility.registry.people import (
    keep_person,
    keep_team,
    people,
    projects,
    set_members,
    teams,
)
from icestream.facility.registry.records import KnownProject

NOW = at("2026-11-23T12:00")


@pytest.fixture
def system() -> Iterator[PortalDouble]:
    double = PortalDouble()
    with serving(double):
        yield double


@pytest.fixture
def facility(system: PortalDouble, write_facility: Callable[[str], Path]) -> Iterator[Facility]:
    more = f'[projects]\nkind = "portal"\nurl = "{system.url}/api/v1"\nkey = "{KEY}"\n'
    with open_facility(write_facility(more)) as opened:
        yield opened


def book(facility: Facility, code: str) -> None:
    with facility.registry.write() as connection:
        rows.keep_booking(
            connection,
            "bookings.csv",
            code,
            microscope="krios1",
            begins=NOW,
            ends=NOW + 3600,
            project=code,
        )


def known(facility: Facility) -> dict[str, KnownProject]:
    with facility.registry.read() as connection:
        return {one.code: one for one in projects(connection)}


def order(system: PortalDouble, code: str, **values: Any) -> dict[str, Any]:
    fields = {"pi_list": [["Ortiz, Rosa", "rosa@uni.example"]], "project_invoice_addess": "R 17"}
    return system.order(code, "Apoferritin", fields=fields, **values)


def test_those_with_bookings_are_read_in_full(facility: Facility, system: PortalDouble) -> None:
    order(system, "CEM00123")
    order(system, "CEM00124")
    book(facility, "cem00123")
    book(facility, "CEM99999")
    with facility.registry.write() as connection:
        keep_person(connection, "rosa", email="Rosa@uni.example")
        keep_person(connection, "pi@uni.example", title="Marie S. Curie", source="ldap")
    assert str(read_projects(facility, now=NOW)) == "2 projects, 2 new, unknown to it: CEM99999"
    asked = [one.path for one in system.asked if "/order/" in one.path]
    assert asked == ["/api/v1/order/CEM00123"]
    one, other = known(facility)["CEM00123"], known(facility)["CEM00124"]
    assert (one.title, one.reference, one.team, one.pi, one.state) == (
        "Apoferritin", "R 17", "pi@uni.example", "pi@uni.example", "open",
    )  # fmt: skip
    assert one.people == ("pi@uni.example", "rosa")  # known by the e-mail address
    assert (other.reference, other.people) == ("", ("pi@uni.example",))
    with facility.registry.read() as connection:
        names = {one.name: one.title for one in people(connection)}
    assert names == {"pi@uni.example": "Marie S. Curie", "rosa": "Rosa Ortiz"}
    assert str(read_projects(facility, now=NOW)).startswith("2 projects, unknown")


def test_what_people_have_said_of_them_stays(facility: Facility, system: PortalDouble) -> None:
    order(system, "CEM00123")
    book(facility, "CEM00123")
    read_projects(facility, now=NOW)
    with facility.registry.write() as connection:
        keep_team(connection, "pi@uni.example", price_class="academic")
        set_members(connection, "CEM00123", {"ana": "guest"}, source="people")
    read_projects(facility, now=NOW)
    with facility.registry.read() as connection:
        (team,) = teams(connection)
    assert (team.price_class, team.title) == ("academic", "Maria Curie")
    assert "ana" in known(facility)["CEM00123"].people


def test_what_has_not_changed_is_not_written_again(
    facility: Facility, system: PortalDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        order(system, f"CEM0012{number}")
        book(facility, f"CEM0012{number}")
    read_projects(facility, now=NOW)
    written: list[str] = []
    keep = reading.keep_project

    def counted(connection: Any, code: str, **values: Any) -> int:
        written.append(code)
        return keep(connection, code, **values)

    monkeypatch.setattr(reading, "keep_project", counted)
    read_projects(facility, now=NOW)
    assert written == []
    system.orders["CEM00121"]["fields"]["pi_list"] = [["Ortiz-Ruiz, Rosa", "rosa@uni.example"]]
    system.orders["CEM00122"]["fields"]["project_invoice_addess"] = "R 18"
    read_projects(facility, now=NOW)
    assert written == ["CEM00121", "CEM00122"]
    system.orders["CEM00120"]["fields"]["pi_list"] = []
    read_projects(facility, now=NOW)
    assert known(facility)["CEM00120"].people == ("pi@uni.example",)
    assert known(facility)["CEM00122"].reference == "R 18"
    with facility.registry.read() as connection:
        assert "Rosa Ortiz-Ruiz" in {one.title for one in people(connection)}


def test_states(facility: Facility, system: PortalDouble) -> None:
    item = order(system, "CEM00123", status="submitted")
    read_projects(facility, now=NOW)
    assert known(facility)["CEM00123"].state == "submitted"
    item["status"] = "processing"
    read_projects(facility, now=NOW)
    assert known(facility)["CEM00123"].state == "open"
    order(system, "CEM00124")
    del system.orders["CEM00123"]
    assert str(read_projects(facility, now=NOW)) == "1 project, 1 new, 1 gone"
    assert known(facility)["CEM00123"].state == "gone"
    assert str(read_projects(facility, now=NOW)) == "1 project"


def test_an_outage_changes_nothing(facility: Facility, system: PortalDouble) -> None:
    order(system, "CEM00123")
    read_projects(facility, now=NOW)
    before = known(facility)
    system.cut = True
    with pytest.raises(SourceDown):
        read_projects(facility, now=NOW + 60)
    assert known(facility) == before
    with facility.registry.read() as connection:
        said = rows.source(connection, "projects.portal")
    assert said.read == NOW
    assert "cut short" in said.problem


def test_a_table_is_read_once_and_unknown_codes_are_counted(
    write_facility: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.csv").write_text("code,title,people\nCEM00000,x,rosa\n")
    monkeypatch.setattr(ProjectTable, "project", None)
    more = '[projects]\nkind = "csv"\nfile = "{folder}/p.csv"\n'
    with open_facility(write_facility(more)) as facility:
        for number in range(9):
            book(facility, f"CEM0000{number}")
        said = str(read_projects(facility, now=NOW))
        assert known(facility)["CEM00000"].people == ("rosa",)
    assert said.endswith(
        "unknown to it: CEM00001, CEM00002, CEM00003, CEM00004, CEM00005 and 3 more"
    )


def test_no_list_of_projects(write_facility: Callable[[str], Path]) -> None:
    for more in ("", '[projects]\nkind = "none"\n'):
        with open_facility(write_facility(more)) as facility:
            assert str(read_projects(facility)) == "0 projects"
