"""SerialEM's metadata: the real files, with the values that others read from them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from growth import grows_as_its_input
from icestream.formats.errors import FormatError
from icestream.formats.mdoc import read_mdoc, read_mdoc_frames


def test_single_particle_frames(shared_data: Path) -> None:
    folder = shared_data / "acquisition" / "serialem"
    truth = json.loads((folder / "mdocspa_full.json").read_text())
    movies = [read_mdoc_frames(path)[0] for path in sorted(folder.glob("*.tif.mdoc"))]
    assert len(movies) == int(truth["NumberOfMovies"])
    for movie in movies:
        assert movie.voltage == float(truth["Voltage"])
        assert movie.pixel_size == float(truth["PixelSpacing"])
        assert movie.frames == int(truth["NumSubFrames"])
        assert movie.dose == pytest.approx(float(truth["DoseAverage"]))
        assert movie.dose_per_frame == pytest.approx(0.98073)
        assert movie.nominal_defocus == float(truth["TargetDefocus"]) * -1e4
        assert movie.gain == truth["GainReference"]
        assert movie.defects == truth["DefectFile"]
        assert movie.magnification == float(truth["Magnification"])
        assert (movie.spot, movie.slit_width) == (7, None)
    assert movies[0].movie == "2023-09-25_14.13.07_Grid9-_template_0035.tif"
    assert movies[0].acquired == datetime(2023, 9, 25, 14, 13, 26)
    shifts = [movie.image_shift for movie in movies]
    assert shifts == [(1.43117, -0.941825), (1.52034, -4.81549)]
    assert movies[0].stage == (-47.2012, 28.4092, -13.1043)


def test_a_tilt_series_names_its_stacks(shared_data: Path) -> None:
    path = shared_data / "acquisition" / "serialem" / "tilt_series.mdoc"
    movies = read_mdoc_frames(path)
    assert len(movies) == 41
    assert movies[1].movie == "TS_01_001_3.0.mrc"
    assert movies[1].tilt == pytest.approx(3.00113)
    assert movies[1].dose is None
    assert len(read_mdoc(path).titles) == 2


def test_frame_sets_with_further_sections(shared_data: Path) -> None:
    path = shared_data / "acquisition" / "serialem" / "frame_set_multiple.mdoc"
    mdoc = read_mdoc(path)
    assert [section.kind for section in mdoc.sections[:2]] == ["FrameSet", "ZValue"]
    (movie,) = read_mdoc_frames(path)
    assert (movie.frames, movie.dose_per_frame) == (243, 0.63882)


def test_only_whole_sections_of_a_growing_file(shared_data: Path, tmp_path: Path) -> None:
    whole = (shared_data / "acquisition" / "serialem" / "tilt_series.mdoc").read_text()
    fourth = whole.index("[ZValue = 3]")
    fifth = whole.index("[ZValue = 4]")
    path = tmp_path / "a.mdoc"
    for end in range(fourth, fifth):
        path.write_text(whole[:end])
        movies = read_mdoc_frames(path)
        assert 3 <= len(movies) <= 4
        if len(movies) == 4:
            assert movies[3].acquired == datetime(2015, 11, 30, 15, 25, 13)
    assert len(movies) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01-Aug-22  12:30:01", datetime(2022, 8, 1, 12, 30, 1)),
        ("01-Aug-2022  12:30:01", datetime(2022, 8, 1, 12, 30, 1)),
        ("1-DEC-19 02:03:04", datetime(2019, 12, 1, 2, 3, 4)),
        ("31-Feb-22  12:30:01", None),
        ("yesterday", None),
    ],
)
def test_both_ways_of_writing_dates(tmp_path: Path, text: str, expected: datetime | None) -> None:
    (tmp_path / "a.mdoc").write_text(f"[FrameSet = 0]\nDateTime = {text}\n")
    assert read_mdoc_frames(tmp_path / "a.mdoc")[0].acquired == expected


def test_doses_that_differ_between_frames(tmp_path: Path) -> None:
    text = "[FrameSet = 0]\nExposureDose = 40\nNumSubFrames = 30\nFrameDosesAndNumber = {}\n"
    (tmp_path / "a.mdoc").write_text(text.format("1 10 1.5 20"))
    assert read_mdoc_frames(tmp_path / "a.mdoc")[0].dose_per_frame is None
    (tmp_path / "a.mdoc").write_text(text.format(""))
    assert read_mdoc_frames(tmp_path / "a.mdoc")[0].dose_per_frame == pytest.approx(40 / 30)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0\0", b"plain text\n"])
def test_foreign_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mdoc").write_bytes(content)
    with pytest.raises(FormatError, match=r"an mdoc file"):
        read_mdoc(tmp_path / "a.mdoc")


FULL = """[FrameSet = 0]
TiltAngle = 0.01
StagePosition = -200.5 -150.25
StageZ = -12.5
PixelSpacing = 1.05
Binning = 1
ExposureDose = 40
TargetDefocus = -1.5
SubFramePath = D:\\frames\\Zelle_ü_1.tif
NumSubFrames = 40
Voltage = 300
DateTime = 25-Sep-23  14:13:26"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_ends_of_lines_and_encodings(tmp_path: Path, end: str, last: bool, encoding: str) -> None:
    path = tmp_path / "a.mdoc"
    path.write_bytes((FULL.replace("\n", end) + end * last).encode(encoding))
    (movie,) = read_mdoc_frames(path)
    assert movie.movie == "Zelle_ü_1.tif"
    assert (movie.pixel_size, movie.voltage, movie.frames, movie.dose) == (1.05, 300.0, 40, 40.0)
    assert movie.stage == (-200.5, -150.25, -12.5)
    assert movie.acquired == datetime(2023, 9, 25, 14, 13, 26)
    assert movie.odd == ()


