"""EPU's metadata: the real files of two versions, with the values that others read from them."""

import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.epu import (
    epu_place,
    epu_session_files,
    read_epu_exposure,
    read_epu_fractions,
)
from icestream.formats.errors import FormatError, NotRead
from icestream.formats.movie import MovieFacts
from icestream.formats.statements import say_epu


def test_a_falcon_session(shared_data: Path) -> None:
    folder = shared_data / "acquisition" / "epu_3.8_falcon4i"
    truth = json.loads((folder / "xml_full.json").read_text())
    other = json.loads((folder / "tutorial_correct.json").read_text())
    found = [read_epu_exposure(path) for path in sorted(folder.glob("*.xml"))]
    assert len(found) == other["acquisition"]["images_generated"] == 10
    for exposure in found:
        assert exposure.pixel_size == pytest.approx(other["acquisition"]["pixel_size"]["value"])
        assert exposure.voltage == other["instrument"]["acceleration_voltage"]["value"]
        assert exposure.shape == (4096, 4096)
        assert exposure.detector == truth["DetectorCommercialName"] == "Falcon 4i"
        assert exposure.exposure_time == pytest.approx(0.619959)
        assert exposure.gain == "20240830_103455_EER_GainReference.gain"
        assert exposure.slit_width == 10.0
        assert exposure.phase_plate is False
        assert exposure.fractions is None
        assert exposure.magnification == 270000.0
        assert exposure.spot == 2
        assert exposure.apertures == (("C1", "2000"), ("C2", "20"), ("C3", "1000"))
    doses = [exposure.dose or 0.0 for exposure in found]
    assert all(0 < dose < float(truth["Dose_max"]) * 1e-20 for dose in doses)
    on_camera = [dose * 0.4150153**2 for dose in doses]  # electrons per pixel
    assert sum(on_camera) / 10 == pytest.approx(
        other["acquisition"]["dose_per_movie"]["value"], rel=1e-3
    )
    assert {exposure.nominal_defocus for exposure in found} == {12000.0}
    shifts = [exposure.beam_shift or (0.0, 0.0) for exposure in found]
    for place, axis in enumerate("xy"):
        values = [shift[place] for shift in shifts]
        beam = other["acquisition"]["beamshift"]
        assert min(values) == pytest.approx(beam[f"{axis}_min"]["value"])
        assert max(values) == pytest.approx(beam[f"{axis}_max"]["value"])
    first = found[0].acquired
    assert first is not None
    assert first.utcoffset() == timedelta(hours=2)
    assert first.replace(microsecond=0).isoformat() == other["acquisition"]["date_time"]


def test_a_k3_session(shared_data: Path) -> None:
    folder = shared_data / "acquisition" / "epu_3.9"
    data = folder / "Images-Disc1" / "GridSquare_8999138" / "Data"
    exposure = read_epu_exposure(data / "FoilHole_9015883_Data_9017354_6_20250108_154918.xml")
    assert exposure.voltage == 300.0
    assert exposure.shape == (2046, 2880)
    assert (exposure.binning, exposure.super_resolution, exposure.fractions) == (2, 2, 50)
    assert exposure.pixel_size == pytest.approx(1.05588, abs=1e-5)
    assert exposure.dose == pytest.approx(14.5578, abs=1e-4)
    assert exposure.nominal_defocus == 27000.0
    assert exposure.detector == "BioQuantum K3"
    assert exposure.software == "3.9.1.8206"
    assert epu_place(exposure.path) == ("8999138", "9015883")
    # The dose on the camera and that on the specimen agree through the pixel size.
    assert 16.2302 / (exposure.dose or 1.0) == pytest.approx(1.05588**2, rel=1e-3)


def test_squares_and_holes_are_images_too(shared_data: Path) -> None:
    for path in (shared_data / "acquisition" / "epu_3.9").rglob("*.xml"):
        assert read_epu_exposure(path).voltage == 300.0


FRACTIONS = """<?xml version="1.0"?><Acquisition{space}><Info>
<ExpectedNumberOfFractions>{expected}</ExpectedNumberOfFractions>
<RecordedNumberOfFractions>2</RecordedNumberOfFractions><GainCorrection>On</GainCorrection>
<RegionOfInterest><Width>4096</Width><Height>4095</Height></RegionOfInterest></Info><Fractions>
<Fraction><NumberOfFrames>59</NumberOfFrames><Checksum>Valid</Checksum></Fraction>
<Fraction><NumberOfFrames>58</NumberOfFrames><Checksum>{check}</Checksum></Fraction>
</Fractions></Acquisition>"""


