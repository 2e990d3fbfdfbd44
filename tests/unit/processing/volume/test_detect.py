import numpy as np

from balls import Balls, scattered
from icestream.processing.volume.align import turn
from icestream.processing.volume.detect import find_symmetries
from icestream.processing.volume.rotations import euler_rotations
from icestream.processing.volume.symmetry import point_group

ROTATION = euler_rotations(33.0, 71.0, 12.0)


def test_dihedral_symmetry_is_found_with_its_axes(dihedral: Balls) -> None:
    volume = turn(dihedral.volume(), ROTATION, 13)
    found = {each.name: each for each in find_symmetries(volume, 8)}
    assert found["C2"].agreement > 0.95
    assert found["D2"].agreement > 0.95
    assert max(each.agreement for name, each in found.items() if name not in ("C2", "D2")) < 0.7
    upright = turn(volume, found["D2"].rotation, 12)
    for element in point_group("D2"):
        assert np.abs(turn(upright, element, 12) - upright).max() < 0.15 * upright.max()


def test_a_cube_shows_its_group_and_all_that_are_in_it() -> None:
    unit = scattered(5, 2)
    cube = Balls(np.concatenate([unit @ element.T for element in point_group("O")]))
    found = {
        each.name: each.agreement for each in find_symmetries(turn(cube.volume(), ROTATION, 13), 8)
    }
    for name in ("C2", "C3", "C4", "D2", "D3", "D4", "T", "O"):
        assert found[name] > 0.85, name
    assert max(found.get(name, 0.0) for name in ("C5", "C7", "D5", "I")) < 0.6


def test_a_lopsided_particle_has_none(lopsided: Balls) -> None:
    assert all(each.agreement < 0.6 for each in find_symmetries(lopsided.volume(), 8))
