"""Bytes are read with the sign that their writer meant, or it is said that nobody knows it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.mrc import read_mrc, read_mrc_header, write_mrc

RNG = np.random.default_rng(5)
NOT_COMPUTED = (0.0, 0.0, 0.0)
IMOD, SIGNED, FOUR_BITS = 1146047817, 1, 16


def _write(
    path: Path,
    pixels: NDArray[np.uint8] | NDArray[np.int8],
    statistics: tuple[float, float, float],
    *,
    version: int = 0,
    imod: tuple[int, int] = (0, 0),
) -> Path:
    """Bytes in mode 0, by a program that says no more than it must."""
    write_mrc(path, np.zeros_like(pixels, np.int8), 1.2)
    raw = bytearray(path.read_bytes())
    raw[76:88] = np.array(statistics, "<f4").tobytes()
    raw[108:112] = np.array([version], "<i4").tobytes()
    raw[152:160] = np.array(imod, "<i4").tobytes()
    raw[1024:] = pixels.tobytes()
    path.write_bytes(raw)
    return path


def _poisson(mean: float) -> NDArray[np.uint8]:
    return np.minimum(RNG.poisson(mean, (4, 64, 96)), 255).astype(np.uint8)


@pytest.mark.parametrize("version", [0, 20140])
def test_a_maximum_above_127_proves_that_there_is_no_sign(tmp_path: Path, version: int) -> None:
    counts = _poisson(100.0)
    high = (float(counts.min()), float(counts.max()), float(counts.mean()))
    path = _write(tmp_path / "a.mrc", counts, high, version=version)
    assert (read_mrc(path) == counts).all()
    assert read_mrc(path).dtype == np.uint8
    with open_movie(path) as movie:
        assert (movie.read_all() == counts).all()
    assert read_mrc_header(path).odd == ()


def test_a_minimum_below_zero_proves_a_sign(tmp_path: Path) -> None:
    numbers = RNG.normal(0.0, 30.0, (4, 64, 96)).clip(-128, 127).astype(np.int8)
    said = (float(numbers.min()), float(numbers.max()), float(numbers.mean()))
    assert (read_mrc(_write(tmp_path / "a.mrc", numbers, said)) == numbers).all()


@pytest.mark.parametrize("mean", [100.0, 128.0, 180.0])
def test_counts_tell_it_themselves(tmp_path: Path, mean: float) -> None:
    counts = _poisson(mean)
    path = _write(tmp_path / "a.mrc", counts, NOT_COMPUTED)
    assert (read_mrc(path) == counts).all()


@pytest.mark.parametrize("hot", [140, 200, 250, 255])
def test_hot_pixels_of_a_counting_camera_are_counts(tmp_path: Path, hot: int) -> None:
    counts = _poisson(1.0)
    counts[:, 10, 10] = hot
    path = _write(tmp_path / "a.mrc", counts, NOT_COMPUTED)
    assert int(read_mrc(path).min()) == 0
    assert int(read_mrc(path).max()) == hot


@pytest.mark.parametrize("spread", [3.0, 30.0, 60.0])
def test_numbers_around_zero_tell_it_themselves(tmp_path: Path, spread: float) -> None:
    numbers = RNG.normal(0.0, spread, (4, 64, 96)).clip(-128, 127).astype(np.int8)
    assert (read_mrc(_write(tmp_path / "a.mrc", numbers, NOT_COMPUTED)) == numbers).all()


def test_what_nobody_can_tell_is_said(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.mrc", RNG.integers(0, 256, (4, 64, 96), np.uint8), NOT_COMPUTED)
    assert read_mrc(path).dtype == np.int8
    (odd,) = movie_facts(path).odd
    assert "a.mrc holds bytes (mode 0)" in odd
    assert "from 128 to 255 are taken as -128 to -1" in odd


def test_who_keeps_the_standard_is_taken_at_his_word(tmp_path: Path) -> None:
    """What is written here says by the standard that its statistics were not computed."""
    numbers = RNG.integers(-128, 128, (4, 64, 96)).astype(np.int8)
    path = write_mrc(tmp_path / "a.mrc", numbers, 1.2)
    assert (read_mrc(path) == numbers).all()
    assert read_mrc_header(path).odd == ()


@pytest.mark.parametrize(("flags", "kind"), [(0, "u1"), (SIGNED, "i1"), (2, "u1"), (3, "i1")])
def test_the_stamp_of_imod_says_it(tmp_path: Path, flags: int, kind: str) -> None:
    """Whatever the statistics say."""
    pixels = RNG.integers(0, 256, (4, 64, 96), np.uint8)
    path = _write(tmp_path / "a.mrc", pixels, (0.0, 255.0, 128.0), imod=(IMOD, flags))
    assert (read_mrc(path) == pixels.view(kind)).all()


def test_four_bits_have_no_sign_whatever_else_is_flagged(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 16, (3, 6, 10)).astype(np.uint8)
    packed = pixels[..., 0::2] | pixels[..., 1::2] << 4
    path = _write(tmp_path / "a.mrc", packed, NOT_COMPUTED, imod=(IMOD, SIGNED | FOUR_BITS))
    assert (read_mrc(path) == pixels).all()
    assert movie_facts(path).shape == (6, 10)
