"""Beam shifts are gathered into groups whose numbers stay."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.processing.exposure_groups import ExposureGroups, separating_distance


def _shifts(
    seed: int, cycles: int, side: int, spacing: float, scatter: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cycles over a square of holes, each time with a little scatter; and the true groups."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(*[np.arange(side) - side / 2] * 2), -1).reshape(-1, 2) * spacing
    truth = np.tile(np.arange(len(places)), cycles)
    return places[truth] + rng.normal(0, scatter, (len(truth), 2)), truth


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_separating_distance_lies_between_scatter_and_spacing(scale: float) -> None:
    shifts, _ = _shifts(1, 5, 5, 0.03 * scale, 0.001 * scale)
    distance = separating_distance(shifts)
    assert distance is not None
    assert 0.003 * scale < distance < 0.03 * scale


def test_no_clusters_no_distance() -> None:
    rng = np.random.default_rng(2)
    assert separating_distance(rng.random((200, 2))) is None
    assert separating_distance(np.zeros((50, 2))) is None
    assert separating_distance(rng.random((3, 2))) is None


def test_equal_shifts_are_one_cluster() -> None:
    shifts = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 30, axis=0)
    distance = separating_distance(shifts)
    assert distance is not None
    assert 0.0 < distance < 1.0


@pytest.mark.parametrize("scatter", [0.0, 0.0008, 0.001])
def test_groups_are_those_of_the_holes(scatter: float) -> None:
    shifts, truth = _shifts(3, 12, 5, 0.03, scatter)
    groups = ExposureGroups(radius=0.005)
    found = np.array([groups.assign((float(x), float(y))) for x, y in shifts])
    assert set(found) == set(range(1, 26))
    for true_group in range(25):
        assert len(set(found[truth == true_group])) == 1


def test_too_small_a_radius_is_mended_once_enough_was_seen() -> None:
    shifts, truth = _shifts(4, 20, 3, 1.0, 0.05)
    groups = ExposureGroups(radius=0.005)
    found = np.array([groups.assign((float(x), float(y))) for x, y in shifts])
    late, late_truth = found[100:], truth[100:]
    assert len(set(late)) == 9
    assert len(set(found[:100])) > 9
    for true_group in range(9):
        assert len(set(late[late_truth == true_group])) == 1


def test_a_restart_keeps_the_numbers() -> None:
    shifts, _ = _shifts(5, 8, 4, 0.03, 0.001)
    groups = ExposureGroups(radius=0.005)
    before = [groups.assign((float(x), float(y))) for x, y in shifts]
    again = ExposureGroups(**json.loads(json.dumps(groups.document())))
    order = np.random.default_rng(1).permutation(len(shifts))
    after = {place: again.assign(tuple(shifts[place].tolist())) for place in order.tolist()}
    assert [after[place] for place in range(len(shifts))] == before
