"""What `icestream session new` asks, and what it takes where nobody is asked."""

import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.cli.facility.asking import NoMicroscope, settled
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.bookings import keep_booking, keep_source


@pytest.fixture
def facility(write_facility: Callable[[str], Path]) -> Iterator[Facility]:
    """One that has a booking system."""
    path = write_facility('[bookings]\nkind = "csv"\nfile = "{folder}/bookings.csv"\n')
    with open_facility(path) as opened:
        with opened.registry.write() as connection:
            keep_source(connection, "bookings.csv", read=time.time())
        yield opened


def book(facility: Facility, reference: str, microscope: str = "krios1", **values: object) -> None:
    now = time.time()
    with facility.registry.write() as connection:
        keep_booking(
            connection, "bookings.csv", reference, microscope=microscope,
            **{"begins": now - 60.0, "ends": now + 3600.0, **values},
        )  # fmt: skip


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], io.StringIO]:
    """A person who types."""

    def typed(text: str) -> io.StringIO:
        stdin = io.StringIO(text)
        stdin.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stdin", stdin)
        return stdin

    return typed


def test_two_questions_at_most_and_enter_answers_them(
    facility: Facility, answer: Callable[[str], io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    book(facility, "17", project="cem00123", who="lea", name="Lea M.", title="ribosome")
    newest = Path(facility.file.microscopes["krios1"].movies or "") / "EPU_7"
    newest.mkdir()
    typed = answer("\n\nnothing more is asked\n")
    found = settled(facility, "krios1", {"sample": "x", "note": None}, ask=True)
    assert typed.readline() == "nothing more is asked\n"
    assert found == {
        "microscope": "krios1",
        "project": "cem00123",
        "operator": "lea",
        "sample": "x",
        "booking": ("bookings.csv", "17"),
        "movies": str(newest),
    }
    said = capsys.readouterr().out
    assert "1  Lea M. (cem00123, ribosome)" in said
    assert f"1  {newest} (changed" in said


def test_a_person_may_choose_otherwise(
    facility: Facility, answer: Callable[[str], io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    book(facility, "17", project="cem00123", who="lea")
    (Path(facility.file.microscopes["krios1"].movies or "") / "EPU_7").mkdir()
    answer("7\n2\nfac00001\n2\n")
    found = settled(facility, "krios1", {}, ask=True)
    assert found == {"microscope": "krios1", "project": "fac00001", "movies": ""}
    assert "a number from 1 to 2, please" in capsys.readouterr().out


def test_nobody_is_asked_for_what_is_given(
    facility: Facility, answer: Callable[[str], io.StringIO]
) -> None:
    book(facility, "17", project="cem00123", who="lea")
    answer("")
    given = {"project": "p", "operator": "tom", "movies": "/x"}
    assert settled(facility, "glacios", given, ask=True) == {"microscope": "glacios", **given}


def test_where_nobody_is_asked_the_likeliest_is_taken_and_said(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    book(facility, "17", project="cem00123", who="lea")
    book(facility, "18", kind="maintenance", title="gun")
    found = settled(facility, None, {}, ask=False)  # the only one that is booked
    assert (found["microscope"], found["project"]) == ("krios1", "cem00123")
    said = capsys.readouterr().err
    assert "there is maintenance until" in said
    assert "nothing is known of project cem00123" in said
    assert "who uses krios1 now: lea (cem00123)" in said
    assert settled(facility, "glacios", {}, ask=False) == {"microscope": "glacios", "movies": ""}
    assert "nobody has booked glacios now" in capsys.readouterr().err


def test_a_microscope_has_to_be_named_where_two_may_be_meant(facility: Facility) -> None:
    with pytest.raises(NoMicroscope, match="there are krios1, glacios"):
        settled(facility, None, {}, ask=False)


def test_a_booking_of_another_project_is_not_meant(facility: Facility) -> None:
    book(facility, "17", project="cem00123", who="lea")
    found = settled(facility, "krios1", {"project": "fac00001"}, ask=False)
    assert "booking" not in found
    assert "operator" not in found
    assert settled(facility, "krios1", {"operator": "Lea"}, ask=False)["project"] == "cem00123"
