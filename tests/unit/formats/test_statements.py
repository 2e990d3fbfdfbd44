"""Sources are brought into one form and compared."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.epu import EpuExposure, read_epu_exposure
from icestream.formats.movie import MovieFacts
from icestream.formats.statements import (
    Said,
    Statement,
    describe_exposure,
    differences,
    first_said,
    inherited,
    likely_mistake,
    say_epu,
    say_header,
)
from icestream.model import Exposure


def _facts(shape: tuple[int, int], **more: float) -> MovieFacts:
    return MovieFacts(
        frames=50, shape=shape, dtype=np.dtype("u1"), container="tiff", size=1, **more
    )


@pytest.fixture
def exposure(shared_data: Path) -> EpuExposure:
    folder = shared_data / "acquisition" / "epu_3.9" / "Images-Disc1" / "GridSquare_8999138"
    return read_epu_exposure(
        folder / "Data" / "FoilHole_9015883_Data_9017354_6_20250108_154918.xml"
    )


@pytest.mark.parametrize(
    ("shape", "pixel_size"),
    [((2046, 2880), 1.05588), ((4092, 5760), 0.52794), ((8184, 11520), 0.26397), ((99, 99), None)],
)
def test_the_pixel_size_is_that_of_the_frames(
    exposure: EpuExposure, shape: tuple[int, int], pixel_size: float | None
) -> None:
    said = say_epu(exposure, _facts(shape))
    assert said.pixel_size == (None if pixel_size is None else pytest.approx(pixel_size, abs=1e-5))
    assert said.dose_per_frame == pytest.approx(14.5578 / 50, rel=1e-4)


def test_a_header(exposure: EpuExposure) -> None:
    said = say_header(_facts((10, 10), pixel_size=1.2, dose=60.0))
    assert (said.pixel_size, said.dose_per_frame, said.voltage) == (1.2, 1.2, None)


def test_the_first_source_wins_and_differences_are_named() -> None:
    said = [
        Statement(source="you", pixel_size=None),
        Statement(source="EPU", pixel_size=1.00),
        Statement(source="the header", pixel_size=1.02),
    ]
    assert first_said(said, "pixel_size") == Said(1.0, "EPU")
    assert first_said(said, "voltage") == Said(None, "")
    assert differences(said, "pixel_size") == "1 says EPU, 1.02 says the header"
    assert differences(said, "pixel_size", 0.05) == ""
    assert differences(said, "voltage") == ""


def test_a_shot_is_described_by_who_speaks_first() -> None:
    written = datetime(2026, 3, 4, tzinfo=UTC)
    taken = datetime(2026, 3, 3, tzinfo=UTC)
    path = Path("/x/GridSquare_77/Data/FoilHole_5_Data_6_7_fractions.tiff")
    said = [
        Statement(source="you", tilt=0.0),
        Statement(source="EPU", tilt=3.0, beam_shift=(0.1, 0.2), acquired=taken),
        Statement(source="the header", stage=(1.0, 2.0, 3.0), nominal_defocus=15000.0),
    ]
    assert describe_exposure("mine", path, said, group=4, written=written) == Exposure(
        name="mine",
        acquired=taken,
        written=written,
        grid_square="77",
        foil_hole="5",
        group=4,
        beam_shift=(0.1, 0.2),
        stage=(1.0, 2.0, 3.0),
        tilt=0.0,
        nominal_defocus=15000.0,
    )
    silent = describe_exposure("a", Path("a.tif"), [], group=1, written=written)
    assert silent == Exposure(name="a", written=written)


def test_what_the_header_of_an_image_says_of_the_microscope() -> None:
    facts = MovieFacts(
        frames=3,
        shape=(8, 9),
        dtype=np.dtype("i2"),
        container="mrc",
        size=9,
        stage=(1.0, 2.0, 3.0),
        tilt=-12.5,
        camera="BM-Falcon",
        magnification=105000.0,
        exposure_time=2.5,
        phase_plate=True,
    )
    said = say_header(facts)
    assert (said.stage, said.tilt, said.camera) == ((1.0, 2.0, 3.0), -12.5, "BM-Falcon")
    assert (said.magnification, said.exposure_time, said.phase_plate) == (105000.0, 2.5, True)
    written = datetime(2026, 1, 1, tzinfo=UTC)
    shot = describe_exposure("a", Path("a.mrc"), [said], group=1, written=written)
    assert shot.phase_plate is True
    assert (shot.stage, shot.tilt) == ((1.0, 2.0, 3.0), -12.5)


def test_only_what_is_the_same_for_a_session_is_inherited() -> None:
    taken = datetime(2026, 3, 3, tzinfo=UTC)
    whole = Statement(
        source="EPU", pixel_size=1.1, voltage=200.0, dose=40.0, dose_per_frame=1.0, frames=40,
        frame_doses=(1.0, 2.0), prior_dose=3.0, nominal_defocus=1e4, beam_shift=(1.0, 2.0),
        stage=(1.0, 2.0, 3.0), tilt=3.0, exposure_time=2.0, acquired=taken, gain="g.mrc",
        camera="K3", magnification=1e5, defects="d.txt", phase_plate=False,
    )  # fmt: skip
    assert inherited(whole) == Statement(
        source="the movies before it", pixel_size=1.1, voltage=200.0, gain="g.mrc", camera="K3",
        magnification=1e5, defects="d.txt", phase_plate=False,
    )  # fmt: skip


def test_a_movie_cut_short_has_the_dose_per_frame_that_was_asked_for(
    exposure: EpuExposure,
) -> None:
    said = say_epu(exposure, _facts((4092, 5760)), frames=100)
    assert said.dose_per_frame == pytest.approx(14.5578 / 100, rel=1e-4)


def test_a_mistake_is_one_only_where_another_source_says_so() -> None:
    given = Statement(source="given", pixel_size=0.15, dose_per_frame=60.0, voltage=200.0)
    header = Statement(source="header", pixel_size=1.5, dose=61.0, dose_per_frame=1.5, voltage=300)
    said = [given, Statement(source="nobody"), header]
    assert likely_mistake(said, "pixel_size") == "did you mean 1.5 Å (0.15 nm)?"
    assert likely_mistake(said, "dose_per_frame") == "60 e/Å² is the dose of the whole exposure"
    assert likely_mistake(said, "voltage") == ""
    assert likely_mistake(said[:2], "pixel_size") == ""
