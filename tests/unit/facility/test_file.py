"""The facility file: read as a whole, and all that is wrong said at once."""

import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from icestream.facility.file import (
    FacilityFile,
    FacilityFileError,
    facility_file,
    load_facility,
)


def refused(path: Path, text: str) -> dict[str, str]:
    path.write_text(text)
    with pytest.raises(FacilityFileError) as error:
        load_facility(path)
    assert str(path) in str(error.value)
    return {one.where: one.what for one in error.value.flaws}


def test_a_facility_is_read(write_facility: Callable[[str], Path]) -> None:
    path = write_facility("")
    assert facility_file() == path
    known = load_facility()
    assert known.path == path
    assert known.file.facility.name == "Ice & Co"
    assert known.file.microscopes["krios1"].detector == "K3"
    assert str(known.file.zone) == "Europe/Madrid"
    assert known.file.registry_place() == str(path.parent / "state" / "registry.db")


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    said = refused(
        tmp_path / "f.toml",
        """
        [facility]
        name = "X"
        sessions = "sessions"
        time_zone = "Europe/Madird"
        colour = "blue"
        [microscopes.krios1]
        movies = "m"
        [tree]
        place = "../{session}"
        session = "{project}"
        mode = 2750
        [bookngs]
        """,
    )
    assert said["facility.sessions"] == "write the whole path, found 'sessions'"
    assert "did you mean Europe/Madrid" in said["facility.time_zone"]
    assert said["facility.colour"].startswith("there is no 'colour'; there are name, sessions")
    assert said["microscopes.krios1.movies"] == "write the whole path, found 'm'"
    assert "below that of the sessions" in said["tree.place"]
    assert "name {number} in it" in said["tree.session"]
    assert "in quotes" in said["tree.mode"]
    assert "there is no 'bookngs'" in said["bookngs"]


def test_two_microscopes_are_not_one_in_the_booking_system(tmp_path: Path) -> None:
    said = refused(
        tmp_path / "f.toml",
        '[facility]\nname = "X"\nsessions = "/s"\n'
        '[microscopes.a]\n[microscopes.b]\nbooking = "a"\n',
    )
    assert said == {"microscopes.b.booking": "the booking system's 'a' is microscopes.a already"}


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("{session}/{", "is no template"),
        ("{sesion}", "there is no {sesion}; there are {microscope}"),
        ("{session.x}", "write names alone in braces"),
        ("{project}", "name {session} or {number} in it"),
        ("/abs/{session}", "below that of the sessions"),
    ],
)
def test_a_template_that_does_not_lead_to_a_place_of_its_own(
    tmp_path: Path, place: str, says: str
) -> None:
    text = f'[facility]\nname = "X"\nsessions = "/s"\n[tree]\nplace = "{place}"\n'
    assert says in refused(tmp_path / "f.toml", text)["tree.place"]


def test_a_file_that_is_not_there_or_none(tmp_path: Path) -> None:
    with pytest.raises(FacilityFileError, match="icestream facility example > none.toml"):
        load_facility(tmp_path / "none.toml")
    assert "not valid TOML" in refused(tmp_path / "bad.toml", "[facility\n")[""]
    (tmp_path / "latin.toml").write_bytes(b'[facility]\nname = "Caf\xe9"\n')
    with pytest.raises(FacilityFileError, match="not valid TOML"):
        load_facility(tmp_path / "latin.toml")
    with pytest.raises(FacilityFileError, match="cannot be read"):
        load_facility(tmp_path)


def test_the_example_is_a_facility_file_with_all_sections() -> None:
    text = (files("icestream.facility") / "example.toml").read_text("utf-8")
    known = FacilityFile.model_validate(tomllib.loads(text))
    assert set(known.model_fields_set) == set(FacilityFile.model_fields)


def test_a_password_in_the_registrys_address_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    address = "postgresql://ice:geheim@localhost/x"
    path.write_text(f'[facility]\nname = "X"\nsessions = "/s"\nregistry = "{address}"\n')
    known = load_facility(path)
    assert "geheim" not in repr(known)
    assert known.file.registry_place() == address


def test_letters_do_not_tell_microscopes_apart_in_the_booking_system(tmp_path: Path) -> None:
    said = refused(
        tmp_path / "f.toml",
        '[facility]\nname = "X"\nsessions = "/s"\n'
        '[microscopes.krios]\n[microscopes.b]\nbooking = "Krios"\n',
    )
    assert "is microscopes.krios already" in said["microscopes.b.booking"]


def test_a_registry_is_the_same_from_everywhere(tmp_path: Path) -> None:
    text = '[facility]\nname = "X"\nsessions = "/s"\nregistry = "{}"\n'
    said = refused(tmp_path / "f.toml", text.format("registry.db"))
    assert said["facility.registry"].startswith("write the whole path of a file, or postgresql")
    (tmp_path / "f.toml").write_text(text.format("~/registry.db"))
    known = load_facility(tmp_path / "f.toml")
    assert known.file.registry_place() == str(Path.home() / "registry.db")
