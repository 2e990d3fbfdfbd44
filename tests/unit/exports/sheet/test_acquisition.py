from dataclasses import replace
from datetime import datetime
from pathlib import Path

from icestream.exports.sheet.acquisition import acquisition_rows, taken, time_span
from icestream.model import Exposure, Movie, Optics

MOVIE = Movie(
    exposure="a",
    path=Path("a.tiff"),
    frames=40,
    shape=(4092, 5760),
    optics=Optics(pixel_size=0.82, voltage=300.0),
    dose_per_frame=1.25,
    gain=Path("gain.mrc"),
    details=Exposure(name="a", acquired=datetime(2026, 11, 29, 9, 30), group=2, grid_square="7"),
)


def test_what_all_movies_share_is_said_once() -> None:
    rows = dict(acquisition_rows([MOVIE, MOVIE]))
    assert rows == {
        "Voltage": "300 kV",
        "Spherical aberration": "2.7 mm",
        "Amplitude contrast": "0.1",
        "Pixel size": "0.82 Å",
        "Frame": "5760 x 4092 px",
        "Frames in a movie": "40",
        "Total dose": "50 e/Å²",
        "Dose per frame": "1.25 e/Å²",
        "Gain reference": "gain.mrc",
        "Exposure groups": "1",
        "Grid squares": "1",
    }


def test_what_differs_is_a_range_with_its_median() -> None:
    others = [replace(MOVIE, frames=frames) for frames in (38, 40, 40)]
    rows = dict(acquisition_rows(others))
    assert rows["Frames in a movie"] == "38 to 40, median 40"
    assert rows["Total dose"] == "47.5 to 50 e/Å², median 50 e/Å²"


def test_what_is_unknown_or_inherited_is_said() -> None:
    silent = replace(MOVIE, dose_per_frame=0.0, inherited=("voltage",), gain=None)
    rows = dict(acquisition_rows([silent]))
    assert rows["Total dose"] == "not known"
    assert "Dose per frame" not in rows
    assert rows["Voltage"] == "300 kV (of the session, not of every movie)"
    assert rows["Gain reference"] == "none"
    assumed = (("spherical_aberration", "preset krios1"), ("amplitude_contrast", "assumed"))
    guessed = replace(MOVIE, assumed=assumed)
    rows = dict(acquisition_rows([guessed, MOVIE]))
    assert rows["Spherical aberration"] == "2.7 mm (preset krios1)"
    assert rows["Amplitude contrast"] == "0.1 (assumed)"
    assert dict(acquisition_rows([silent, MOVIE]))["Total dose"] == ("50 e/Å² (1 movie: not known)")
    assert list(acquisition_rows([])) == []


def test_when_is_what_the_metadata_say() -> None:
    late = replace(MOVIE, details=Exposure(name="b", acquired=datetime(2026, 11, 30, 1, 5)))
    assert time_span([MOVIE]) == "data of 2026-11-29 09:30 to 09:30"
    assert time_span([late, MOVIE]) == "data of 2026-11-29 09:30 to 2026-11-30 01:05"
    assert time_span([replace(MOVIE, details=None)]) == ""


def test_a_sentence_for_the_methods() -> None:
    assert taken([MOVIE]) == (
        "1 movie of 40 frames was recorded at 300 kV with a pixel size of 0.82 Å and a total "
        "dose of 50 e/Å²."
    )
    assert "a dose that is not recorded" in taken([replace(MOVIE, dose_per_frame=0.0)])
    assert taken([]) == ""
