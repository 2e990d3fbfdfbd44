import numpy as np
import pytest

from balls import BOX, DIAMETER, Array, Balls
from icestream.processing.volume.align import align
from icestream.processing.volume.fsc import fourier_shell_correlation
from icestream.processing.volume.refine import Observations, observe
from icestream.processing.volume.slices import cube_of, volume_of
from icestream.processing.volume.starts import (
    StartPlan,
    begin,
    compare_starts,
    frame_of,
    judge,
    search,
    start_map,
)

PLAN = StartPlan(pixel_size=6.0, resolution=18.0, symmetry="D2", seed=1)


def seen(balls: Balls, views: Array, noise: float, seed: int = 1) -> Observations:
    images = balls.images(views, np.zeros((len(views), 2)))
    images /= images.std()
    rng = np.random.default_rng(seed)
    images += noise * rng.standard_normal(images.shape).astype(np.float32)
    return observe(images, np.ones((len(views), PLAN.rings(BOX)), np.float32), DIAMETER)


def test_rings_and_the_working_box_follow_the_resolution() -> None:
    assert PLAN.ring(BOX, 24.0) == 8
    assert PLAN.ring(BOX, 1000.0) == 4
    assert PLAN.rings(BOX) == 12
    ones = np.zeros((3, BOX, BOX), np.float32)
    few = observe(ones, np.ones((3, 7), np.float32), DIAMETER)
    frame = frame_of(few)
    assert (frame.box, frame.image_box) == (20, BOX)
    assert frame.radius / frame.box == pytest.approx(0.55 * DIAMETER / BOX)
    # Finer detail asks for a finer search.
    assert search(few, 6).spacing < search(few, 4).spacing


def test_a_random_start_finds_a_particle(dihedral: Balls, views: Array) -> None:
    """Of three starts the one that held-out images prefer is the particle, of either hand."""
    averages, held = seen(dihedral, views[:40], 0.3), seen(dihedral, views[100:160], 1.0, 2)
    random = np.random.default_rng(2)
    maps = [start_map(averages, "D2", PLAN, random) for _ in range(3)]
    told = np.array([judge(each, held, "D2", PLAN) for each in maps])
    order = np.argsort(-told.mean(axis=1))
    box = len(maps[0])
    truth = volume_of(cube_of(dihedral.volume(), 8, BOX), box, BOX)
    laid = align(truth, maps[order[0]], 7)
    assert fourier_shell_correlation(truth, laid.volume)[1:7].min() > 0.8
    again = judge(maps[0], held, "D2", PLAN)
    assert np.array_equal(again, told[0])
    trials = compare_starts([maps[place] for place in order], told[order], 7)
    assert trials[0].agreement == 1.0
    assert trials[0].likelihood == max(trial.likelihood for trial in trials)
    known = start_map(averages, "D2", PLAN, random, maps[order[0]])
    assert align(truth, known, 7).correlation > 0.8


def test_a_wrong_map_is_less_likely(dihedral: Balls, lopsided: Balls, views: Array) -> None:
    held = seen(dihedral, views[:50], 1.0)
    box = frame_of(held).box
    right, wrong = (
        volume_of(cube_of(each.volume() * 0.8, 8, BOX), box, BOX) for each in (dihedral, lopsided)
    )
    assert judge(right, held, "D2", PLAN).mean() > judge(wrong, held, "C1", PLAN).mean() + 2.0
    assert begin(right, held, "D2", PLAN, np.random.default_rng(1)).rings == PLAN.ring(BOX, 20.0)
