import pickle
from dataclasses import replace

import numpy as np
import pytest

from icestream.processing.classify2d.online import Classification, Plan

from .conftest import BOX, DIAMETER, PIXEL, Labelled, make_labelled, purity

PLAN = Plan(
    box=BOX,
    pixel_size=PIXEL,
    diameter=DIAMETER,
    resolution=16.0,
    classes_min=6,
    classes_max=8,
    max_shift=15.0,
    seed=1,
)


def run(data: Labelled, plan: Plan = PLAN, batch: int = 200) -> Classification:
    done = Classification(plan)
    transfer = data.transfer(plan.grid.rings)
    for first in range(0, len(data.view), batch):
        part = slice(first, first + batch)
        done.add(data.images[part], transfer[part])
    return done


@pytest.fixture(scope="module")
def finished(labelled: Labelled) -> Classification:
    done = run(labelled)
    done.consolidate(2)
    done.settle()
    return done


def test_separates_the_views(finished: Classification, labelled: Labelled) -> None:
    assert purity(finished.poses.group, labelled.view) >= 0.9


def test_angles_and_shifts_bring_particles_of_a_class_together(
    finished: Classification, labelled: Labelled
) -> None:
    for group in np.unique(finished.poses.group):
        mine = finished.poses.group == group
        view = np.bincount(labelled.view[mine]).argmax()
        mine &= labelled.view == view
        offset = np.radians(finished.poses.angle[mine] - labelled.angle[mine])
        assert np.abs(np.exp(1j * offset).mean()) > 0.9
        # A class may be off center as a whole, turned with each particle.
        assert np.median(np.hypot(*(finished.poses.shift - labelled.shift)[mine].T)) < 1.5


def test_is_deterministic(labelled: Labelled) -> None:
    small = Labelled(
        labelled.images[:200],
        labelled.defocus[:200],
        labelled.view[:200],
        labelled.angle[:200],
        labelled.shift[:200],
    )
    first, second = run(small), run(small)
    assert np.array_equal(first.poses.group, second.poses.group)
    assert np.array_equal(first.references, second.references)
    other = run(small, replace(PLAN, seed=2))
    assert not np.array_equal(first.references, other.references)


def test_goes_on_after_a_checkpoint_as_if_nothing_had_happened(labelled: Labelled) -> None:
    transfer = labelled.transfer(PLAN.grid.rings)
    straight = Classification(PLAN)
    straight.add(labelled.images[:150], transfer[:150])
    resumed = pickle.loads(pickle.dumps(straight))
    for each in (straight, resumed):
        each.add(labelled.images[150:300], transfer[150:300])
    assert np.array_equal(straight.poses.group, resumed.poses.group)
    assert np.array_equal(straight.references, resumed.references)


def test_memory_is_bounded_and_everything_stays_in_the_table(labelled: Labelled) -> None:
    done = run(labelled, replace(PLAN, memory=250), batch=100)
    assert len(done.images) == len(done.rows) == len(done.transfer) == 250
    assert len(done) == 600
    assert (done.poses.group >= 0).all()
    assert (np.diff(done.rows) > 0).all()
    # Early and late particles are equally likely to be kept.
    assert 80 < (done.rows < 300).sum() < 170


def test_a_batch_larger_than_the_memory_is_classified_whole(labelled: Labelled) -> None:
    done = run(labelled, replace(PLAN, memory=150), batch=300)
    assert len(done) == 600
    assert (done.poses.group >= 0).all()
    assert len(done.rows) == 150


def test_classes_open_as_particles_come(labelled: Labelled) -> None:
    plan = replace(PLAN, classes_min=3, classes_max=10, per_class=100)
    done = Classification(plan)
    transfer = labelled.transfer(plan.grid.rings)
    seen = []
    for first in range(0, 600, 150):
        done.add(labelled.images[first : first + 150], transfer[first : first + 150])
        seen.append(len(done.statistics.weight))
    assert seen == [3, 3, 4, 6]
    assert done.references is not None
    assert len(done.references) == 6


def test_nothing_added_changes_nothing() -> None:
    done = Classification(PLAN)
    done.add(np.zeros((0, BOX, BOX), np.float32), np.zeros((0, PLAN.grid.rings), np.float32))
    done.consolidate()
    done.settle()
    assert len(done) == 0
    assert done.references is None


def test_pure_noise_does_not_gain_resolution() -> None:
    noise = make_labelled(300, 1, 1e-6, 9)
    done = run(noise, replace(PLAN, resolution=13.0))
    done.consolidate(3)
    assert done.rings < PLAN.finest
    assert np.isfinite(done.references).all()