@pytest.mark.parametrize("cut", range(1, len("DateTime = 25-Sep-23  14:13:26")))
def test_half_of_the_last_line_is_no_line(tmp_path: Path, cut: int) -> None:
    """A section without its time is being written, and half a number is none."""
    path = tmp_path / "a.mdoc"
    path.write_bytes(FULL[:-cut].encode())
    with pytest.raises(FormatError, match="without one"):
        read_mdoc_frames(path)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("PixelSpacing = 1,05", "pixel_size"),
        ("PixelSpacing = NaN", "pixel_size"),
        ("PixelSpacing = -1", "pixel_size"),
        ("PixelSpacing = 1e400", "pixel_size"),
        ("Voltage = inf", "voltage"),
        ("Voltage = -300", "voltage"),
        ("NumSubFrames = inf", "frames"),
        ("NumSubFrames = 1e300", "frames"),
        ("NumSubFrames = 40.5", "frames"),
        ("NumSubFrames = -40", "frames"),
        ("ExposureDose = nan", "dose"),
        ("TargetDefocus = inf", "nominal_defocus"),
        ("StagePosition = inf 0", "stage"),
        ("StageZ = nan", "stage"),
        ("TiltAngle = 1e9", "tilt"),
        ("ImageShift = nan 1", "image_shift"),
        ("FrameDosesAndNumber = nan 40", "dose_per_frame"),
        ("FrameDosesAndNumber = 1 inf", "dose_per_frame"),
    ],
)
def test_numbers_that_make_no_sense_are_unknown_and_said(
    tmp_path: Path, line: str, what: str
) -> None:
    path = tmp_path / "a.mdoc"
    head, _, time = FULL.rpartition("\n")
    path.write_text(f"{head}\n{line}\n{time}\n", encoding="utf-8")
    (movie,) = read_mdoc_frames(path)
    assert getattr(movie, what) is None
    key, _, said = line.partition(" = ")
    assert len(movie.odd) == 1
    assert f"{key} in a.mdoc is '" in movie.odd[0]
    assert any(f"'{word}'" in movie.odd[0] for word in said.split())


@pytest.mark.parametrize(
    "line",
    [
        "{blanks}",
        "[T = {blanks}x",
        "[FrameSet = {blanks}",
        "[{blanks}",
        "T{blanks}=",
        "a = {blanks}b",
        "DateTime = 25-Sep-23 {blanks}",
        "FrameDosesAndNumber = {numbers}",
    ],
)
def test_the_cost_grows_as_the_file(tmp_path: Path, line: str) -> None:
    def prepare(size: int) -> Any:
        path = tmp_path / f"{size}.mdoc"
        numbers = "1.5 " * (size // 40)
        path.write_text(f"{FULL}\n{line.format(blanks=' ' * size, numbers=numbers)}\n")
        return lambda: read_mdoc_frames(path)

    assert grows_as_its_input(prepare, 250_000)


def test_two_million_blanks(tmp_path: Path) -> None:
    path = tmp_path / "a.mdoc"
    path.write_text(f"{FULL}\n[T = {' ' * 2_000_000}x\n{' ' * 2_000_000}\n", encoding="utf-8")
    assert len(read_mdoc_frames(path)) == 1


def test_many_sections_below_many_values(tmp_path: Path) -> None:
    def prepare(size: int) -> Any:
        path = tmp_path / f"{size}.mdoc"
        head = "".join(f"Key{n} = 1\n" for n in range(size))
        path.write_text(head + "[FrameSet = 0]\nVoltage = 300\n" * size)
        return lambda: read_mdoc_frames(path)

    assert grows_as_its_input(prepare, 2000)


def test_brackets_in_a_title(tmp_path: Path) -> None:
    path = tmp_path / "a.mdoc"
    path.write_text("[T = Krios [left]]\nT = Tomography_5 1]\n[ZValue = 0]\na = [1]\n")
    mdoc = read_mdoc(path)
    assert mdoc.titles == ("Krios [left]", "Tomography_5 1]")
    assert dict(mdoc.sections[0].values) == {"a": "[1]"}
