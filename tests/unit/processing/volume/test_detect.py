import numpy as np

from balls import Balls, scattered
from icestream.processing.volume.align import turn
from icestream.processing.volume.detect import find_symmetries
from icestream.processing.volume.rotations import euler_rotations
from icestream.processing.volume.symmetry import point_group

SHELLS = np.arange(2, 9)
ROTATION = euler_rotations(33.0, 71.0, 12.0)


def test_dihedral_symmetry_is_found_with_its_axes(dihedral: Balls) -> None:
    volume = turn(dihedral.volume(), ROTATION, 13)
    found = {each.name: each for each in find_symmetries((volume, volume), SHELLS)}
    assert found["C2"].agreement > 0.95
    assert found["D2"].agreement > 0.95
    assert found["D2"].weakest > 0.9
    assert max(each.weakest for name, each in found.items() if name not in ("C2", "D2")) < 0.5
    upright = turn(volume, found["D2"].rotation, 12)
    for element in point_group("D2"):
        assert np.abs(turn(upright, element, 12) - upright).max() < 0.15 * upright.max()


def test_a_cube_shows_its_group_and_all_that_are_in_it() -> None:
    unit = scattered(5, 2)
    cube = Balls(np.concatenate([unit @ element.T for element in point_group("O")]))
    volume = turn(cube.volume(), ROTATION, 13)
    found = {each.name: each for each in find_symmetries((volume, volume), SHELLS)}
    for name in ("C2", "C3", "C4", "D2", "D3", "D4", "T", "O"):
        assert found[name].weakest > 0.85, name
    assert max(found[name].weakest for name in ("C5", "C7", "D5", "I") if name in found) < 0.6


def test_a_lopsided_particle_has_none(lopsided: Balls) -> None:
    volume = lopsided.volume()
    found = find_symmetries((volume, volume), SHELLS)
    assert all(each.agreement < 0.6 for each in found)


def test_noise_takes_nothing_from_a_true_symmetry(dihedral: Balls) -> None:
    """One half with the other turned, over one half with the other: noise is in both."""
    volume = dihedral.volume()
    rng = np.random.default_rng(1)
    noise = volume.std() * rng.standard_normal((2, *volume.shape)).astype(np.float32)
    found = find_symmetries(
        (volume + noise[0], volume + noise[1]), np.arange(2, 8), ("C2", "D2", "C3")
    )
    told = {each.name: each.agreement for each in found}
    assert abs(told["C2"] - 1.0) < 0.06
    assert abs(told["D2"] - 1.0) < 0.06
    assert told.get("C3", 0.0) < 0.6
