"""Sources are brought into one form and compared."""

from pathlib import Path

import numpy as np
import pytest

from icestream.formats.epu import EpuExposure, read_epu_exposure
from icestream.formats.movie import MovieFacts
from icestream.formats.statements import (
    Statement,
    differences,
    exposure_name,
    first_said,
    say_epu,
    say_header,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FoilHole_1_Data_2_3_4_5_fractions.tiff", "FoilHole_1_Data_2_3_4_5"),
        ("FoilHole_1_Data_2_3_4_5_Fractions.mrc", "FoilHole_1_Data_2_3_4_5"),
        ("FoilHole_1_Data_2_3_4_5_EER.eer", "FoilHole_1_Data_2_3_4_5"),
        ("14sep05c_00024sq_00003hl.frames.tif", "14sep05c_00024sq_00003hl"),
        ("my movie (1).tif", "my_movie_1"),
        ("é.tif", "movie"),
    ],
)
def test_names_of_exposures(name: str, expected: str) -> None:
    assert exposure_name(Path("/a") / name) == expected


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
    assert first_said(said, "pixel_size") == (1.0, "EPU")
    assert first_said(said, "voltage") == (None, "")
    assert differences(said, "pixel_size") == "1 says EPU, 1.02 says the header"
    assert differences(said, "pixel_size", 0.05) == ""
    assert differences(said, "voltage") == ""
