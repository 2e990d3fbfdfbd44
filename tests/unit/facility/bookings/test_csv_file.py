"""Bookings from a table: a wrong line is named, and nothing of its table is used."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking_systems import at
from icestream.facility.asking import SourceChanged, SourceDown
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.csv_file import CsvTable
from icestream.facility.bookings.kinds import CsvBookings

BEGINS, ENDS = at("2026-11-23"), at("2026-11-30")


def read(path: Path, text: str, **given: Any) -> tuple[Booking, ...]:
    path.write_text(text)
    section = CsvBookings(kind="csv", file=path, **given)
    return CsvTable(section, ZoneInfo("Europe/Madrid")).bookings(BEGINS, ENDS)


def test_a_table(tmp_path: Path) -> None:
    text = (
        "\ufeffMicroscope, begins,ends,title,login,name,email,project,kind,state,reference\n"
        'krios,2026-11-23 09:00,2026-11-25 09:00,"apoferritin, again",rosa,Rosa Ortiz,'
        "rosa@uni.example,CEM00123,,,B-17\n"
        ",,,,,,,,,,\n"
        "krios,2026-11-26T00:00Z,2026-11-27,cycle,,,,,Maintenance,,\n"
        "talos,2026-12-26,2026-12-27,later,,,,,,,\n"
    )
    assert read(tmp_path / "bookings.csv", text) == (
        Booking(
            reference="B-17",
            resources=("krios",),
            begins=at("2026-11-23T08:00"),
            ends=at("2026-11-25T08:00"),
            title="apoferritin, again",
            login="rosa",
            name="Rosa Ortiz",
            email="rosa@uni.example",
            project="CEM00123",
        ),
        Booking(
            reference=f"krios {at('2026-11-26'):.0f}",
            resources=("krios",),
            begins=at("2026-11-26T00:00"),
            ends=at("2026-11-26T23:00"),
            title="cycle",
            kind="maintenance",
        ),
    )


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    text = (
        "microscope;begins;ends;kind;state;reference\n"
        "krios;2026-11-23;2026-11-24;;;a\n"
        ";2026-11-23;2026-11-24;;;b\n"
        "krios;23.11.2026;2026-11-24;;;c\n"
        "krios;2026-11-24;2026-11-23;;;d\n"
        "krios;2026-11-24;2026-11-25;holiday;;e\n"
        "krios;2026-11-24;2026-11-25;;gone;f\n"
        "krios;2026-11-24;2026-11-25;;;g;too much\n"
        "krios;2026-11-24;2026-11-25;;;a\n"
    )
    with pytest.raises(SourceChanged) as caught:
        read(tmp_path / "bookings.csv", text, separator=";")
    said = str(caught.value)
    for part in (
        "line 3: no microscope",
        "line 4: '23.11.2026' is no time",
        "line 5: ends (2026-11-23) is not after begins (2026-11-24)",
        "line 6: kind is 'holiday', and may be booked, downtime, maintenance",
        "line 7: state is 'gone', and may be booked, pending, cancelled",
        "line 8: 7 values, and there are 6 columns",
        "'a' is there more than once",
    ):
        assert part in said
    assert "line 2" not in said


def test_many_wrong_lines_are_counted(tmp_path: Path) -> None:
    text = "microscope,begins,ends\n" + "krios,x,y\n" * 30
    with pytest.raises(SourceChanged, match="line 21: .*; and 10 more"):
        read(tmp_path / "bookings.csv", text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has nothing"),
        ("microscope,from,to\n", "it has microscope, from, to"),
        ("microscope,begins,ends,colour\n", "it has microscope, begins, ends, colour"),
        (
            'microscope,begins,ends\n"krios,2026-11-23,2026-11-24\n',
            "line 2: unexpected end of data",
        ),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceChanged, match=said):
        read(tmp_path / "bookings.csv", text)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    table = CsvTable(CsvBookings(kind="csv", file=tmp_path / "no.csv"), ZoneInfo("UTC"))
    with pytest.raises(SourceDown, match=r"no.csv cannot be read: No such file"):
        table.bookings(BEGINS, ENDS)
    (tmp_path / "no.csv").write_bytes(b"microscope,begins,ends\nkri\xf6s,2026-11-23,2026-11-24\n")
    with pytest.raises(SourceChanged, match="not written in UTF-8"):
        table.bookings(BEGINS, ENDS)
    assert table.resources() is None
