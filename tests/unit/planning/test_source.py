"""One movie as many exposures."""

from pathlib import Path

from icestream.model import Movie, Optics
from icestream.planning.source import RepeatedMovie, RepeatedMovieParameters, registry_with_it
from icestream.protocol import Cursor, Registry

MOVIE = Movie(
    exposure="movie", path=Path("/data/movie.tiff"), frames=8, shape=(512, 512),
    optics=Optics(pixel_size=1.8, voltage=300.0), dose_per_frame=5.0, size=1000,
)  # fmt: skip


def test_it_brings_the_movie_under_other_names_and_ends() -> None:
    source = RepeatedMovie(RepeatedMovieParameters(**RepeatedMovie.of(MOVIE, 3)))
    found = source.discover(Cursor())
    assert [movie.exposure for movie in found.items] == [
        "movie_00001",
        "movie_00002",
        "movie_00003",
    ]
    assert {movie.path for movie in found.items} == {MOVIE.path}
    assert found.closed
    assert len({source.key(movie) for movie in found.items}) == 3


def test_only_plans_know_it() -> None:
    assert registry_with_it().get(RepeatedMovie.name) is RepeatedMovie
    assert RepeatedMovie.name not in Registry().names()
    assert "movies.align" in registry_with_it().names()
