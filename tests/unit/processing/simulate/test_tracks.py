"""Motion: its sign, size and mean."""

import numpy as np
import pytest

from icestream.processing.simulate.tracks import MotionTraits, random_tracks


def test_tracks_begin_at_rest_and_stay_in_their_range():
    traits = MotionTraits(walk=(0.0, 0.0))
    for seed in range(5):
        tracks = random_tracks(np.random.default_rng(seed), 24, 1.3, 1.5, traits)
        assert not tracks.shifts[0].any()
        assert not tracks.local[0].any()
        assert 2.0 < np.hypot(*tracks.shifts[-1]) * 1.5 < 20.0


def test_most_motion_is_early():
    tracks = random_tracks(np.random.default_rng(1), 30, 1.3, 1.0, MotionTraits(walk=(0.0, 0.0)))
    steps = np.hypot(*np.diff(tracks.shifts, axis=0).T)
    assert steps[:5].sum() > 4 * steps[-5:].sum()


def test_mean_of_the_local_motion_is_zero():
    tracks = random_tracks(np.random.default_rng(2), 10, 1.3, 1.5, MotionTraits())
    y, x = (part.ravel() for part in np.mgrid[0:200, 0:300])
    there = tracks.at(y + 0.5, x + 0.5, (200, 300))
    np.testing.assert_allclose(there.mean(axis=2), tracks.shifts, atol=1e-4)
    corners = there[-1] - tracks.shifts[-1][:, None]
    assert 1.0 / 1.5 < np.hypot(*corners).max() < 14.0 / 1.5


def test_drift_is_steady():
    still = MotionTraits(early=(0, 0), walk=(0, 0), doming=(0, 0), drift=2.5)
    tracks = random_tracks(np.random.default_rng(3), 8, 1.3, 1.25, still)
    steps = np.hypot(*np.diff(tracks.shifts, axis=0).T)
    assert steps == pytest.approx(2.0)
