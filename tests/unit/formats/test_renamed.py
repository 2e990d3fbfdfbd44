"""A movie is found again by its bytes and its time of change, and by nothing less."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from icestream.formats.counts import read_frame_sum, read_raw_movie
from icestream.formats.errors import FormatError
from icestream.formats.renamed import Former, Gone, present_path, written_at
from icestream.model import Exposure, Movie, Optics


@pytest.fixture
def movie(tmp_path: Path) -> Movie:
    frames = np.random.default_rng(1).poisson(2.0, (3, 32, 32)).astype(np.uint8)
    path = tmp_path / "old name.tiff"
    tifffile.imwrite(path, frames, photometric="minisblack")
    os.utime(path, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    status = path.stat()
    return Movie(
        exposure="a",
        path=path,
        frames=3,
        shape=(32, 32),
        optics=Optics(pixel_size=1.0, voltage=300.0),
        dose_per_frame=1.0,
        size=status.st_size,
        details=Exposure(name="a", written=written_at(status)),
    )


def test_a_movie_that_is_there_is_where_it_was(movie: Movie) -> None:
    assert present_path(movie) == movie.path


def test_a_renamed_movie_is_read_under_its_new_name(movie: Movie) -> None:
    before = read_raw_movie(movie, range(3)).counts
    new = movie.path.rename(movie.path.with_name("new µ.tiff"))
    assert present_path(movie) == new
    assert np.array_equal(read_raw_movie(movie, range(3)).counts, before)
    assert np.array_equal(read_frame_sum(movie, 0, 1).total, before.sum(axis=0))


def test_another_file_is_not_taken_for_it(movie: Movie) -> None:
    new = movie.path.rename(movie.path.with_name("new.tiff"))
    os.utime(new, ns=(1_700_000_000_123_000_000, 1_700_000_001_123_456_789))
    assert present_path(movie) == movie.path
    with pytest.raises((FormatError, FileNotFoundError)):
        read_raw_movie(movie, range(3))


def test_of_two_that_it_may_be_neither_is_taken(movie: Movie) -> None:
    for name in ("b.tiff", "c.tiff"):
        os.link(movie.path, movie.path.with_name(name))
    movie.path.unlink()
    assert present_path(movie) == movie.path


def test_without_its_folder_it_is_where_it_was(movie: Movie) -> None:
    movie.path.parent.rename(movie.path.parent.with_name("elsewhere"))
    assert present_path(movie) == movie.path


def test_a_time_in_whole_seconds_tells_no_files_apart(movie: Movie) -> None:
    """Movies of a camera have one size, and some file systems keep seconds only."""
    whole = 1_700_000_000_000_000_000
    os.utime(movie.path, ns=(whole, whole))
    status = movie.path.stat()
    taken = replace(movie, details=Exposure(name="a", written=written_at(status)))
    new = movie.path.rename(movie.path.with_name("new.tiff"))
    assert present_path(taken) == movie.path
    gone = Gone([("a", movie.path, movie.size, written_at(status))])
    assert gone.before(new, status) is None
    known = Gone([("a", p, movie.size, written_at(status)) for p in (movie.path, new)])
    assert known.before(new, status) == Former(movie.path, "a"), "it was taken under this name"


def test_what_was_taken_and_is_gone_is_known_by_its_time_and_bytes(movie: Movie) -> None:
    new = movie.path.rename(movie.path.with_name("new.tiff"))
    status = new.stat()

    def before(*taken: tuple[str, Path, int]) -> Former | None:
        return Gone([(*one, written_at(status)) for one in taken]).before(new, status)

    assert before(("a", movie.path, movie.size)) == Former(movie.path, "a")
    assert before(("a", movie.path, 0)) == Former(movie.path, "a"), "its bytes were not recorded"
    assert before(("a", movie.path, movie.size + 1)) is None
    assert before(("a", movie.path, movie.size), ("b", movie.path.with_name("b.tiff"), 0)) is None
    assert before(("a", new, movie.size)) is None
