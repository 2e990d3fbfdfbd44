"""What stands beside a movie is found by its name."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.movie import MovieFacts
from icestream.formats.nearby import NearbyFiles
from icestream.formats.sidecars import find_sidecars


def _known(*paths: Path) -> NearbyFiles:
    files = NearbyFiles()
    for path in paths:
        files.notice(path)
    return files


def _facts(frames: int, shape: tuple[int, int]) -> MovieFacts:
    return MovieFacts(frames=frames, shape=shape, dtype=np.dtype("u1"), container="tiff", size=1000)


@pytest.mark.parametrize("ending", ["_fractions.tiff", "_Fractions.mrc", "_EER.eer", ".tif"])
def test_epu(shared_data: Path, ending: str) -> None:
    folder = (
        shared_data / "acquisition" / "epu_3.9" / "Images-Disc1" / "GridSquare_8999138" / "Data"
    )
    xml = folder / "FoilHole_9015883_Data_9017354_6_20250108_154918.xml"
    movie = Path("/elsewhere") / (xml.stem + ending)
    found = find_sidecars(movie, _known(xml))
    assert found.found
    assert found.frames == 50
    assert found.problem == ""
    (said,) = found.say(_facts(50, (4092, 5760)))
    assert said.pixel_size == pytest.approx(0.52794, abs=1e-5)


@pytest.mark.parametrize("name", ["{}.tif.mdoc", "{}.mdoc"])
def test_serialem(shared_data: Path, tmp_path: Path, name: str) -> None:
    stem = "2023-09-25_14.13.07_Grid9-_template_0035"
    mdoc = tmp_path / name.format(stem)
    shutil.copy(shared_data / "acquisition" / "serialem" / f"{stem}.tif.mdoc", mdoc)
    found = find_sidecars(Path(f"/x/{stem}.tif"), _known(mdoc))
    assert found.frames == 40
    (said,) = found.say(_facts(40, (3838, 3710)))
    assert said.dose_per_frame == pytest.approx(0.98073)
    assert said.acquired is not None
    assert said.acquired.tzinfo is not None


def test_what_is_still_being_written_counts_as_missing(tmp_path: Path) -> None:
    half = tmp_path / "a.xml"
    half.write_text("<MicroscopeImage><name>")
    found = find_sidecars(tmp_path / "a.tif", _known(half, tmp_path / "a.tif.mdoc"))
    assert not found.found
    assert found.frames is None

    assert "a.xml: expected a whole XML file" in found.unreadable
    assert "mdoc" not in found.unreadable  # what is gone is not damaged


def test_a_damaged_mdoc_is_not_a_missing_one(tmp_path: Path) -> None:
    """Half a section, as a full disk leaves it, and a whole one under the other name."""
    half = tmp_path / "a.tif.mdoc"
    half.write_text("PixelSpacing = 0.8\n[FrameSet = 0]\nNumSubFra")
    found = find_sidecars(tmp_path / "a.tif", _known(half))
    assert not found.found
    assert found.unreadable.startswith(f"{half}: expected a whole section that describes frames")
    whole = tmp_path / "a.mdoc"
    whole.write_text("[FrameSet = 0]\nNumSubFrames = 4\nDateTime = 25-Sep-23  14:13:26\n")
    found = find_sidecars(tmp_path / "a.tif", _known(half, whole))
    assert found.frames == 4
    assert found.unreadable == ""


def test_the_cameras_statement_wins(tmp_path: Path) -> None:
    path = tmp_path / "a_Fractions.xml"
    path.write_text(
        "<A><Info><ExpectedNumberOfFractions>5</ExpectedNumberOfFractions>"
        "<RecordedNumberOfFractions>4</RecordedNumberOfFractions></Info></A>"
    )
    found = find_sidecars(tmp_path / "a_Fractions.mrc", _known(path))
    assert found.frames == 5
    assert "4 of 5" in found.problem


def test_numbers_that_make_no_sense_are_told(tmp_path: Path) -> None:
    mdoc = tmp_path / "a.tif.mdoc"
    lines = ["PixelSpacing = 1,05", "Voltage = inf", "NumSubFrames = 4"]
    mdoc.write_text("\n".join(["[FrameSet = 0]", *lines, "DateTime = 25-Sep-23  14:13:26", ""]))
    found = find_sidecars(tmp_path / "a.tif", _known(mdoc))
    assert found.found
    assert found.frames == 4
    assert "PixelSpacing in a.tif.mdoc is '1,05'" in found.unreadable
    assert "Voltage in a.tif.mdoc is 'inf'" in found.unreadable


def test_many_of_them_do_not_fill_the_screen(tmp_path: Path) -> None:
    mdoc = tmp_path / "a.tif.mdoc"
    keys = ["PixelSpacing", "Voltage", "NumSubFrames", "ExposureDose", "TiltAngle", "Binning"]
    lines = [f"{key} = nan" for key in [*keys, "Magnification", "RotationAngle"]]
    mdoc.write_text("\n".join(["[FrameSet = 0]", *lines, "DateTime = 25-Sep-23  14:13:26", ""]))
    told = find_sidecars(tmp_path / "a.tif", _known(mdoc)).unreadable
    assert told.count(" in a.tif.mdoc is 'nan'") == 5
    assert told.endswith("; and 3 more")


SECTION = (
    "[{kind} = {n}]\nTiltAngle = {tilt}\nSubFramePath = {movie}\nDateTime = 25-Sep-23  14:13:26\n"
)


def _mdoc(path: Path, *movies: str, kind: str = "ZValue", head: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sections = [
        SECTION.format(kind=kind, n=n, tilt=3.0 * n, movie=movie) for n, movie in enumerate(movies)
    ]
    path.write_text(head + "".join(sections))
    return path


@pytest.mark.parametrize("name", ["TS_001.mrc.mdoc", "b.tif.mdoc", "any.mdoc"])
def test_one_mdoc_tells_of_many_movies(tmp_path: Path, name: str) -> None:
    """By what it names, whatever it is called, in the folders of another computer."""
    mdoc = _mdoc(tmp_path / name, "X:\\f\\a.tif", "..\\f\\B.tif", "\\\\host\\f\\c.tif")
    known = _known(mdoc)
    for movie in ("a.tif", "b.tif", "c.tif"):
        known.notice_movie(tmp_path / movie)
    find_sidecars(tmp_path / "b.tif", known)  # the one that it may be called after
    tilts = [find_sidecars(tmp_path / f"{m}.tif", known).mdoc.tilt for m in "abc"]  # type: ignore[union-attr]
    assert tilts == [0.0, 3.0, 6.0]
    lost = find_sidecars(tmp_path / "d.tif", known)
    assert lost.mdoc is None


def test_the_mdoc_of_a_stack_tells_of_the_frames_beside_it(tmp_path: Path) -> None:
    """Whichever is looked at first: the stack is seen, and called as a movie would be."""
    known = _known(_mdoc(tmp_path / "ts.mrc.mdoc", "f_0.tif", head="ImageFile = ts.mrc\n"))
    for movie in ("f_0.tif", "f_1.tif", "ts.mrc"):
        known.notice_movie(tmp_path / movie)
    first = find_sidecars(tmp_path / "f_0.tif", known)
    assert first.mdoc is not None
    assert (first.mdoc.tilt, first.images) == (0.0, None)
    _mdoc(tmp_path / "ts.mrc.mdoc", "f_0.tif", "f_1.tif", head="ImageFile = ts.mrc\n")
    second = find_sidecars(tmp_path / "f_1.tif", known).mdoc
    assert second is not None
    assert second.tilt == 3.0
    stack = find_sidecars(tmp_path / "ts.mrc", known)
    assert stack.images is not None
    assert stack.images.exposures == 2


def test_an_mdoc_that_grows_is_read_again(tmp_path: Path) -> None:
    known = _known(_mdoc(tmp_path / "day.mdoc", "a.tif"))
    assert not find_sidecars(tmp_path / "b.tif", known).found
    _mdoc(tmp_path / "day.mdoc", "a.tif", "b.tif")
    assert find_sidecars(tmp_path / "b.tif", known).found


def test_the_last_section_about_a_movie_counts(tmp_path: Path) -> None:
    known = _known(_mdoc(tmp_path / "a.tif.mdoc", "a.tif", "a.tif", "b.tif", kind="FrameSet"))
    found = find_sidecars(tmp_path / "a.tif", known).mdoc
    assert found is not None
    assert found.tilt == 3.0


def test_an_mdoc_of_others_is_not_this_movies(tmp_path: Path) -> None:
    mdoc = _mdoc(tmp_path / "a.tif.mdoc", "b.tif", "c.tif")
    said = find_sidecars(tmp_path / "a.tif", _known(mdoc))
    assert not said.found
    assert "expected a section with the SubFramePath a.tif, found 2 of b.tif, c.tif" in (
        said.unreadable
    )
    renamed = _known(_mdoc(tmp_path / "a.tif.mdoc", "b.tif"))
    assert find_sidecars(tmp_path / "a.tif", renamed).found, "both were renamed"
    renamed.notice_movie(tmp_path / "b.tif")
    assert not find_sidecars(tmp_path / "a.tif", renamed).found


def test_a_link_has_the_metadata_of_its_movie(tmp_path: Path) -> None:
    """As cryoSPARC imports movies: linked in a folder of its own, with a number before the name."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.tif").touch()
    mdoc = _mdoc(tmp_path / "raw" / "a.tif.mdoc", "b.tif", "X:\\f\\a.tif")
    link = tmp_path / "000123_a.tif"
    link.symlink_to("raw/a.tif")
    for known in (_known(), _known(mdoc)):
        found = find_sidecars(link, known).mdoc
        assert found is not None
        assert found.tilt == 3.0
    (tmp_path / "000123_b.tif").symlink_to("nowhere/b.tif")
    assert not find_sidecars(tmp_path / "000123_b.tif", _known()).found


