"""What stands beside a movie is found by its name."""

from pathlib import Path

import numpy as np
import pytest

from icestream.formats.movie import MovieFacts
from icestream.formats.sidecars import KnownFiles, find_sidecars, is_gain_name


def _facts(frames: int, shape: tuple[int, int]) -> MovieFacts:
    return MovieFacts(frames=frames, shape=shape, dtype=np.dtype("u1"), container="tiff", size=1000)


@pytest.mark.parametrize("ending", ["_fractions.tiff", "_Fractions.mrc", "_EER.eer", ".tif"])
def test_epu(shared_data: Path, ending: str) -> None:
    folder = (
        shared_data / "acquisition" / "epu_3.9" / "Images-Disc1" / "GridSquare_8999138" / "Data"
    )
    xml = folder / "FoilHole_9015883_Data_9017354_6_20250108_154918.xml"
    movie = Path("/elsewhere") / (xml.stem + ending)
    found = find_sidecars(movie, {xml.name.lower(): xml})
    assert found.found
    assert found.frames == 50
    assert found.problem == ""
    (said,) = found.say(_facts(50, (4092, 5760)))
    assert said.pixel_size == pytest.approx(0.52794, abs=1e-5)


@pytest.mark.parametrize("name", ["{}.tif.mdoc", "{}.mdoc"])
def test_serialem(shared_data: Path, name: str) -> None:
    stem = "2023-09-25_14.13.07_Grid9-_template_0035"
    mdoc = shared_data / "acquisition" / "serialem" / f"{stem}.tif.mdoc"
    found = find_sidecars(Path(f"/x/{stem}.tif"), {name.format(stem).lower(): mdoc})
    assert found.frames == 40
    (said,) = found.say(_facts(40, (3838, 3710)))
    assert said.dose_per_frame == pytest.approx(0.98073)
    assert said.acquired is not None
    assert said.acquired.tzinfo is not None


def test_what_is_still_being_written_counts_as_missing(tmp_path: Path) -> None:
    half = tmp_path / "a.xml"
    half.write_text("<MicroscopeImage><name>")
    known = {"a.xml": half, "a_fractions.xml": half, "a.tif.mdoc": tmp_path / "gone.mdoc"}
    found = find_sidecars(tmp_path / "a.tif", known)
    assert not found.found
    assert found.frames is None

    assert "a.xml: expected a whole XML file" in found.unreadable
    assert "mdoc" not in found.unreadable  # what is gone is not damaged


def test_a_damaged_mdoc_is_not_a_missing_one(tmp_path: Path) -> None:
    """Half a section, as a full disk leaves it, and a whole one under the other name."""
    half = tmp_path / "a.tif.mdoc"
    half.write_text("PixelSpacing = 0.8\n[FrameSet = 0]\nNumSubFra")
    found = find_sidecars(tmp_path / "a.tif", {half.name: half})
    assert not found.found
    assert found.unreadable.startswith(f"{half}: expected a whole section that describes frames")
    whole = tmp_path / "a.mdoc"
    whole.write_text("[FrameSet = 0]\nNumSubFrames = 4\nDateTime = 25-Sep-23  14:13:26\n")
    found = find_sidecars(tmp_path / "a.tif", {half.name: half, whole.name: whole})
    assert found.frames == 4
    assert found.unreadable == ""


def test_the_cameras_statement_wins(tmp_path: Path) -> None:
    path = tmp_path / "a_Fractions.xml"
    path.write_text(
        "<A><Info><ExpectedNumberOfFractions>5</ExpectedNumberOfFractions>"
        "<RecordedNumberOfFractions>4</RecordedNumberOfFractions></Info></A>"
    )
    found = find_sidecars(tmp_path / "a_Fractions.mrc", {"a_fractions.xml": path})
    assert found.frames == 5
    assert "4 of 5" in found.problem


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("20240830_103455_EER_GainReference.gain", True),
        ("CountRef_1.mrc", True),
        ("SuperRef_s.mrc", True),
        ("gain.tif", True),
        ("FoilHole_1_Data_2_3_Fractions.tiff", False),
    ],
)
def test_names_of_gain_references(name: str, gain: bool) -> None:
    assert is_gain_name(name) is gain


def _known(*names: str) -> KnownFiles:
    files = KnownFiles()
    for name in names:
        files.notice(Path("/x") / name)
    return files


def test_known_files_are_found_whatever_their_case(tmp_path: Path) -> None:
    files = _known("Defects_1.TXT")
    assert files.named(["none.txt", "defects_1.txt"]) == Path("/x/Defects_1.TXT")
    assert files.named(["none.txt"]) is None
    mdoc = tmp_path / "A.tif.mdoc"
    mdoc.write_text("[FrameSet = 0]\nNumSubFrames = 4\nDateTime = 25-Sep-23  14:13:26\n")
    files.notice(mdoc)
    assert files.sidecars(Path("/y/a.tif")).frames == 4


@pytest.mark.parametrize(
    ("names", "there", "found"),
    [
        (["CountRef_1.mrc"], ["CountRef_1.mrc", "CountRef_2.mrc"], "CountRef_1.mrc"),
        (["CountRef_1.dm4"], ["CountRef_1.tif"], "CountRef_1.tif"),
        (["CountRef_1.dm4"], ["CountRef_1.tif", "CountRef_1.dm4"], "CountRef_1.dm4"),
        (["CountRef_1.mrc"], ["CountRef_1.tif"], None),
        (["gain.txt"], ["gain.txt"], None),
        ([], ["gain.mrc"], None),
    ],
)
def test_a_gain_reference_is_found_by_its_name_or_converted(
    names: list[str], there: list[str], found: str | None
) -> None:
    assert _known(*there).gain_named(names) == (None if found is None else Path("/x") / found)


def test_each_gain_reference_counts_once() -> None:
    files = _known("gain_1.dm4", "gain_1.mrc", "gain_2.tif", "gain.xml", "movie.tif")
    assert files.gains() == [Path("/x/gain_1.mrc"), Path("/x/gain_2.tif")]
    for names in (["gain.mrc", "gain.tif"], ["gain.tif", "gain.mrc"]):
        assert _known(*names).gains() == [Path("/x/gain.tif")], "the same in every run"


def test_numbers_that_make_no_sense_are_told(tmp_path: Path) -> None:
    mdoc = tmp_path / "a.tif.mdoc"
    lines = ["PixelSpacing = 1,05", "Voltage = inf", "NumSubFrames = 4"]
    mdoc.write_text("\n".join(["[FrameSet = 0]", *lines, "DateTime = 25-Sep-23  14:13:26", ""]))
    found = find_sidecars(tmp_path / "a.tif", {mdoc.name: mdoc})
    assert found.found
    assert found.frames == 4
    assert "PixelSpacing in a.tif.mdoc is '1,05'" in found.unreadable
    assert "Voltage in a.tif.mdoc is 'inf'" in found.unreadable


def test_many_of_them_do_not_fill_the_screen(tmp_path: Path) -> None:
    mdoc = tmp_path / "a.tif.mdoc"
    keys = ["PixelSpacing", "Voltage", "NumSubFrames", "ExposureDose", "TiltAngle", "Binning"]
    lines = [f"{key} = nan" for key in [*keys, "Magnification", "RotationAngle"]]
    mdoc.write_text("\n".join(["[FrameSet = 0]", *lines, "DateTime = 25-Sep-23  14:13:26", ""]))
    told = find_sidecars(tmp_path / "a.tif", {mdoc.name: mdoc}).unreadable
    assert told.count(" in a.tif.mdoc is 'nan'") == 5
    assert told.endswith("; and 3 more")
