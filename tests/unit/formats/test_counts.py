from dataclasses import replace

import numpy as np
import pytest

from icestream.formats import open_movie, write_eer, write_mrc
from icestream.formats.counts import (
    narrow_counts,
    read_counts,
    read_frame_sum,
    read_raw_movie,
)
from icestream.model import Movie, Optics, Orientation


@pytest.mark.parametrize("kind", ["u2", "i2"])
@pytest.mark.parametrize(("highest", "fits"), [(3, True), (255, True), (256, False), (-1, False)])
def test_counts_are_narrowed_where_all_of_them_fit(kind, highest, fits):
    counts = np.random.default_rng(1).poisson(1.0, (40, 70)).astype(kind)
    counts[31, 69] = np.int64(highest).astype(kind)
    found = np.zeros(counts.shape, np.uint8)
    assert narrow_counts(counts, found) is fits
    if fits:
        assert np.array_equal(found, counts)


@pytest.mark.parametrize(("place", "highest", "kind"), [(0, 9, np.uint8), (3, 300, np.uint16)])
@pytest.mark.parametrize("written", [np.uint16, np.int16])
def test_counts_are_kept_in_as_few_bytes_as_they_need(tmp_path, place, highest, kind, written):
    counts = np.random.default_rng(1).poisson(4, (4, 128, 128)).astype(written)
    counts[place, 7, 9] = highest
    write_mrc(tmp_path / "m.mrcs", counts, 2.0)
    with open_movie(tmp_path / "m.mrcs") as file:
        found = read_counts(file, range(4), threads=2)
        some = read_counts(file, range(1, 3))
    assert found.dtype == kind
    assert np.array_equal(found, counts)
    assert some.dtype == np.uint8
    assert np.array_equal(some, counts[1:3])


@pytest.mark.parametrize(
    ("written", "lowest", "kind"),
    [
        (np.int8, 0, np.uint8),
        (np.int8, -3, np.float32),
        (np.int16, -3, np.float32),
        (np.float32, 0, np.float32),
    ],
)
def test_other_types_become_one_that_kernels_know(tmp_path, written, lowest, kind):
    counts = np.random.default_rng(1).poisson(4, (2, 16, 24)).astype(written)
    counts[1, 3, 5] = lowest
    write_mrc(tmp_path / "m.mrcs", counts)
    with open_movie(tmp_path / "m.mrcs") as file:
        found = read_counts(file, range(2))
    assert found.dtype == kind
    assert np.array_equal(found, counts)


def test_a_movie_comes_with_its_gain_and_all_its_defects(tmp_path):
    counts = np.random.default_rng(1).poisson(4, (5, 16, 24)).astype(np.uint8)
    write_mrc(tmp_path / "m.mrcs", counts)
    gain = np.random.default_rng(2).uniform(0.8, 1.2, (16, 24)).astype(np.float32)
    write_mrc(tmp_path / "g.mrc", gain)
    (tmp_path / "a.txt").write_text("2 3 4 1\n")
    (tmp_path / "b.txt").write_text("0 9 1 2\n")
    movie = Movie(
        exposure="m",
        path=tmp_path / "m.mrcs",
        frames=5,
        shape=(16, 24),
        optics=Optics(pixel_size=1.0, voltage=300.0),
        dose_per_frame=1.0,
        gain=tmp_path / "g.mrc",
        gain_orientation=Orientation(flip="up-down"),
        defects=tmp_path / "a.txt",
    )
    raw = read_raw_movie(movie, range(1, 4), defects=tmp_path / "b.txt", threads=2)
    assert raw.shape == (16, 24)
    np.testing.assert_array_equal(raw.counts, counts[1:4])
    np.testing.assert_array_equal(raw.gain, gain[::-1])
    wanted = np.zeros((16, 24), bool)
    wanted[3, 2:6] = wanted[9:11, 0] = True
    np.testing.assert_array_equal(raw.defects, wanted)
    bare = read_raw_movie(replace(movie, gain=None, defects=None), range(5))
    assert bare.gain is None
    assert not bare.defects.any()


@pytest.mark.parametrize(
    ("first", "step", "chosen"), [(0, 1, [0, 1, 2, 3, 4]), (1, 3, [1, 4]), (7, 10, [4])]
)
def test_some_frames_are_summed_without_rounding(tmp_path, first, step, chosen):
    counts = np.random.default_rng(1).integers(0, 256, (5, 16, 24)).astype(np.uint8)
    write_mrc(tmp_path / "m.mrcs", counts)
    movie = Movie(
        exposure="m",
        path=tmp_path / "m.mrcs",
        frames=5,
        shape=(16, 24),
        optics=Optics(pixel_size=1.0, voltage=300.0),
        dose_per_frame=1.0,
    )
    found = read_frame_sum(movie, first, step)
    assert (found.frames, found.eer, found.is_real) == (len(chosen), False, False)
    np.testing.assert_array_equal(found.total, counts[chosen].sum(axis=0))
    write_mrc(tmp_path / "m.mrcs", counts.astype(np.float32))
    assert read_frame_sum(movie, first, step).is_real


def test_the_sum_of_an_eer_movie_says_so(tmp_path):
    electrons = [np.array([[1, 1], [5, 9]]), np.array([[1, 1]])]
    write_eer(tmp_path / "m.eer", electrons, (16, 16))
    movie = Movie(
        exposure="m",
        path=tmp_path / "m.eer",
        frames=1,
        shape=(16, 16),
        optics=Optics(pixel_size=1.0, voltage=300.0),
        dose_per_frame=1.0,
        eer_grouping=2,
    )
    found = read_frame_sum(movie, 0, 1)
    assert found.eer
    assert (found.total.sum(), found.total[0, 0], found.total[1, 2]) == (3, 2, 1)
