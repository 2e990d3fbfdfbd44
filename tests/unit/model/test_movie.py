"""A movie as a value."""

from pathlib import Path

import pytest

from icestream.model import Movie, Optics


def test_total_exposure() -> None:
    movie = Movie(
        exposure="a",
        path=Path("a.tiff"),
        frames=24,
        shape=(1024, 1024),
        optics=Optics(pixel_size=1.5, voltage=300.0),
        dose_per_frame=1.3,
    )
    assert movie.dose == pytest.approx(31.2)
