"""A movie as a value."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.model import Movie, Optics

MOVIE = Movie(
    exposure="a",
    path=Path("a.tiff"),
    frames=24,
    shape=(1024, 1024),
    optics=Optics(pixel_size=1.5, voltage=300.0),
    dose_per_frame=1.3,
)


def test_total_exposure() -> None:
    assert MOVIE.dose == pytest.approx(31.2)


@pytest.mark.parametrize(
    ("shape", "upsampling", "fine"),
    [
        ((8184, 11520), 1, True),
        ((11520, 8184), 1, True),
        ((7420, 7676), 1, True),
        ((4092, 5760), 1, False),
        ((4096, 4096), 1, False),
        ((8192, 8192), 2, True),
    ],
)
def test_super_resolution_is_known_by_the_size(
    shape: tuple[int, int], upsampling: int, fine: bool
) -> None:
    movie = replace(MOVIE, shape=shape, eer_upsampling=upsampling)
    assert movie.is_super_resolution is fine
