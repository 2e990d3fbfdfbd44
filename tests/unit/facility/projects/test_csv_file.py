"""Projects from a table."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from booking_systems import at
from icestream.facility.asking import SourceChanged
from icestream.facility.projects.csv_file import ProjectTable
from icestream.facility.projects.kinds import CsvProjects
from icestream.facility.projects.project import Project


def table(path: Path, text: str) -> ProjectTable:
    path.write_text(text)
    return ProjectTable(CsvProjects(kind="csv", file=path), ZoneInfo("Europe/Madrid"))


def test_a_table(tmp_path: Path) -> None:
    source = table(
        tmp_path / "p.csv",
        "code,title,pi,pi_name,pi_email,team,institution,address,reference,confidential,begins,"
        "ends,people,state\n"
        "CEM00123,Apoferritin,curie,Maria Curie,pi@uni.example,curie-lab,University,Street 1,"
        "Ref 17,yes,2026-01-01,2027-01-01,rosa ana,\n"
        "CEM00124,,,,,,,,,,,,,closed\n",
    )
    first, second = source.projects()
    assert first == Project(
        code="CEM00123",
        title="Apoferritin",
        pi="curie",
        pi_name="Maria Curie",
        pi_email="pi@uni.example",
        team="curie-lab",
        institution="University",
        address="Street 1",
        reference="Ref 17",
        confidential=True,
        begins=at("2025-12-31T23:00"),
        ends=at("2026-12-31T23:00"),
        people={"rosa": "", "ana": ""},
    )
    assert (second.state, second.confidential, second.pi) == ("closed", False, None)
    assert source.project("cem00123") == first
    assert source.project("CEM00125") is None


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    source = table(
        tmp_path / "p.csv",
        "code,confidential,begins,ends\n"
        "A,perhaps,,\n,,,\nB,,tomorrow,\nC,,2026-01-02,2026-01-01\nD,,,,too much\n"
        "E,,,\ne,,,\n ,x,,\n",
    )
    with pytest.raises(SourceChanged) as caught:
        source.projects()
    for part in (
        "line 2: confidential is 'perhaps'",
        "line 4: 'tomorrow' is no time",
        "line 5: ends (2026-01-01) is not after begins (2026-01-02)",
        "line 6: 5 values, and there are 4 columns",
        "line 9: no code",
        "project 'e' is there more than once",
    ):
        assert part in str(caught.value)
