"""Optics groups of a project; whole projects are in tests/system/test_relion_project.py."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export_items import MICROGRAPH, MOVIE, OPTICS
from icestream.exports.chain import Items
from icestream.exports.relion.project import Gains, optics_groups
from icestream.formats.gain import read_gain
from icestream.formats.mrc import write_mrc
from icestream.model import Exposure, Micrograph, Movie, Orientation
from icestream.store.records import ExposureRecord


def exposure(movie: Movie | None, micrograph: Micrograph | None = None) -> Items:
    record = ExposureRecord(
        id=1, number=1, name="a", state="done", reasons=(), found=0.0, details={}
    )
    return Items(record, movie, micrograph, None, None, None)


def of_group(number: int) -> Movie:
    return replace(MOVIE, details=Exposure(name="a", group=number))


def test_each_exposure_group_is_an_optics_group() -> None:
    found = optics_groups([exposure(of_group(2), MICROGRAPH), exposure(of_group(1), MICROGRAPH)])
    assert found == {2: (OPTICS, 1.0), 1: (OPTICS, 1.0)}


def test_a_movie_that_failed_does_not_hide_the_binning_of_its_group() -> None:
    found = optics_groups(
        [exposure(None), exposure(of_group(3)), exposure(of_group(3), MICROGRAPH)]
    )
    assert found[3][0].pixel_size == OPTICS.pixel_size == 2.0
    assert found[3][1] == 1.0


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


def test_movies_that_are_not_aligned_yet_have_optics_too() -> None:
    assert optics_groups([exposure(MOVIE)]) == {1: (MOVIE.optics, 1.0)}
