"""People, teams and projects."""

import pytest

from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.people import (
    UnknownProject,
    keep_person,
    keep_project,
    keep_team,
    people,
    person_number,
    project,
    projects,
    projects_of,
    set_members,
    teams,
)


def test_a_project_has_a_team_and_people(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_team(connection, "cori", title="Cori lab", price_class="academic")
        keep_project(connection, "cem00123", title="Ribosome", team="cori", pi="gerty")
        set_members(connection, "cem00123", {"lea": "member"}, source="portal")
        keep_person(connection, "lea", title="Lea M.", email="lea@x.org", team="cori")
        found = project(connection, "cem00123")
        assert (found.team, found.pi, found.people) == ("cori", "gerty", ("gerty", "lea"))
        assert not found.confidential
        assert projects_of(connection, "lea") == {"cem00123"}
        assert projects_of(connection, "tom") == frozenset()
        assert [(one.name, one.team) for one in people(connection)] == [
            ("gerty", ""), ("lea", "cori"),
        ]  # fmt: skip
        assert teams(connection)[0].price_class == "academic"
        assert person_number(connection, "lea") == person_number(connection, "lea")


def test_members_of_one_source_leave_those_of_others(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_project(connection, "p", pi="gerty")
        set_members(connection, "p", {"lea": "member", "tom": "member"}, source="portal")
        set_members(connection, "p", {"eva": "member"}, source="staff")
        set_members(connection, "p", {"tom": "member"}, source="portal")
        assert project(connection, "p").people == ("eva", "gerty", "tom")
        with pytest.raises(UnknownProject, match="no project 'q'"):
            set_members(connection, "q", {}, source="portal")
        with pytest.raises(UnknownProject):
            project(connection, "q")


def test_what_is_not_told_again_stays(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_project(connection, "p", title="A", team="lab", confidential=True)
        keep_project(connection, "p", title="B")
        (found,) = projects(connection)
        assert (found.title, found.team, found.confidential) == ("B", "lab", True)
        keep_project(connection, "p", team="")
        assert project(connection, "p").team == ""
