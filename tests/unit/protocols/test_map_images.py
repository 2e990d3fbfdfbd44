"""Which classes make a map, and how their averages and particles are seen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.mrc import write_mrc
from icestream.model import Classes, Optics, column
from icestream.processing.classify2d.incoming import ring_contrast
from icestream.processing.volume.starts import StartPlan
from icestream.protocols.class_files import ParticleSample
from icestream.protocols.map_images import good_classes, observe_averages, observe_particles

BOX, PIXEL, DIAMETER = 32, 4.0, 80.0
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
PLAN = StartPlan(pixel_size=PIXEL, symmetry="C1", resolution=20.0, seed=3)
IMAGES = np.random.default_rng(1).standard_normal((5, BOX, BOX)).astype(np.float32)


@pytest.fixture
def classes(tmp_path: Path) -> Classes:
    """The second shows nothing fine, the third nothing, the fourth has hardly a particle."""
    return Classes(
        averages=write_mrc(tmp_path / "averages.mrcs", IMAGES, PIXEL),
        box=BOX,
        pixel_size=PIXEL,
        counts=column([100, 100, 100, 9, 10]),
        resolution=column([12.0, 41.0, 0.0, 12.0, 39.0]),
        score=column(np.ones(5)),
        assignments=tmp_path / "unused.parquet",
        particles=319,
        iteration=1,
        optics=OPTICS,
    )


def sample(defocus: float = 0.0) -> ParticleSample:
    return ParticleSample(
        images=IMAGES,
        shift=column([[PIXEL * row, -2 * PIXEL * row] for row in range(5)]),
        defocus=np.full(5, defocus),
        phase_shift=column(np.full(5, 20.0)),
    )


def test_classes_that_show_something_are_good(classes: Classes) -> None:
    assert good_classes(classes).tolist() == [True, False, False, False, True]


def test_who_has_judged_the_classes_is_believed(classes: Classes) -> None:
    judged = replace(classes, selected=column([0, 1, 1, 1, 0]))
    assert good_classes(judged).tolist() == [False, True, True, True, False]


def test_averages_of_good_classes_are_seen_and_large_ones_count_for_more(classes: Classes) -> None:
    good = np.array([True, False, True, False, True])
    seen = observe_averages(classes, good, PLAN, DIAMETER)
    assert len(seen) == 3
    assert (seen.box, seen.rings) == (BOX, PLAN.rings(BOX))
    assert seen.diameter == DIAMETER / PIXEL
    assert (seen.transfer == 1).all(), "averages are corrected for the CTF"
    assert (seen.centers == 0).all()
    # Of 100, 100 and 10 particles; none counts for less than 0.3 of the mean.
    np.testing.assert_allclose(seen.weights, [100 / 70, 100 / 70, 0.3], rtol=1e-6)
    whole = observe_averages(classes, np.ones(5, bool), PLAN, DIAMETER)
    np.testing.assert_allclose(seen.spectra, whole.spectra[good], atol=1e-4)  # float32


def test_particles_are_seen_where_they_lie_and_with_their_contrast() -> None:
    seen = observe_particles(sample(15_000.0), OPTICS, PLAN, DIAMETER)
    assert len(seen) == 5
    assert (seen.box, seen.rings) == (BOX, PLAN.rings(BOX))
    assert seen.diameter == DIAMETER / PIXEL
    # What moves an image to bring its particle into the middle is the opposite of where it lies.
    assert seen.centers.tolist() == [[-row, 2 * row] for row in range(5)]
    assert (seen.weights == 1).all()
    wanted = ring_contrast(
        np.full(5, 15_000.0), np.full(5, 20.0), OPTICS, PLAN.rings(BOX), BOX * PIXEL
    )
    assert np.array_equal(seen.transfer, wanted)
    assert seen.transfer.std() > 0.1


def test_particles_of_no_known_defocus_are_seen_as_they_are() -> None:
    seen = observe_particles(sample(), OPTICS, PLAN, DIAMETER)
    assert (seen.transfer == 1).all()


def test_the_seed_divides_the_images_into_halves() -> None:
    one, same, other = (
        observe_particles(sample(), OPTICS, replace(PLAN, seed=seed), DIAMETER).halves.tolist()
        for seed in (3, 3, 4)
    )
    assert one == same
    assert one != other
    assert sorted(one) == [0, 0, 0, 1, 1]
