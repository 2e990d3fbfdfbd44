"""What is in a folder of movies, and who says what of them."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from icestream.protocols.preset import Preset
from icestream.starting.folder import SaidValue, look
from microscope_folder import MOVIES, movies_in


@pytest.fixture
def microscope(tmp_path: Path) -> Path:
    return movies_in(tmp_path)


def _values(folder: Path, **more: object) -> dict[str, SaidValue]:
    return {value.name: value for value in look(str(folder), **more).values}  # type: ignore[arg-type]


def test_movies_are_counted_and_the_newest_comes_first(microscope: Path) -> None:
    found = look(str(microscope))
    assert (found.movies, found.kinds, found.complete) == (MOVIES, {".tiff": MOVIES}, True)
    assert found.bytes == sum(path.stat().st_size for path in microscope.rglob("*.tiff"))
    written = [movie.written for movie in found.newest]
    assert written == sorted(written, reverse=True)
    assert found.frames is not None
    assert (found.frames.frames, found.frames.shape) == (8, (384, 384))
    assert found.metadata[".xml"] > MOVIES
    assert found.gain in found.gains
    assert found.problems == ()


def test_each_value_has_its_origin(microscope: Path) -> None:
    values = _values(microscope)
    assert (values["voltage"].value, values["voltage"].unit) == (300.0, "kV")
    assert values["voltage"].source.startswith("EPU's FoilHole_")
    assert values["spherical_aberration"].assumed
    assert values["spherical_aberration"].source == "assumed"
    assert values["defects"].value is None
    assert not any(value.conflict for value in values.values())


def test_what_a_person_gives_wins_and_a_contradiction_is_told(microscope: Path) -> None:
    said = _values(microscope, given={"voltage": 200.0})["voltage"]
    assert (said.value, said.source) == (200.0, "the parameter given")
    assert [other.value for other in said.others] == [300.0]
    assert "300 says EPU's" in said.conflict
    typed = _values(microscope, given={"pixel_size": 0.15})["pixel_size"]
    assert "unusual" in typed.conflict


def test_a_preset_says_what_nobody_else_says(microscope: Path) -> None:
    presets = {"krios1": Preset(spherical_aberration=2.62, voltage=200.0)}
    said = look(str(microscope), given={"microscope": "krios1"}, presets=presets)
    values = {value.name: value for value in said.values}
    assert said.microscope == "krios1"
    assert values["spherical_aberration"].source == "preset krios1"
    assert [other.source for other in values["voltage"].others] == ["preset krios1"]


def test_what_leads_out_is_counted_and_not_opened(microscope: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.tiff"
    elsewhere.write_bytes(b"secret")
    (microscope / "link.tiff").symlink_to(elsewhere)
    found = look(str(microscope), allowed=lambda path: path.resolve().is_relative_to(microscope))
    assert (found.movies, found.outside) == (MOVIES, 1)
    assert "link.tiff" not in str(found.problems)


def test_pictures_and_broken_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "torn.tiff").write_bytes(b"II*\0" + bytes(40))
    (tmp_path / "spectra.dm4").write_bytes(b"x")
    found = look(str(tmp_path))
    assert (found.movies, found.foreign, found.frames) == (1, 1, None)
    assert found.problems[0].startswith("torn.tiff: ")
    missing = look(str(tmp_path / "nothing"))
    assert (missing.there, missing.movies) == (False, 0)
    with pytest.raises(ValidationError):
        look(str(tmp_path), given={"voltage": -1})


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    found = look(str(tmp_path))
    closed.chmod(0o700)
    assert os.geteuid() == 0 or str(closed) in found.unreadable
