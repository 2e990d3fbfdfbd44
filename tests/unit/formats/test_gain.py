"""Gain references of every kind."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from gatan_file import write_gatan
from icestream.formats.errors import FormatError, NotRead
from icestream.formats.gain import read_factors, read_gain, write_gain
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff
from icestream.model import ORIENTATIONS, Orientation

SHAPE = (12, 20)
GAIN = np.random.default_rng(6).uniform(0.5, 2.0, SHAPE).astype(np.float32)


@pytest.mark.parametrize("name", ["g.mrc", "g.tif"])
def test_a_reference_of_a_movie_multiplies(tmp_path: Path, name: str) -> None:
    (write_mrc if name.endswith("mrc") else write_tiff)(tmp_path / name, GAIN)
    np.testing.assert_array_equal(read_gain(tmp_path / name, SHAPE), GAIN)


def test_the_reference_of_a_falcon_multiplies_and_keeps_its_rows(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "g.gain", GAIN)
    np.testing.assert_array_equal(read_gain(tmp_path / "g.gain", SHAPE, eer=True), GAIN)


@pytest.mark.parametrize("name", ["g.mrc", "g.tif"])
def test_another_reference_of_an_eer_movie_divides(tmp_path: Path, name: str) -> None:
    (write_mrc if name.endswith("mrc") else write_tiff)(tmp_path / name, GAIN)
    found = read_gain(tmp_path / name, SHAPE, eer=True)
    np.testing.assert_allclose(found, GAIN.mean() / GAIN, rtol=1e-5)


def test_bad_pixels_become_zero(tmp_path: Path) -> None:
    gain = GAIN.copy()
    gain[0, :4] = [0.0, -1.0, np.nan, np.inf]
    write_mrc(tmp_path / "g.mrc", gain)
    for eer in (False, True):
        found = read_gain(tmp_path / "g.mrc", SHAPE, eer=eer)
        assert not found[0, :4].any()
        assert np.all(found[1:] > 0)


def test_a_reference_of_half_or_twice_the_size(tmp_path: Path) -> None:
    write_mrc(tmp_path / "g.mrc", GAIN)
    twice = read_gain(tmp_path / "g.mrc", (24, 40))
    np.testing.assert_array_equal(twice[::2, 1::2], GAIN)
    half = read_gain(tmp_path / "g.mrc", (6, 10))
    assert half[0, 0] == pytest.approx(GAIN[:2, :2].mean())


def test_a_turned_reference_is_told_from_a_wrong_one(tmp_path: Path) -> None:
    write_mrc(tmp_path / "g.mrc", GAIN)
    with pytest.raises(FormatError, match=r"20 x 12 .* found 12 x 20; turn it: gain_rotation=90"):
        read_gain(tmp_path / "g.mrc", (20, 12))
    with pytest.raises(FormatError, match="none of the 8 flips and rotations fits"):
        read_gain(tmp_path / "g.mrc", (20, 13))


@pytest.mark.parametrize("eer", [False, True])
def test_a_gatan_reference_is_read_as_a_tiff_of_it_is(tmp_path: Path, eer: bool) -> None:
    write_gatan(tmp_path / "g.dm4", GAIN)
    tifffile.imwrite(tmp_path / "g.tif", GAIN)
    np.testing.assert_array_equal(
        read_gain(tmp_path / "g.dm4", SHAPE, eer=eer), read_gain(tmp_path / "g.tif", SHAPE, eer=eer)
    )


@pytest.mark.parametrize("eer", [False, True])
def test_a_written_reference_is_read_as_the_same_factors(tmp_path: Path, eer: bool) -> None:
    """Up to their mean, and with the bad pixels still bad."""
    gain = GAIN.copy()
    gain[3, 4] = 0.0
    assert write_gain(tmp_path / "g.mrc", gain, 1.2, eer=eer) == tmp_path / "g.mrc"
    found = read_gain(tmp_path / "g.mrc", SHAPE, eer=eer)
    good = gain > 0
    assert found[3, 4] == 0
    ratio = found[good] / gain[good]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_reference_is_inverted_then_turned_then_fitted(
    tmp_path: Path, orientation: Orientation
) -> None:
    write_mrc(tmp_path / "g.mrc", GAIN)
    laid = orientation.turn(GAIN)
    shape = laid.shape[0], laid.shape[1]
    np.testing.assert_array_equal(
        read_gain(tmp_path / "g.mrc", shape, orientation=orientation), laid
    )
    twice = (2 * shape[0], 2 * shape[1])
    np.testing.assert_array_equal(
        read_gain(tmp_path / "g.mrc", twice, orientation=orientation)[1::2, ::2], laid
    )
    inverse = replace(orientation, inverse=True)
    np.testing.assert_allclose(
        read_gain(tmp_path / "g.mrc", shape, orientation=inverse), GAIN.mean() / laid, rtol=1e-5
    )
    np.testing.assert_array_equal(read_factors(tmp_path / "g.mrc"), GAIN)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_reference_without_a_positive_number_is_none(tmp_path: Path, value: float) -> None:
    write_mrc(tmp_path / "g.mrc", np.full((8, 9), value, np.float32))
    with pytest.raises(NotRead, match="no positive number"):
        read_gain(tmp_path / "g.mrc", (8, 9))
