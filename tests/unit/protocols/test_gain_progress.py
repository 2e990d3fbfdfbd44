"""When the sums are looked at, when they are forgotten, and when an estimate is written."""

from pathlib import Path

import numpy as np
import pytest

from icestream.formats.counts import FrameSum
from icestream.model import Movie, Optics
from icestream.processing.gain.detail import Pattern
from icestream.protocols.gain_progress import GainLook, GainProgress

SHAPE = (16, 24)


def movie(exposure: str = "m", dose: float = 1.0) -> Movie:
    return Movie(
        exposure=exposure,
        path=Path(f"{exposure}.tif"),
        frames=10,
        shape=SHAPE,
        optics=Optics(pixel_size=2.0, voltage=300.0),
        dose_per_frame=dose,
    )


def frames(count: int, *, frames: int = 10, eer: bool = False) -> FrameSum:
    return FrameSum(np.full(SHAPE, count, np.uint32), frames, eer)


def progress(movies: int) -> GainProgress:
    state = GainProgress.begin(movie(), frames(4))
    for _ in range(movies):
        state.add(movie(), frames(4))
    return state


def look(movies: int, residual: float = 0.01, error: float = 0.001) -> GainLook:
    corrected = Pattern(residual, 0.0, 0.0, error)
    return GainLook(
        movies=movies,
        fit=None,
        verdict="none",
        raw=corrected,
        corrected=corrected,
        error=0.0,
        bad_pixels=0,
    )


def test_nothing_is_summed_at_the_beginning() -> None:
    state = progress(0)
    assert state.old.shape == state.new.shape == SHAPE
    assert state.old is not state.new
    assert (state.taken, state.new.movies, state.doses) == (0, 0, [])
    real = GainProgress.begin(movie(), FrameSum(np.zeros(SHAPE), 1, eer=False))
    assert real.old.halves.dtype == real.new.halves.dtype == np.float64


def test_a_movie_goes_into_the_new_sums_and_its_dose_is_counted() -> None:
    state = progress(1)
    state.add(movie("last"), frames(20, frames=5, eer=True))
    assert (state.taken, state.new.movies, state.old.movies) == (2, 2, 0)
    assert state.new.frames == [10, 5]
    assert (state.movie.exposure, state.eer) == ("last", True)
    # 4 counts over 10 frames, then 20 over 5, of 1 e/Å² on 4 Å² each.
    assert state.doses == pytest.approx([0.1, 1.0])
    state.add(movie(dose=0.0), frames(4))
    assert state.doses[-1] == 0.0


def test_looks_are_taken_at_first_early_after_a_pause_and_at_the_end() -> None:
    def times(looked: int, movies: int, *, final: bool = False) -> bool:
        state = progress(movies)
        state.look = look(looked) if looked else None
        return state.is_time(20, final=final)

    assert times(0, 1)
    assert not times(5, 9)
    assert times(5, 10)
    assert not times(10, 29)
    assert times(10, 30)
    assert times(10, 11, final=True)
    ended = progress(0)
    ended.look = look(10)
    assert not ended.is_time(20, final=True), "nothing has come since"


@pytest.mark.parametrize(("movies", "alone"), [(3, False), (4, True)])
def test_a_residual_is_measured_on_the_newest_unless_they_are_few(movies: int, alone: bool) -> None:
    state = progress(5)
    state.merge()
    state.note(look(5))
    for _ in range(movies):
        state.add(movie(), frames(4))
    newest = state.merge()
    assert state.old.movies == 5 + movies
    assert newest is (state.new if alone else state.old)


def test_a_camera_has_changed_when_its_residual_has_grown() -> None:
    state = progress(5)
    assert not state.has_changed(Pattern(0.5, 0.0, 0.0, 0.001)), "nobody has looked before"
    state.note(look(5, residual=0.01))
    assert not state.has_changed(Pattern(0.02, 0.0, 0.0, 0.001))
    assert state.has_changed(Pattern(0.022, 0.0, 0.0, 0.001))
    assert not state.has_changed(Pattern(0.022, 0.0, 0.0, 0.003))
    state.note(look(5, residual=0.0))
    assert not state.has_changed(Pattern(0.5, 0.0, 0.0, 0.001))


def test_an_estimate_is_written_when_it_is_of_more_movies_or_of_another_camera() -> None:
    state = progress(8)
    written = []
    for more in (0, 1, 1):
        for _ in range(more):
            state.add(movie(), frames(4))
        state.merge()
        state.note(look(state.taken))
        written.append((state.wrote, state.written))
        assert (state.new.movies, state.new.frames) == (0, [0, 0])
    assert written == [(True, 8), (False, 8), (True, 10)]
    for _ in range(4):
        state.add(movie(), frames(4))
    newest = state.merge()
    state.forget_all_but(newest)
    state.note(look(state.taken))
    assert (state.old.movies, state.wrote, state.written) == (4, True, 4)
    assert state.new is not state.old
