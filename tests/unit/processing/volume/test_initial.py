import numpy as np
import pytest

from balls import BOX, DIAMETER, Array, Balls
from icestream.processing.simulate.placement import random_rotations
from icestream.processing.volume.align import align
from icestream.processing.volume.coverage import sampling_efficiency
from icestream.processing.volume.fsc import (
    AGREED,
    at_limit,
    fourier_shell_correlation,
    resolution_at,
)
from icestream.processing.volume.initial import better_map, first_map, improve_map
from icestream.processing.volume.refine import Observations, observe
from icestream.processing.volume.rotations import euler_rotations, views_along
from icestream.processing.volume.starts import StartPlan
from icestream.processing.volume.symmetry import point_group

PLAN = StartPlan(pixel_size=6.0, resolution=20.0, symmetry="D2", starts=2, seed=3)


def seen(balls: Balls, views: Array, noise: float, seed: int) -> Observations:
    rng = np.random.default_rng(seed)
    shifts = rng.normal(0.0, 0.5, (len(views), 2))
    images = balls.images(views, shifts)
    images /= images.std()
    images += noise * rng.standard_normal(images.shape).astype(np.float32)
    contrast = rng.choice([-1.0, 1.0], (len(views), 1)) * np.ones(PLAN.rings(BOX))
    images *= contrast[:, :1, None].astype(np.float32)
    return observe(images, contrast.astype(np.float32), DIAMETER)


def averages_of(dihedral: Balls, views: Array) -> Observations:
    averages = seen(dihedral, views[:25], 0.3, 2)
    averages.spectra *= averages.transfer[:, :, None]
    averages.transfer[:] = 1.0
    return averages


@pytest.mark.slow
def test_an_unknown_symmetry_is_found(dihedral: Balls, views: Array) -> None:
    particles = seen(dihedral, views, 2.0, 1)
    plan = StartPlan(pixel_size=6.0, resolution=20.0, starts=2, seed=3)
    found = first_map(averages_of(dihedral, views), particles, plan)
    assert found.symmetry == "D2"
    assert found.symmetries[0].name == "C1"
    assert {"T", "O", "I"} <= {trial.name for trial in found.symmetries}


def test_a_map_is_found_and_improved(dihedral: Balls, views: Array) -> None:
    particles = seen(dihedral, views, 2.0, 1)
    found = first_map(averages_of(dihedral, views), particles, PLAN)
    truth = dihedral.volume()
    assert found.symmetry == "D2"
    laid = align(truth, found.volume, 7)
    assert fourier_shell_correlation(truth, laid.volume)[1:8].min() > 0.7
    assert found.correlation[1:7].min() > 0.5
    assert found.volume.shape == truth.shape
    assert len(found.starts) == 2
    assert found.symmetries == ()
    assert found.views.shape == (300, 3)
    more = seen(dihedral, random_rotations(np.random.default_rng(9), 300), 2.0, 4)
    better = improve_map(found, more, PLAN)
    assert better.symmetry == "D2"
    assert align(truth, better.volume, 7).correlation > 0.8
    noise = np.random.default_rng(1).random(truth.shape).astype(np.float32)
    worse = type(found)(**{**_fields(found), "volume": noise * found.volume.std()})
    assert better_map(worse, better, more, PLAN) is better
    assert better_map(better, worse, more, PLAN) is better


def _fields(found: object) -> dict[str, object]:
    return {name: getattr(found, name) for name in found.__slots__}  # type: ignore[attr-defined]


def test_rings_join_as_long_as_the_halves_agree(dihedral: Balls, views: Array) -> None:
    """However few particles there are: three hundred are looked at once before the last look."""
    plan = StartPlan(pixel_size=6.0, resolution=13.0, symmetry="D2", starts=2, seed=3)
    images = dihedral.images(views, np.zeros((len(views), 2)))
    images = images / images.std()
    images += 0.5 * np.random.default_rng(1).standard_normal(images.shape).astype(np.float32)
    particles = observe(images, np.ones((len(images), plan.rings(BOX)), np.float32), DIAMETER)
    found = first_map(particles.part(np.arange(25)), particles, plan)
    assert plan.ring(BOX, 13.0) == 12
    reached = resolution_at(found.correlation, AGREED, BOX * 6.0)
    # Either the last ring that was asked for, or one that the halves no longer agree on.
    assert found.rings == 12 or not at_limit(found.correlation, AGREED)
    assert reached < 18.0
    assert len(found.correlation) == found.rings + 1
    assert 4.0 <= found.spacing <= 30.0