def test_two_files_about_one_movie_that_differ_are_told(tmp_path: Path) -> None:
    text = "Voltage = 300\n[FrameSet = 0]\nTiltAngle = 1\nPixelSpacing = {}\nNumSubFrames = 9\n"
    both = (tmp_path / "a.tif.mdoc", tmp_path / "a.mdoc")
    for path in both:
        path.write_text(text.format(1.5) + "DateTime = 25-Sep-23  14:13:26\n")
    assert find_sidecars(tmp_path / "a.tif", _known(*both)).unreadable == ""
    both[1].write_text(text.format(0.75) + "DateTime = 25-Sep-23  14:13:26\n")
    found = find_sidecars(tmp_path / "a.tif", _known(*both))
    assert found.mdoc is not None
    assert found.mdoc.pixel_size == 1.5
    assert found.unreadable == (
        "a.tif.mdoc and a.mdoc differ in pixel size 1.5 and 0.75: the first is used"
    )


def test_the_pixel_size_is_that_of_the_frames_not_of_the_binned_image(tmp_path: Path) -> None:
    head = "PixelSpacing = 3.0\nImageSize = 24 16\n"
    found = find_sidecars(
        tmp_path / "a.tif", _known(_mdoc(tmp_path / "s.mdoc", "a.tif", head=head))
    )
    sizes = [
        found.say(_facts(8, shape))[0].pixel_size
        for shape in ((32, 48), (16, 24), (48, 32), (9, 9))
    ]
    assert sizes == [1.5, 3.0, 1.5, None]


@pytest.mark.parametrize("name", ["a.xml", "a.tif.mdoc", "a.mdoc"])
def test_which_file_is_meant_is_not_guessed(tmp_path: Path, name: str) -> None:
    paths = [_mdoc(tmp_path / folder / name, "X:\\a.tif") for folder in ("g1", "g2")]
    known = _known(*paths)
    for path in paths:
        path.write_text("[FrameSet = 0]\nTiltAngle = 1\nDateTime = 25-Sep-23  14:13:26\n")
    said = find_sidecars(tmp_path / "g3" / "a.tif", known)
    assert not said.found
    assert said.unreadable == (
        f"which {name} is meant cannot be told: there is one in {tmp_path}/g1, {tmp_path}/g2"
    )
