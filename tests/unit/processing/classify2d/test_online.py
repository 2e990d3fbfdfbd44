from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.processing.classify2d.online import Classification, Plan
from icestream.protocol.checkpoint import read_checkpoint, write_checkpoint

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
    assert purity(finished.group, labelled.view) >= 0.9


def test_angles_and_shifts_bring_particles_of_a_class_together(
    finished: Classification, labelled: Labelled
) -> None:
    for group in np.unique(finished.group):
        mine = finished.group == group
        view = np.bincount(labelled.view[mine]).argmax()
        mine &= labelled.view == view
        offset = np.radians(finished.poses.angle[mine] - labelled.angle[mine])
        assert np.abs(np.exp(1j * offset).mean()) > 0.9
        # A class may be off center as a whole, turned with each particle.
        assert np.median(np.hypot(*(finished.poses.shift - labelled.shift)[mine].T)) < 1.5


def test_is_deterministic(labelled: Labelled) -> None:
    small = labelled.taken(np.arange(200))
    first, second = run(small), run(small)
    assert np.array_equal(first.group, second.group)
    assert np.array_equal(first.references, second.references)
    other = run(small, replace(PLAN, seed=2))
    assert not np.array_equal(first.references, other.references)


def test_goes_on_after_a_checkpoint_as_if_nothing_had_happened(
    labelled: Labelled, tmp_path: Path
) -> None:
    transfer = labelled.transfer(PLAN.grid.rings)
    straight = Classification(PLAN)
    straight.add(labelled.images[:150], transfer[:150])
    write_checkpoint(tmp_path / "state", straight, Classification)
    resumed = read_checkpoint(tmp_path / "state", Classification)
    for each in (straight, resumed):
        each.add(labelled.images[150:300], transfer[150:300])
    assert np.array_equal(straight.group, resumed.group)
    assert np.array_equal(straight.references, resumed.references)


def test_memory_is_bounded_and_everything_stays_in_the_table(labelled: Labelled) -> None:
    done = run(labelled, replace(PLAN, memory=250), batch=100)
    assert len(done.kept) == 250
    assert len(done) == 600
    assert (done.poses.number > 0).all()


def test_a_batch_larger_than_the_memory_is_classified_whole(labelled: Labelled) -> None:
    done = run(labelled, replace(PLAN, memory=150), batch=300)
    assert len(done) == 600
    assert (done.poses.visits > 0).all()
    assert len(done.kept) == 150


def test_two_orders_agree(finished: Classification, labelled: Labelled) -> None:
    """Each class of the one holds the particles of one class of the other, nearly all."""
    order = np.random.default_rng(5).permutation(len(labelled.view))
    other = run(labelled.taken(order))
    other.consolidate(2)
    other.settle()
    group = np.empty(len(order), np.int32)
    group[order] = other.group
    for first, second in ((group, finished.group), (finished.group, group)):
        assert purity(first, second.astype(np.int64)) >= 0.95


def test_finds_how_many_views_there_are(finished: Classification) -> None:
    """Eight classes were allowed; classes of one view are joined."""
    assert (np.bincount(finished.group) >= 20).sum() == 4


def test_classes_keep_their_numbers_and_know_what_they_were_split_from(
    labelled: Labelled,
) -> None:
    plan = replace(PLAN, classes_min=2, classes_max=8, per_class=50)
    done, seen = Classification(plan), {1, 2}
    transfer = labelled.transfer(plan.grid.rings)
    for first in range(0, 600, 150):
        done.add(labelled.images[first : first + 150], transfer[first : first + 150])
        assert (np.diff(done.numbers) > 0).all()
        assert set(done.numbers.tolist()) - seen <= set(range(max(seen) + 1, 100))
        seen |= set(done.numbers.tolist())
        assert set(done.poses.number.tolist()) <= set(done.numbers.tolist())
    assert len(done.numbers) >= 4
    assert done.parents[:2] == [0, 0]
    assert all(0 <= parent < born for born, parent in enumerate(done.parents, 1))
    assert any(done.parents)
    assert len(done.numbers) == len(done.statistics.weight) <= plan.classes(600)


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
