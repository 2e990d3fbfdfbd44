"""What the files of a camera say, before its counts are looked at."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import FormatError, write_mrc
from icestream.formats.camera import read_camera
from icestream.model import Movie, Optics, Orientation

SHAPE = (6, 8)


@pytest.fixture
def movie(tmp_path: Path) -> Movie:
    """With neither reference nor defects; the movie itself is not there."""
    return Movie(
        exposure="m",
        path=tmp_path / "m.tif",
        frames=10,
        shape=SHAPE,
        optics=Optics(pixel_size=1.0, voltage=300.0),
        dose_per_frame=1.0,
    )


@pytest.fixture
def gain(tmp_path: Path) -> Path:
    """0 in its first pixel, 2 beyond the middle column, 1 before it."""
    factors = np.ones(SHAPE, np.float32)
    factors[:, 4:] = 2.0
    factors[0, 0] = 0.0
    return write_mrc(tmp_path / "g.mrc", factors)


def test_without_files_nothing_is_known(movie: Movie) -> None:
    found = read_camera(movie, SHAPE)
    assert found.factors is None
    assert found.defects.shape == SHAPE
    assert not found.defects.any()


def test_bad_pixels_of_the_reference_and_of_the_list_are_known(
    movie: Movie, gain: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.txt").write_text("5 2 2 1\n")
    found = read_camera(replace(movie, gain=gain, defects=tmp_path / "bad.txt"), SHAPE)
    assert found.factors is not None
    assert found.factors[1].tolist() == [1] * 4 + [2] * 4
    assert np.argwhere(found.defects).tolist() == [[0, 0], [2, 5], [2, 6]]
    listed = read_camera(replace(movie, defects=tmp_path / "bad.txt"), SHAPE)
    assert listed.factors is None
    assert np.argwhere(listed.defects).tolist() == [[2, 5], [2, 6]]


def test_the_reference_is_laid_as_the_movie_says(movie: Movie, gain: Path) -> None:
    turned = replace(movie, gain=gain, gain_orientation=Orientation(flip="left-right"))
    found = read_camera(turned, SHAPE)
    assert found.factors is not None
    assert found.factors[1].tolist() == [2] * 4 + [1] * 4
    assert np.argwhere(found.defects).tolist() == [[0, 7]]


def test_a_reference_of_eer_movies_divides(movie: Movie, gain: Path) -> None:
    found = read_camera(replace(movie, gain=gain), SHAPE, eer=True)
    assert found.factors is not None
    assert found.factors[1, 0] == pytest.approx(2 * found.factors[1, 7])
    assert np.argwhere(found.defects).tolist() == [[0, 0]]


def test_what_does_not_fit_is_refused(movie: Movie, gain: Path) -> None:
    with pytest.raises(FormatError, match="7 x 9"):
        read_camera(replace(movie, gain=gain), (7, 9))
    with pytest.raises(FormatError, match="7 x 9"):
        read_camera(replace(movie, defects=gain), (7, 9))
