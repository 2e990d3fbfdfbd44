"""Sessions are counted by time, microscope or team."""

import csv
import io

import pytest

from icestream.facility.memory.statistics import GROUPS, statistics, statistics_csv
from icestream.facility.opened import Facility
from icestream.facility.registry import figures as rows
from icestream.facility.registry.people import keep_person, keep_project
from icestream.facility.registry.records import KnownFigure
from icestream.facility.registry.sessions import Whose, keep_session


def keep(facility: Facility, day: str, resolution: float | None, **values: str) -> None:
    began = facility.moment(day)
    name = f"s{day}"
    with facility.registry.write() as connection:
        number = keep_session(
            connection, name, Whose(microscope=values.get("microscope", "krios1"), **{
                key: value for key, value in values.items() if key != "microscope"
            }),
            name=name, place=f"/{name}", folder=f"/{name}/p", began=began, ended=began + 7200.0,
            state="done",
        )  # fmt: skip
        found = [KnownFigure(name="resolution", value=resolution)] if resolution else []
        about = {"at": began, "over": True, "exposures": 100, "pixel": 0.8, "apart": ""}
        rows.keep_figures(connection, number, about, found)


@pytest.fixture
def counted(facility: Facility) -> Facility:
    with facility.registry.write() as connection:
        keep_person(connection, "lea", team="lab")
        keep_project(connection, "secret", confidential=True)
    keep(facility, "2026-01-31T23:30", 3.0, operator="lea")  # in Madrid
    keep(facility, "2026-02-01T00:30", 4.0, microscope="glacios")
    keep(facility, "2026-02-11", 5.0)
    keep(facility, "2026-04-01", None)
    keep(facility, "2026-04-02", 9.0, project="secret")
    return facility


def test_months_are_those_of_the_facility(counted: Facility) -> None:
    found = statistics(counted, "month")
    assert [(one.group, one.sessions) for one in found] == [
        ("2026-01", 1), ("2026-02", 2), ("2026-04", 1),
    ]  # fmt: skip
    february = found[1]
    assert (february.exposures, february.hours) == (200, 4.0)
    assert (february.resolution_mean, february.resolution_median) == (4.5, 4.5)
    assert found[2].resolution_mean is None
    assert [one.group for one in statistics(counted, "quarter")] == ["2026-Q1", "2026-Q2"]


def test_every_group_counts_every_session_once(counted: Facility) -> None:
    for by in GROUPS:
        assert sum(one.sessions for one in statistics(counted, by)) == 4
    assert {one.group for one in statistics(counted, "team")} == {"lab", "not known"}


def test_confidential_sessions_count_only_where_that_is_asked_for(counted: Facility) -> None:
    assert "secret" not in {one.group for one in statistics(counted, "project")}
    found = {one.group for one in statistics(counted, "project", confidential=True)}
    assert "secret" in found


def test_only_sessions_of_a_time_are_counted(counted: Facility) -> None:
    begins, ends = counted.moment("2026-02-01"), counted.moment("2026-04-01")
    assert [one.sessions for one in statistics(counted, "year", begins=begins, ends=ends)] == [2]


def test_a_table_is_read_by_spreadsheets_and_holds_no_formula(counted: Facility) -> None:
    keep(counted, "2026-05-01", 3.0, project="=cmd")
    lines = list(csv.reader(io.StringIO(statistics_csv(statistics(counted, "project")))))
    assert lines[0][:3] == ["group", "sessions", "measured"]
    assert {line[0] for line in lines[1:]} == {"not known", "'=cmd"}
    assert next(line for line in lines if line[0] == "'=cmd")[5] == "3.00"
