"""The duty that reads projects, and the check of their section."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.duties.round import do_once
from icestream.facility.file import load_facility
from icestream.facility.opened import open_facility
from icestream.facility.projects.duty import projects_duties, projects_flaws
from icestream.facility.registry import duties as rows

TABLE = '[projects]\nkind = "csv"\nfile = "{folder}/p.csv"\n'


def test_a_duty_where_there_is_a_list(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    with open_facility(write_facility(TABLE)) as facility:
        (duty,) = projects_duties(facility.file)
        assert not do_once(facility, duty)
        (flaw,) = projects_flaws(facility.file)
        assert (flaw.where, "p.csv cannot be read" in flaw.what) == ("projects", True)
        (tmp_path / "p.csv").write_text("code\nCEM00123\n")
        assert do_once(facility, duty)
        assert list(projects_flaws(facility.file)) == []
        with facility.registry.read() as connection:
            assert rows.duty(connection, "projects").said == "1 project, 1 new"


def test_no_duty_where_there_is_none(write_facility: Callable[[str], Path]) -> None:
    for more in ("", '[projects]\nkind = "none"\n'):
        file = load_facility(write_facility(more)).file
        assert list(projects_duties(file)) == []
        assert list(projects_flaws(file)) == []
