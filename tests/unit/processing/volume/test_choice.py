import numpy as np
import pytest

from balls import Balls
from icestream.processing.volume.align import symmetrized, turn
from icestream.processing.volume.choice import choose_symmetry, prefer
from icestream.processing.volume.rotations import euler_rotations
from icestream.processing.volume.slices import Map
from icestream.processing.volume.symmetry import point_group


@pytest.mark.parametrize(
    ("gains", "plain", "chosen"),
    [
        ({}, (), "C1"),
        ({"C2": 0.1}, (), "C1"),  # within the error
        ({"C2": 0.5}, (), "C2"),
        ({"C2": 0.5, "D2": 0.48, "D4": -2.0}, (), "D2"),  # equally good, and larger
        ({"C2": 0.5, "D2": 0.2}, (), "C2"),
        ({"O": -0.1}, ("O",), "O"),  # the map shows it, no particle speaks against it
        ({"O": -1.0}, ("O",), "C1"),
    ],
)
def test_particles_speak_for_a_symmetry(
    gains: dict[str, float], plain: tuple[str, ...], chosen: str
) -> None:
    told = {"C1": np.full(200, 10.0, np.float32)}
    for number, (name, gain) in enumerate(gains.items()):
        noise = np.random.default_rng(number).standard_normal(200).astype(np.float32)
        told[name] = told["C1"] + np.float32(gain) + noise - noise.mean()
    assert prefer(told, "C1", plain) == chosen


def test_the_largest_group_that_fits_is_chosen(dihedral: Balls) -> None:
    volume = turn(dihedral.volume(), euler_rotations(33.0, 71.0, 12.0), 13)

    def impose(name: str, laid: Map | None) -> Map:
        body = volume if laid is None else laid
        return symmetrized(body, point_group(name), 13)

    def judge(name: str, candidate: Map) -> np.ndarray:
        """What is lost of the density that the map had, as particles would miss it."""
        kept = float(np.square(candidate).sum() / np.square(volume).sum())
        return np.full(50, 20.0 * kept, dtype=np.float32)

    chosen, found, trials = choose_symmetry(volume, "C1", 8, impose, judge, ("I",))
    assert chosen == "D2"
    assert found.shape == volume.shape
    assert trials[0].name == "C1"
    assert {"D2", "C2", "I"} <= {trial.name for trial in trials}
    told = {trial.name: trial.likelihood for trial in trials}
    assert told["I"] < told["D2"]
