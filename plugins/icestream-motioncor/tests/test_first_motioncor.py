"""The MotionCor of 2013 gets what it takes, and its failures are told though it ends well."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_mrc, write_mrc
from icestream.model import Movie, Optics
from icestream.model.gain import Orientation
from icestream.protocol import ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_motioncor.align_with_motioncor import AlignWithMotionCor, WholeFrameParameters

SHAPE = (64, 96)
COUNTS = np.random.default_rng(1).poisson(3.0, (6, *SHAPE)).astype(np.int16)


@pytest.fixture
def movie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Movie:
    """A movie, on a machine where the program is the stand-in."""
    stand_in = Path(__file__).with_name("first_stand_in.py")
    program = tmp_path / "bin" / "dosefgpu_driftcorr"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", "{}")
    return Movie(
        exposure="a",
        path=write_mrc(tmp_path / "a movie.mrc", COUNTS, 0.8),
        frames=len(COUNTS),
        shape=SHAPE,
        optics=Optics(pixel_size=0.8, voltage=300.0),
        dose_per_frame=1.2,
    )


def work(tmp_path: Path, gpus: tuple[int, ...] = (3,)) -> Work:
    (tmp_path / "work").mkdir(exist_ok=True)
    return Work(folder=tmp_path / "work", exposure="a", gpus=gpus)


def test_it_keeps_the_rules() -> None:
    assert problems(AlignWithMotionCor) == []


def test_a_movie_is_aligned_from_some_frame_on(movie: Movie, tmp_path: Path) -> None:
    protocol = AlignWithMotionCor(WholeFrameParameters(binned=True, first_frame=3))
    assert missing(protocol) == ()
    assert protocol.software() == {"dosefgpu_driftcorr": "2.1"}
    factors = np.random.default_rng(2).uniform(0.8, 1.2, SHAPE).astype(np.float32)
    laid = Orientation(flip="left-right")
    gain = write_mrc(tmp_path / "gain.mrc", factors)
    gained = replace(movie, gain=gain, gain_orientation=laid)
    made = protocol.process(gained, work=work(tmp_path))
    total = COUNTS[2:].sum(axis=0) * laid.turn(factors)
    binned = total.reshape(32, 2, 48, 2).sum((1, 3))
    np.testing.assert_allclose(read_mrc(made.path), binned, rtol=1e-5)
    assert (made.binning, made.optics.pixel_size, made.frames) == (2.0, 1.6, 4)
    assert made.motion is not None and made.motion.first_frame == 3
    np.testing.assert_allclose(made.motion.shifts[:, 1], [0, 1, 2, 3])
    np.testing.assert_allclose(made.motion.shifts[:, 0], [0, -0.5, -1, -1.5])


def test_a_gpu_that_is_not_there_is_told(movie: Movie, tmp_path: Path) -> None:
    with pytest.raises(ItemFailed) as told:
        AlignWithMotionCor().process(movie, work=work(tmp_path, gpus=()))
    assert told.value.code == "no-gpu"


def test_a_movie_that_is_cut_off_is_told(movie: Movie, tmp_path: Path) -> None:
    movie.path.write_bytes(movie.path.read_bytes()[:5000])
    with pytest.raises(ItemFailed) as told:
        AlignWithMotionCor().process(movie, work=work(tmp_path))
    assert told.value.code == "movie-not-readable"


@pytest.mark.parametrize(
    ("change", "parameters", "code"),
    [
        ({"path": Path("a.tiff")}, {}, "movie-name"),
        ({}, {"first_frame": 6}, "no-frames"),
        ({}, {"offset": 3}, "few-frames"),
    ],
)
def test_what_it_cannot_do_is_told(
    movie: Movie, tmp_path: Path, change: dict[str, Path], parameters: dict[str, int], code: str
) -> None:
    protocol = AlignWithMotionCor(WholeFrameParameters(**parameters))
    with pytest.raises(ItemFailed) as told:
        protocol.process(replace(movie, **change), work=work(tmp_path))
    assert told.value.code == code
