"""Xmipp's estimate of the gain becomes a reference that multiplies, and tells how one lies."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_gain, write_mrc, write_tiff
from icestream.model import Movie, Optics, Orientation
from icestream.protocol import BadOutput, Batch, ItemFailed, Work, missing
from icestream_xmipp.estimate_gain import EstimateGainWithXmipp, XmippGainParameters

Install = Callable[..., Path]
SHAPE = (96, 128)
SENSITIVITY = np.random.default_rng(5).uniform(0.7, 1.3, SHAPE)


@pytest.fixture
def movies(tmp_path: Path) -> tuple[Movie, ...]:
    """Three movies of a camera whose pixels count differently."""
    made = []
    for number in range(3):
        path = tmp_path / f"{number}.tiff"
        rng = np.random.default_rng(number)
        write_tiff(path, rng.poisson(40 * SENSITIVITY, (10, *SHAPE)).astype(np.uint8))
        optics = Optics(pixel_size=0.8, voltage=300.0)
        made.append(
            Movie(exposure=str(number), path=path, frames=10, shape=SHAPE, optics=optics,
                  dose_per_frame=1.0)
        )  # fmt: skip
    return tuple(made)


def test_the_gain_is_estimated_from_one_movie_in_so_many(
    install: Install, movies: tuple[Movie, ...], work: Work
) -> None:
    install("xmipp_movie_estimate_gain")
    protocol = EstimateGainWithXmipp(XmippGainParameters(movie_step=2, frame_step=2))
    assert missing(protocol) == () and protocol.batch_size() == 5
    state = protocol.start(Batch(movies), work)
    assert state is not None and (state.seen, state.taken, state.frames) == (3, 2, 10)
    gain = protocol.snapshot(state, work)
    assert (gain.movies, gain.frames, gain.verdict, gain.reference) == (2, 10, "none", None)
    assert gain.pattern == pytest.approx(SENSITIVITY.std(), rel=0.1)
    assert 0 < gain.error < 0.1 and gain.bad_pixels == 0
    assert gain.estimate is not None
    found = read_gain(gain.estimate, SHAPE)
    assert np.corrcoef(found.ravel(), (1 / SENSITIVITY).ravel())[0, 1] > 0.9
    protocol.save(state, work.path("state"))
    kept = protocol.load(work.path("state"))
    assert kept is not None and kept.movie == state.movie
    np.testing.assert_array_equal(kept.sums, state.sums)
    again = protocol.update(state, Batch(movies[:1]), work)
    assert protocol.snapshot(again, work).estimate is None, "nothing new was looked at"
    assert "no gain reference was given" in protocol.summarize([gain])


@pytest.mark.parametrize(
    ("laid", "verdict"),
    [(Orientation(), "wrong"), (Orientation(rotation=180), "right")],
)
def test_the_reference_is_checked_in_all_orientations(
    install: Install, movies: tuple[Movie, ...], work: Work, tmp_path: Path, laid: Orientation,
    verdict: str,
) -> None:  # fmt: skip
    install("xmipp_movie_estimate_gain")
    reference = write_mrc(tmp_path / "gain.mrc", (1 / SENSITIVITY)[::-1, ::-1].astype(np.float32))
    told = [replace(movie, gain=reference, gain_orientation=laid) for movie in movies]
    protocol = EstimateGainWithXmipp(XmippGainParameters(movie_step=1, frame_step=1))
    gain = protocol.snapshot(protocol.start(Batch(tuple(told)), work), work)
    assert gain.verdict == verdict and gain.orientation.is_same_as(Orientation(rotation=180))
    assert (gain.residual < 0.05) == (verdict == "right")


def test_failures_are_told(
    install: Install, movies: tuple[Movie, ...], work: Work, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    install("xmipp_movie_estimate_gain")
    protocol = EstimateGainWithXmipp()
    gone = replace(movies[0], path=tmp_path / "gone.tiff")
    nothing = protocol.start(Batch((gone,)), work)
    assert nothing is None
    with pytest.raises(ItemFailed, match="no movie could be read"):
        protocol.snapshot(nothing, work)
    for played, code in (("half", "half-output"), ("garbage", "garbage-output")):
        monkeypatch.setenv("STAND_IN", played)
        with pytest.raises(BadOutput) as told:
            protocol.start(Batch(movies), work)
        assert told.value.code == code