def test_particles_that_lie_on_one_side_leave_a_low_efficiency(dihedral: Balls) -> None:
    """95 % are seen from within 6 degrees of one direction, the others from anywhere."""
    random = np.random.default_rng(4)
    turned = random_rotations(random, 300)
    above = np.array([0.0, 0.0, 1.0]) + 0.1 * random.standard_normal((285, 3))
    spins = np.stack([euler_rotations(0.0, 0.0, angle) for angle in random.uniform(0, 360, 285)])
    turned[:285] = spins @ views_along(above.astype(np.float32))
    averages = averages_of(dihedral, turned[::-1])
    efficiency = {}
    for name, views in {"even": random_rotations(random, 300), "one side": turned}.items():
        found = first_map(averages, seen(dihedral, views, 1.0, 1), PLAN)
        efficiency[name] = sampling_efficiency(
            found.views, point_group("D2"), spacing=found.spacing
        )
    assert efficiency["even"] > 0.6
    assert efficiency["one side"] < 0.3


@pytest.mark.parametrize(
    ("box", "pixel_size", "resolution", "diameter", "symmetry"),
    [
        (8, 6.0, 10.0, 40.0, "auto"),
        (12, 6.0, 10.0, 40.0, "auto"),
        (24, 4.0, 10.0, 65.0, "auto"),
        (24, 5.0, 30.0, 60.0, "I"),
        (24, 5.0, 30.0, 20.0, "C99"),
        (10, 10.0, 30.0, 300.0, "O"),
    ],
)
def test_the_least_there_may_be_makes_a_map(
    box: int, pixel_size: float, resolution: float, diameter: float, symmetry: str
) -> None:
    """Small particles, small boxes, few classes, few particles, and nothing but noise in them."""
    plan = StartPlan(
        pixel_size=pixel_size, resolution=resolution, symmetry=symmetry, starts=2, seed=1
    )
    noise = np.random.default_rng(1).standard_normal((100, box, box)).astype(np.float32)
    contrast = np.ones((100, plan.rings(box)), np.float32)
    particles = observe(noise, contrast, diameter / pixel_size)
    found = first_map(particles.part(np.arange(3)), particles, plan)
    found = improve_map(found, particles, plan)
    assert found.volume.shape == (box, box, box)
    assert np.isfinite(found.volume).all()
    assert np.isfinite(found.correlation).all()


def test_a_particle_below_a_hundred_angstroms_is_found(dihedral: Balls, views: Array) -> None:
    """66 Å: directions are so far apart that the unit of I has hardly one of them."""
    plan = StartPlan(pixel_size=3.0, resolution=10.0, starts=2, seed=3)
    images = dihedral.images(views, np.zeros((len(views), 2)))
    images = images / images.std()
    images += np.random.default_rng(1).standard_normal(images.shape).astype(np.float32)
    particles = observe(images, np.ones((len(images), plan.rings(BOX)), np.float32), DIAMETER)
    found = first_map(particles.part(np.arange(25)), particles, plan)
    assert "I" in {trial.name for trial in found.symmetries}
    assert align(dihedral.volume(), found.volume, 7).correlation > 0.7


def test_too_little_is_refused(dihedral: Balls, views: Array) -> None:
    some = seen(dihedral, views[:120], 1.0, 1)
    with pytest.raises(ValueError, match="3 class averages and 100 particles, found 2 and 120"):
        first_map(some.part(np.arange(2)), some, PLAN)
    with pytest.raises(ValueError, match="found 120 and 99"):
        first_map(some, some.part(np.arange(99)), PLAN)
    with pytest.raises(ValueError, match="no point group is called 'D'"):
        first_map(some, some, StartPlan(pixel_size=6.0, symmetry="D"))
