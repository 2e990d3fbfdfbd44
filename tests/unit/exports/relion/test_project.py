"""Parts of a project; whole projects are in tests/system/test_relion_project.py."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export_items import MOVIE
from icestream.exports.relion.project import Gains
from icestream.formats.gain import read_gain
from icestream.formats.mrc import write_mrc
from icestream.model import Orientation


@pytest.mark.parametrize("movie", ["a.tiff", "a.eer"])
def test_relion_is_given_the_gain_as_it_was_applied(tmp_path: Path, movie: str) -> None:
    gain = np.random.default_rng(1).uniform(0.5, 2, (6, 4)).astype(np.float32)
    write_mrc(tmp_path / "g.mrc", gain)
    orientation = Orientation(rotation=90, flip="up-down", inverse=True)
    eer = movie.endswith("eer")
    plain = replace(MOVIE, path=tmp_path / movie, shape=(4, 6), gain=tmp_path / "g.mrc")
    turned = replace(plain, gain_orientation=orientation)
    gains = Gains(tmp_path / "Movies")
    assert gains.of(MOVIE) is None
    assert gains.of(plain) == tmp_path / "g.mrc"
    laid = gains.of(turned)
    assert laid == tmp_path / "Movies" / "g_as_applied.mrc"
    theirs = read_gain(laid, (4, 6), eer=eer)
    ours = read_gain(tmp_path / "g.mrc", (4, 6), eer=eer, orientation=orientation)
    np.testing.assert_allclose(theirs / theirs.mean(), ours / ours.mean(), rtol=1e-5)
