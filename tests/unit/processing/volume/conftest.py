import numpy as np
import pytest

from balls import Array, Balls, scattered
from icestream.processing.simulate.placement import random_rotations
from icestream.processing.volume.symmetry import point_group


@pytest.fixture(scope="session")
def lopsided() -> Balls:
    """Without symmetry, centered."""
    places = scattered(4, 12)
    return Balls(places - places.mean(axis=0))


@pytest.fixture(scope="session")
def dihedral() -> Balls:
    """With D2 symmetry."""
    unit = scattered(11, 4)
    return Balls(np.concatenate([unit @ element.T for element in point_group("D2")]))


@pytest.fixture(scope="session")
def views() -> Array:
    """Some hundred rotations at random."""
    return random_rotations(np.random.default_rng(3), 300)
