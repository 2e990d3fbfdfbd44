"""An estimate is written as a reference, a map of its bad pixels and a picture."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from icestream.formats import read_defects, read_gain, read_mrc, read_mrc_header
from icestream.protocols.gain_files import GainFiles, write_estimate

SHAPE = (96, 128)
GAIN = (1 + 0.1 * np.random.default_rng(1).standard_normal(SHAPE)).astype(np.float32)
BAD = np.zeros(SHAPE, dtype=np.bool_)
BAD[3, 5] = BAD[40] = True
GAIN[BAD] = 0.0


def test_an_estimate_is_written(tmp_path: Path) -> None:
    files = GainFiles.of(tmp_path / "gain_0001")
    write_estimate(files, GAIN, BAD, 1.5)
    assert np.array_equal(read_mrc(files.estimate), GAIN)
    assert np.array_equal(read_defects(files.bad, SHAPE), BAD)
    for path in (files.estimate, files.bad):
        assert round(read_mrc_header(path).pixel_size, 3) == 1.5
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "gain_0001.jpg",
        "gain_0001.mrc",
        "gain_0001_bad.mrc",
    ]


def test_of_eer_movies_it_is_a_reference_that_divides(tmp_path: Path) -> None:
    files = GainFiles.of(tmp_path / "gain_0001")
    write_estimate(files, GAIN, BAD, 1.5, eer=True)
    read = read_gain(files.estimate, SHAPE, eer=True)
    ratio = read[~BAD] / GAIN[~BAD]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)
    assert np.array_equal(read == 0, BAD)
    plain = read_gain(files.estimate, SHAPE)
    assert np.corrcoef(plain[~BAD], GAIN[~BAD])[0, 1] < -0.9


def test_bad_pixels_do_not_show_in_the_picture(tmp_path: Path) -> None:
    files = GainFiles.of(tmp_path / "gain_0001")
    write_estimate(files, GAIN, BAD, 30.0)
    with PIL.Image.open(files.picture) as picture:
        grey = np.asarray(picture, dtype=float)
    assert grey.shape == SHAPE
    assert grey[40].mean() == pytest.approx(grey.mean(), abs=15)
