import numpy as np
import pytest

from balls import BOX, DIAMETER, Array, Balls, scattered
from icestream.processing.volume.align import turn
from icestream.processing.volume.choice import contenders, largest, prefer, shown_symmetry
from icestream.processing.volume.detect import Candidate
from icestream.processing.volume.fsc import fourier_shell_correlation
from icestream.processing.volume.refine import Observations, observe
from icestream.processing.volume.rotations import euler_rotations
from icestream.processing.volume.slices import Map, soft_sphere
from icestream.processing.volume.starts import Plan, start_map
from icestream.processing.volume.symmetry import point_group

ROTATION = euler_rotations(33.0, 71.0, 12.0)
PLAN = Plan(pixel_size=6.0, resolution=27.0, starts=1)


def particle(group: str, seed: int) -> Balls:
    """Balls at general places, with the symmetry of a group and no other."""
    each = max(1, 12 // len(point_group(group)))
    places = np.concatenate([scattered(seed, each) @ g.T for g in point_group(group)])
    return Balls(places - places.mean(axis=0))


def noisy_halves(volume: Map, level: float, seed: int) -> tuple[Map, Map]:
    """Two maps with white noise inside the mask."""
    rng = np.random.default_rng(seed)
    mask = soft_sphere(BOX, 0.55 * DIAMETER, 2.0)
    noise = level * float(volume.std()) * rng.standard_normal((2, BOX, BOX, BOX))
    first, second = ((volume + each) * mask for each in noise.astype(np.float32))
    return first, second


def silent(_: Candidate) -> bool:
    """Particles that speak for nothing."""
    return False


@pytest.mark.parametrize("group", ["C3", "C4", "D2", "D3", "T", "O", "I"])
def test_noisy_halves_show_the_symmetry_and_no_larger_one(group: str) -> None:
    volume = turn(particle(group, 5).volume(), ROTATION, 13)
    halves = noisy_halves(volume, 1.0, 1)
    assert fourier_shell_correlation(*halves)[10] < 0.5
    shown = shown_symmetry(halves, 12, "C1", silent)
    assert shown is not None
    assert shown.name == group
    assert shown.agreement == pytest.approx(1.0, abs=0.06)
    upright = turn(volume, shown.rotation, 12)
    for element in point_group(group)[:6]:
        assert np.abs(turn(upright, element, 12) - upright).max() < 0.3 * upright.max()


@pytest.mark.parametrize("seed", range(3))
def test_a_particle_without_symmetry_is_given_none(seed: int) -> None:
    halves = noisy_halves(particle("C1", seed).volume(), 1.0, seed)
    assert shown_symmetry(halves, 12, "C1", silent) is None


def test_noise_alone_has_no_symmetry() -> None:
    empty = np.zeros((BOX, BOX, BOX), np.float32)
    empty[0, 0, 0] = 1.0  # outside the mask, for the level of the noise
    halves = noisy_halves(empty, 1.0, 1)
    assert shown_symmetry(halves, 12, "C1", silent) is None


def test_a_subgroup_that_was_imposed_is_outgrown() -> None:
    """A cube taken for a prism (D3), and a part of the icosahedron taken for a tetrahedron."""
    for group, part in (("O", "D3"), ("I", "T")):
        halves = noisy_halves(particle(group, 5).volume(ROTATION), 0.6, 2)
        shown = shown_symmetry(halves, 12, part, silent)
        assert shown is not None
        assert shown.name == group
        assert shown_symmetry(halves, 12, group, silent) is None


def test_a_broken_symmetry_is_not_given() -> None:
    """Four subunits around an axis, of which one is turned: C4 no more, not even C2."""
    unit = scattered(3, 5)
    copies = [unit @ element.T for element in point_group("C4")]
    copies[1] = copies[1] @ euler_rotations(0.0, 80.0, 0.0).T
    places = np.concatenate(copies)
    halves = noisy_halves(Balls(places - places.mean(axis=0)).volume(), 0.5, 1)
    assert shown_symmetry(halves, 12, "C1", silent) is None


def candidate(name: str, agreement: float, weakest: float) -> Candidate:
    """At random 0.2: half the way to 1 is 0.6, four fifths are 0.84."""
    return Candidate(name, np.eye(3, dtype=np.float32), agreement, weakest, background=0.2)


def test_the_largest_of_those_that_hold_is_taken() -> None:
    found = [candidate("C3", 0.92, 0.9), candidate("D3", 0.9, 0.85), candidate("D6", 0.8, 0.7)]
    shown = largest(found, lambda _: True)
    assert shown is not None
    assert shown.name == "D3"  # D6 is possible, but agrees less
    assert largest([candidate("O", 0.7, 0.1)], lambda _: True) is None


def test_particles_decide_where_the_halves_leave_it_open() -> None:
    asked = []

    def speak_for(each: Candidate) -> bool:
        asked.append(each.name)
        return each.name == "C2"

    clear, open_, wrong = (candidate("C2", 0.9, weakest) for weakest in (0.85, 0.83, 0.59))
    assert largest([clear], speak_for) is clear
    assert asked == []
    assert largest([open_], speak_for) is open_
    assert largest([candidate("D2", 0.9, 0.7), open_], speak_for) is open_
    assert asked == ["C2", "D2", "C2"]
    assert largest([wrong], speak_for) is None
    assert asked == ["C2", "D2", "C2"]


@pytest.mark.parametrize(
    ("gains", "chosen"),
    [
        ({}, "C1"),
        ({"C2": 0.1}, "C1"),  # within the error
        ({"C2": 0.5}, "C2"),
        ({"C2": 0.5, "D2": 0.48, "D4": -2.0}, "D2"),  # equally good, and larger
        ({"C2": 0.5, "D2": 0.2}, "C2"),
        ({"O": -0.1}, "C1"),
    ],
)
def test_particles_speak_for_a_symmetry(gains: dict[str, float], chosen: str) -> None:
    told = {"C1": np.full(200, 10.0, np.float32)}
    for number, (name, gain) in enumerate(gains.items()):
        noise = np.random.default_rng(number).standard_normal(200).astype(np.float32)
        told[name] = told["C1"] + np.float32(gain) + noise - noise.mean()
    assert prefer(told, "C1") == chosen


def test_the_map_without_symmetry_stays_a_contender(dihedral: Balls, views: Array) -> None:
    def seen(part: Array, noise: float) -> Observations:
        images = dihedral.images(part, np.zeros((len(part), 2)))
        images /= images.std()
        random = np.random.default_rng(1)
        images += noise * random.standard_normal(images.shape).astype(np.float32)
        return observe(images, np.ones((len(part), PLAN.rings(BOX)), np.float32), DIAMETER)

    averages, held = seen(views[:15], 0.3), seen(views[100:140], 1.5)
    random = np.random.default_rng(2)
    volume = start_map(averages, "C1", PLAN, random)
    found = contenders(volume, averages, held, PLAN, random)
    assert found.maps["C1"] is volume
    assert len(found.maps) <= 2
    assert found.trials[0].name == "C1"
    assert {"T", "O", "I"} <= {trial.name for trial in found.trials}
    told = {trial.name: trial.likelihood for trial in found.trials}
    assert max(told["T"], told["O"], told["I"]) < max(told.values())
