import numpy as np
import pytest

from icestream.processing.classify2d.online import Classification, ClassificationPlan
from icestream.processing.classify2d.polar import PolarGrid
from icestream.processing.classify2d.scores import class_scores, detail, enclosure, structure

from .conftest import BOX, DIAMETER, PIXEL, Labelled, draw

RADIUS = 9.0
Y, X = np.mgrid[:64, :64] - 32.0


def ball(y: float, x: float, width: float) -> np.ndarray:
    return np.exp(-((Y - y) ** 2 + (X - x) ** 2) / (2 * width**2))


def test_a_particle_is_enclosed_and_an_edge_or_a_pair_is_not() -> None:
    particle = ball(2, 3, 2.5) + ball(-3, -2, 2.0)
    edge = 1.0 / (1.0 + np.exp(-(X + 2 * Y)))
    pair = ball(0, 11, 3) + ball(0, -11, 3)
    found = enclosure(np.stack([particle, edge, pair, 5.0 - 3.0 * particle]), RADIUS)
    assert found[0] > 0.99
    assert found[1:3].tolist() == [0.0, 0.0]
    # Neither the grey level nor its sign matter.
    assert found[3] == pytest.approx(found[0], abs=1e-6)


def test_a_drop_has_no_structure_and_a_particle_has() -> None:
    drop, off = ball(0, 0, 4.0), ball(2.0, -1.0, 3.2)
    particle = ball(3, 3, 2.0) + ball(-4, 0, 2.0) + ball(2, -4, 2.0)
    found = structure(np.stack([drop, off, particle, np.zeros((64, 64))]), RADIUS)
    assert found[:2].max() < 0.05
    assert found[2] > 0.4
    assert found[3] == 0.0


def test_a_particle_has_details_and_drops_have_none() -> None:
    grid = PolarGrid(64, 24, 128)
    particle = sum(ball(y, x, 1.1) for y, x in [(3, 3), (-4, 0), (2, -4), (0, 1), (6, -1)])
    images = np.stack([ball(0, 0, 5.0), ball(4, 0, 3.0) + ball(-4, 1, 3.0), particle])
    power = np.square(np.abs(grid.spectra(images.astype(np.float32)))).sum(axis=2)
    found = detail(power * np.arange(1, 25), RADIUS / 64)
    assert found[:2].max() < 0.01
    assert found[2] > 0.02


def test_detail_is_the_part_of_the_power_beyond_three_over_the_diameter() -> None:
    power = np.zeros((3, 12), np.float32)
    power[0, 3], power[1, 9], power[2, [1, 8]] = 5.0, 2.0, (3.0, 1.0)
    # A diameter of half the box: from ring 6 on, which is not beyond.
    assert np.allclose(detail(power, 0.25), [0.0, 1.0, 0.25])


def test_classes_of_particles_score_higher_than_junk(labelled: Labelled) -> None:
    plan = ClassificationPlan(
        box=BOX, pixel_size=PIXEL, diameter=DIAMETER, resolution=16.0, per_class=60, seed=1
    )
    rng = np.random.default_rng(8)
    y, x = np.mgrid[:BOX, :BOX] - BOX // 2
    turn, far = rng.uniform(0, 2 * np.pi, (240, 1, 1)), rng.uniform(-5, 5, (240, 1, 1))
    edges = 1.5 / (1 + np.exp(-(x * np.cos(turn) + y * np.sin(turn) - far)))
    edges = edges - edges.mean(axis=(1, 2), keepdims=True) + rng.standard_normal(edges.shape)
    images = np.concatenate([labelled.images[:600], edges.astype(np.float32)])
    transfer = np.concatenate([np.tile(labelled.transfer(plan.grid.rings), (2, 1))[:840]])
    junk = np.arange(840) >= 600
    order = rng.permutation(840)
    done = Classification(plan)
    done.add(images[order], transfer[order])
    done.consolidate(2)
    done.settle()
    score = class_scores(done).score
    share = np.bincount(done.group, junk[order], len(score)) / np.bincount(done.group)
    assert (share > 0.5).any()
    assert score[share < 0.5].min() > score[share > 0.5].max()


def test_a_drawn_view_scores_well() -> None:
    views = np.stack([draw(view, 0.0, np.zeros(2)) for view in range(3)])
    radius = 0.5 * DIAMETER / PIXEL
    assert enclosure(views, radius).min() > 0.9
    assert structure(views, radius).min() > 0.1


def test_nothing_yet_scores_nothing() -> None:
    plan = ClassificationPlan(
        box=BOX, pixel_size=PIXEL, diameter=DIAMETER, classes_min=3, classes_max=3
    )
    assert class_scores(Classification(plan)).score.tolist() == [0.0, 0.0, 0.0]