@pytest.mark.parametrize("space", ["", ' xmlns="urn:any"'])
@pytest.mark.parametrize(
    ("expected", "check", "problem"),
    [
        (2, "Valid", ""),
        (2, "VALID", ""),
        (3, "Valid", "recorded 2 of 3 fractions"),
        (2, "Invalid", "checksum"),
    ],
)
def test_the_cameras_own_statement(
    tmp_path: Path, space: str, expected: int, check: str, problem: str
) -> None:
    path = tmp_path / "a_Fractions.xml"
    path.write_text(FRACTIONS.format(space=space, expected=expected, check=check))
    found = read_epu_fractions(path)
    assert problem in found.problem
    assert bool(found.problem) == bool(problem)
    assert (found.listed, found.frames, found.shape) == (2, 117, (4095, 4096))
    assert found.gain_corrected is True


def test_the_order_of_keys_does_not_matter(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "acquisition" / "epu_3.8_falcon4i"
    path = sorted(folder.glob("*.xml"))[0]
    text = path.read_text()
    start = text.index("<a:KeyValueOfstringanyType>")
    end = text.index("</CustomData>")
    items = text[start:end].split("</a:KeyValueOfstringanyType>")[:-1]
    turned = "".join(item + "</a:KeyValueOfstringanyType>" for item in reversed(items))
    (tmp_path / path.name).write_text(text[:start] + turned + text[end:])
    before, after = read_epu_exposure(path), read_epu_exposure(tmp_path / path.name)
    assert (before.dose, before.gain, before.nominal_defocus) == (
        after.dose,
        after.gain,
        after.nominal_defocus,
    )


def test_cut_and_foreign_files(shared_data: Path, tmp_path: Path) -> None:
    real = next((shared_data / "acquisition" / "epu_3.8_falcon4i").glob("*.xml")).read_bytes()
    path = tmp_path / "a.xml"
    for end in range(0, len(real) - 20, 997):
        path.write_bytes(real[:end])
        for read in (read_epu_exposure, read_epu_fractions):
            with pytest.raises(FormatError):
                read(path)
    path.write_text("<other/>")
    for read in (read_epu_exposure, read_epu_fractions):
        with pytest.raises(FormatError, match="root other"):
            read(path)
    path.write_bytes(b'<?xml version="1.0" encoding="nonsense"?><a/>')
    with pytest.raises(FormatError):
        read_epu_exposure(path)


def test_files_at_the_top_of_a_session(tmp_path: Path) -> None:
    data = tmp_path / "session" / "Images-Disc1" / "GridSquare_1" / "Data"
    data.mkdir(parents=True)
    top = tmp_path / "session"
    assert epu_session_files(data) == []
    for name in ("EpuSession.dm", "gain.gain"):
        (top / name).touch()
    found = {path.name for path in epu_session_files(data)}
    assert found == {"EpuSession.dm", "gain.gain", "Images-Disc1"}
    assert epu_session_files(data / "deeper") == []


def _real(shared_data: Path) -> str:
    folder = shared_data / "acquisition" / "epu_3.8_falcon4i"
    return sorted(folder.glob("*.xml"))[0].read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("place", "said", "what", "name"),
    [
        (r"<pixelSize><x><numericValue>([^<]+)", "1,5e-10", "pixel_size", "pixelSize"),
        (r"<pixelSize><x><numericValue>([^<]+)", "inf", "pixel_size", "pixelSize"),
        (r"<pixelSize><x><numericValue>([^<]+)", "-1e-10", "pixel_size", "pixelSize"),
        (r"<AccelerationVoltage>([^<]+)", "-300000", "voltage", "AccelerationVoltage"),
        (r"<AccelerationVoltage>([^<]+)", "1e400", "voltage", "AccelerationVoltage"),
        (r"<ReadoutArea[^>]*>.*?height>([^<]+)", "inf", "shape", "height"),
        (r"<ReadoutArea[^>]*>.*?height>([^<]+)", "-4096", "shape", "height"),
        (r"<ExposureTime>([^<]+)", "nan", "exposure_time", "ExposureTime"),
        (r"Key>Dose</[^>]*>\s*<[^>]*>([^<]+)", "inf", "dose", "Dose"),
        (
            r"Key>AppliedDefocus</[^>]*>\s*<[^>]*>([^<]+)",
            "nan",
            "nominal_defocus",
            "AppliedDefocus",
        ),
    ],
)
def test_numbers_that_make_no_sense_are_unknown_and_said(
    shared_data: Path, tmp_path: Path, place: str, said: str, what: str, name: str
) -> None:
    text = _real(shared_data)
    found = re.search(place, text, re.DOTALL)
    assert found is not None
    path = tmp_path / "X.xml"
    path.write_text(text[: found.start(1)] + said + text[found.end(1) :], encoding="utf-8")
    exposure = read_epu_exposure(path)
    assert getattr(exposure, what) is None
    (odd,) = exposure.odd
    assert odd.startswith(f"{name}")
    assert f"in X.xml is {said!r}" in odd


