"""What is said about the alignment, and what the numerics make of it."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.model import Movie, Optics
from icestream.processing.dose import Dose
from icestream.protocol import operational_parameters
from icestream.protocols.align_parameters import AlignMoviesParameters

DOSE = Dose(per_frame=1.0)


def movie(*, upsampling: int = 1, shape: tuple[int, int] = (512, 512)) -> Movie:
    return Movie(
        exposure="m",
        path=Path("m.eer"),
        frames=10,
        shape=shape,
        optics=Optics(pixel_size=1.0, voltage=300.0),
        dose_per_frame=1.0,
        eer_upsampling=upsampling,
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"first_frame": 5, "last_frame": 4}, "must not be before"),
        ({"first_frame": 0}, "greater than or equal to 1"),
        ({"binning": 0.5}, "0 or at least 1"),
        ({"binning": -1.0}, "greater than or equal to 0"),
        ({"patches": 3}, "greater than or equal to 4"),
    ],
)
def test_values_that_make_no_sense(wrong: dict[str, float], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AlignMoviesParameters(**wrong)  # type: ignore[arg-type]


def test_one_frame_alone_is_a_range() -> None:
    assert AlignMoviesParameters(first_frame=5, last_frame=5).last_frame == 5


def test_only_the_number_of_cores_decides_nothing() -> None:
    assert operational_parameters(AlignMoviesParameters) == {"threads"}


def test_the_search_is_what_was_said() -> None:
    said = AlignMoviesParameters(
        resolution=8.0, bfactor=50.0, max_shift=60.0, smooth_track=False, alignment="pairwise"
    )
    search = said.search
    assert (search.resolution, search.bfactor, search.max_shift) == (8.0, 50.0, 60.0)
    assert (search.smooth, search.method) == (False, "pairwise")


def test_the_distortion_is_undone_in_the_sums() -> None:
    said = AlignMoviesParameters(distortion_angle=90.0, distortion_major=1.1, distortion_minor=0.9)
    # At 90 degrees from x, y is stretched.
    np.testing.assert_allclose(said.distortion.matrix, np.diag([1.1, 0.9]), atol=1e-12)
    assert said.recipe(movie(), None, 10).distortion == said.distortion


def test_fine_pixels_are_binned_unless_something_else_is_said() -> None:
    usual = AlignMoviesParameters()
    assert usual.recipe(movie(), None, 10).binning == 1.0
    assert usual.recipe(movie(upsampling=2), None, 10).binning == 2.0
    assert usual.recipe(movie(shape=(8184, 11520)), None, 10).binning == 2.0
    said = AlignMoviesParameters(binning=1.5)
    assert said.recipe(movie(upsampling=2), None, 10).binning == 1.5


def test_a_dose_that_is_known_weighs_the_frames_unless_nobody_wants_it() -> None:
    usual = AlignMoviesParameters()
    assert usual.recipe(movie(), DOSE, 10).dose is DOSE
    assert usual.recipe(movie(), None, 10).dose is None
    assert AlignMoviesParameters(dose_weighting=False).recipe(movie(), DOSE, 10).dose is None


def test_one_frame_has_no_halves() -> None:
    said = AlignMoviesParameters(halves=True, exact=True)
    assert said.recipe(movie(), None, 2).halves
    assert said.recipe(movie(), None, 2).exact
    assert not said.recipe(movie(), None, 1).halves
    assert not AlignMoviesParameters().recipe(movie(), None, 2).halves
