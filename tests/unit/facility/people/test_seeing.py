"""Who sees which session."""

from pathlib import Path

from icestream.facility.opened import Facility
from icestream.facility.people.seeing import UNKNOWN, read_seeing
from icestream.facility.registry.people import keep_project, set_members
from icestream.facility.registry.sessions import Whose, keep_session


def keep(facility: Facility, key: str, whose: Whose, *, confidential: bool = False) -> None:
    with facility.registry.write() as connection:
        keep_session(
            connection, key, whose,
            name=key, place=f"/s/{key}", folder=f"/s/{key}/{key}", began=1.0, state="new",
            confidential=confidential,
        )  # fmt: skip


def test_people_of_a_project_and_the_operator_see_a_session(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "p", pi="gerty")
        keep_project(connection, "secret", pi="ada", confidential=True)
        set_members(connection, "p", {"Lea": "member"}, source="staff")
    keep(facility, "k1", Whose(project="p", operator="tom"))
    keep(facility, "k2", Whose(project="p"), confidential=True)
    keep(facility, "k3", Whose(project="secret"))
    keep(facility, "k4", Whose())
    with facility.registry.read() as connection:
        found = read_seeing(connection)
    assert found.confidential == {"k2", "k3"}
    assert found.folders == {"/s/k2/k2", "/s/k3/k3"}
    assert found.hidden == found.confidential | found.folders
    assert found.of("gerty") == found.of("lea") == {"k1", "k2"}
    assert found.of("tom") == {"k1"}
    assert found.of("ada") == {"k3"}
    assert found.of("eva") == frozenset()


def test_a_project_that_becomes_confidential_hides_its_sessions_at_once(
    facility: Facility, tmp_path: Path
) -> None:
    keep(facility, "k1", Whose(project="p"))
    with facility.registry.write() as connection:
        assert read_seeing(connection).confidential == frozenset()
        keep_project(connection, "p", confidential=True)
        assert read_seeing(connection).confidential == {"k1"}
    assert UNKNOWN.confidential is UNKNOWN.hidden is None
