"""What the facility knows of a session stands on its PDF."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.exports.sheet import Surroundings, export_sheet
from icestream.facility.begin.card import Card, write_card
from icestream.facility.memory.sheet import surroundings
from icestream.facility.opened import open_facility
from icestream.facility.registry.sessions import change_session, session
from report_session import SampleSession
from simulated_histories import remember_history


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "processing"
    made.mkdir()
    card = Card(
        session="krios1-12", key="krios1-11", place=str(tmp_path), folder=str(made),
        microscope="krios1", detector="K3", project="p2", team="Lab [1]", operator="lea",
        booking=("booked", "17"), sample="#apoferritin", began=time.time() - 86400.0,
    )  # fmt: skip
    write_card(card)
    return made


def test_a_session_that_no_facility_began_has_none(tmp_path: Path) -> None:
    assert surroundings(tmp_path) == Surroundings()
    (tmp_path / "facility.json").write_text("{}")
    assert surroundings(tmp_path) == Surroundings()


def test_the_card_is_enough_where_there_is_no_facility(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICESTREAM_FACILITY", str(tmp_path / "none.toml"))
    found = surroundings(folder)
    about = dict(found.about)
    assert (about["Project"], about["Operator"], about["Booking"]) == ("p2", "lea", "booked 17")
    assert "Workflow" not in about
    assert found.among == ()


def test_figures_stand_among_those_of_other_sessions(
    folder: Path, write_facility: Callable[[str], Path]
) -> None:
    path = write_facility("[memory]\n")
    assert surroundings(folder).among == ()
    assert not (path.parent / "state" / "registry.db").exists()
    with open_facility(path) as facility:
        assert surroundings(folder).among == ()  # the registry does not know it
        remember_history(facility.registry, "krios1", 12)
    found = surroundings(folder)
    assert dict(found.about)["Facility"] == "Ice & Co"
    rows = {title: rest for title, *rest in found.among}
    assert rows["CTF fit resolution"][2].endswith("of 11 others")
    assert rows["CTF fit resolution"][0].endswith("Å")


def test_the_pdf_takes_it(
    folder: Path, write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    with open_facility(write_facility("[memory]\n")) as facility:
        remember_history(facility.registry, "krios1", 12)
        with facility.registry.write() as connection:
            change_session(connection, session(connection, "krios1-12").id, folder=str(folder))
    made = SampleSession(tmp_path / "session", start=1.7e9)
    made.grow(6)
    plain, whole = tmp_path / "plain.pdf", tmp_path / "whole.pdf"
    export_sheet(made.folder, plain)
    export_sheet(made.folder, whole, surroundings(folder))
    assert whole.read_bytes().startswith(b"%PDF-")
    assert whole.stat().st_size > plain.stat().st_size + 1000
