"""Projects and teams by the groups that people have where they log in."""

from icestream.facility.opened import Facility
from icestream.facility.people.groups import keep_groups, named_by
from icestream.facility.people.kinds import People
from icestream.facility.registry.people import keep_project, people, projects_of, set_members

SECTION = People(projects="cn=proj-(.+),ou=g", teams="cn=lab-(.+),ou=g")


def of(facility: Facility, name: str) -> frozenset[str]:
    with facility.registry.read() as connection:
        return projects_of(connection, name)


def test_groups_name_projects() -> None:
    groups = ["cn=proj-CEM1,ou=g", "CN=PROJ-b,OU=g", "cn=proj-,ou=g", "xcn=proj-c,ou=g", "staff"]
    assert named_by(SECTION.projects, groups) == ["CEM1", "b"]
    assert named_by(None, groups) == []


def test_projects_follow_the_groups_and_what_others_said_stays(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "CEM1", title="Ribosome")
        keep_project(connection, "kept")
        set_members(connection, "kept", {"lea": "member"}, source="staff")
    keep_groups(facility, SECTION, "lea", "Lea M.", ["cn=proj-cem1,ou=g", "cn=proj-new,ou=g",
                                                     "cn=lab-cori,ou=g"])  # fmt: skip
    assert of(facility, "lea") == {"CEM1", "new", "kept"}
    with facility.registry.read() as connection:
        (lea,) = people(connection)
    assert (lea.title, lea.team) == ("Lea M.", "cori")
    keep_groups(facility, SECTION, "lea", "", ["cn=proj-new,ou=g"])
    assert of(facility, "lea") == {"new", "kept"}
    with facility.registry.read() as connection:
        (lea,) = people(connection)
    assert (lea.title, lea.team) == ("Lea M.", "cori")


def test_a_project_of_ones_own_stays_when_a_group_is_left(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "p", pi="gerty")
    keep_groups(facility, SECTION, "gerty", "", ["cn=proj-p,ou=g"])
    keep_groups(facility, SECTION, "gerty", "", [])
    assert of(facility, "gerty") == {"p"}


def test_without_patterns_groups_mean_nothing(facility: Facility) -> None:
    keep_groups(facility, People(), "lea", "Lea", ["cn=proj-p,ou=g"])
    assert of(facility, "lea") == frozenset()
