"""The duty that reads bookings, and the check of their section."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.bookings.duty import bookings_duties, bookings_flaws
from icestream.facility.duties.round import do_once
from icestream.facility.file import load_facility
from icestream.facility.opened import open_facility
from icestream.facility.registry import duties as rows

TABLE = '[bookings]\nkind = "csv"\nfile = "{folder}/b.csv"\nevery = "10 min"\n'


def test_a_duty_where_there_is_a_booking_system(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    with open_facility(write_facility(TABLE)) as facility:
        (duty,) = bookings_duties(facility.file)
        assert (duty.name, duty.every) == ("bookings", 600.0)
        assert not do_once(facility, duty)
        with facility.registry.read() as connection:
            assert "b.csv cannot be read" in rows.duty(connection, "bookings").problem
        (tmp_path / "b.csv").write_text("microscope,begins,ends\n")
        assert do_once(facility, duty)
        with facility.registry.read() as connection:
            assert rows.duty(connection, "bookings").said == "0 bookings, as before"


def test_no_duty_where_there_is_none(write_facility: Callable[[str], Path]) -> None:
    for more in ("", '[bookings]\nkind = "none"\n'):
        file = load_facility(write_facility(more)).file
        assert list(bookings_duties(file)) == []
        assert list(bookings_flaws(file)) == []


def test_the_booking_system_is_asked(write_facility: Callable[[str], Path], tmp_path: Path) -> None:
    file = load_facility(write_facility(TABLE)).file
    (flaw,) = bookings_flaws(file)
    assert (flaw.where, flaw.stops) == ("bookings", True)
    assert "b.csv cannot be read" in flaw.what
    (tmp_path / "b.csv").write_text(
        "microscope,begins,ends\nGlacius,2026-11-23,2026-11-24\n7,2026-11-23,2026-11-24\n"
    )
    (flaw,) = bookings_flaws(file)
    assert (flaw.where, flaw.stops) == ("microscopes.glacios.booking", False)
    assert flaw.what.endswith("has nothing called 'glacios', but 7, Glacius; did you mean Glacius?")