@pytest.mark.parametrize(
    "said", ["0001-01-01T00:00:00", "1899-12-30T00:00:00Z", "2999-01-01T00:00:00+01:00", "now"]
)
def test_a_time_that_cannot_be_is_unknown_and_said(
    shared_data: Path, tmp_path: Path, said: str
) -> None:
    """.NET writes the first of January of the year 1 where it knows none."""
    text = re.sub(r"(<acquisitionDateTime>)[^<]+", rf"\g<1>{said}", _real(shared_data))
    path = tmp_path / "X.xml"
    path.write_text(text, encoding="utf-8")
    exposure = read_epu_exposure(path)
    assert exposure.acquired is None
    (odd,) = exposure.odd
    assert odd.startswith(f"acquisitionDateTime in X.xml is {said!r}, which ")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2024-08-30T14:13:26.1234567+02:00", 26.123456),
        ("2024-08-30T12:13:26Z", 26.0),
        ("2024-08-30T12:13:26", 26.0),
    ],
)
def test_times_with_and_without_a_zone(
    shared_data: Path, tmp_path: Path, said: str, seconds: float
) -> None:
    text = re.sub(
        r"(<acquisitionDateTime>)[^<]+", lambda match: match.group(1) + said, _real(shared_data)
    )
    path = tmp_path / "X.xml"
    path.write_text(text, encoding="utf-8")
    exposure = read_epu_exposure(path)
    facts = MovieFacts(frames=40, shape=(4096, 4096), dtype=np.dtype("u1"), container="eer", size=9)
    acquired = say_epu(exposure, facts).acquired
    assert acquired is not None
    assert acquired.tzinfo is not None, "it is compared with others"
    assert acquired.second + acquired.microsecond * 1e-6 == pytest.approx(seconds)
    assert exposure.odd == ()


@pytest.mark.parametrize(("said", "used"), [("true", True), ("false", False), ("True", True)])
def test_the_phase_plate_is_told_on(
    shared_data: Path, tmp_path: Path, said: str, used: bool
) -> None:
    text = re.sub(
        r"(PhasePlateUsed</a:Key><a:Value [^>]*>)false", rf"\g<1>{said}", _real(shared_data)
    )
    path = tmp_path / "X.xml"
    path.write_text(text, encoding="utf-8")
    exposure = read_epu_exposure(path)
    assert exposure.phase_plate is used
    facts = MovieFacts(frames=40, shape=(4096, 4096), dtype=np.dtype("u1"), container="eer", size=9)
    said_of = say_epu(exposure, facts)
    assert (said_of.phase_plate, said_of.camera) == (used, "Falcon 4i")
    assert said_of.exposure_time == pytest.approx(0.619959)


def test_entities_are_refused_at_once(shared_data: Path, tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY e "lol">]>'
    text = _real(shared_data)
    head = re.match(r"(<\?xml[^>]*>)?", text)
    assert head is not None
    path = tmp_path / "X.xml"
    path.write_text(head.group() + bomb + text[head.end() :], encoding="utf-8")
    for read in (read_epu_exposure, read_epu_fractions):
        with pytest.raises(NotRead, match="DOCTYPE"):
            read(path)


@pytest.mark.parametrize("said", ["inf", "nan", "-2", "2.5", "1e400", "two"])
def test_numbers_of_fractions_that_make_no_sense(tmp_path: Path, said: str) -> None:
    path = tmp_path / "a_Fractions.xml"
    text = FRACTIONS.format(space="", expected=said, check="Valid").replace("58", said)
    path.write_text(text.replace("4095", said))
    found = read_epu_fractions(path)
    assert (found.expected, found.frames, found.shape) == (None, 59, None)
    assert [odd.split(" in ")[0] for odd in found.odd] == [
        "ExpectedNumberOfFractions",
        "NumberOfFrames",
        "Height",
    ]
