import numpy as np

from icestream.processing.classify2d.averages import (
    class_averages,
    class_counts,
    class_quality,
    resolution_of_halves,
)
from icestream.processing.classify2d.online import Classification, ClassificationPlan

from .conftest import BOX, DIAMETER, PIXEL, Labelled, draw

PLAN = ClassificationPlan(
    box=BOX, pixel_size=PIXEL, diameter=DIAMETER, resolution=16.0, classes_min=5, classes_max=5
)


def classified(data: Labelled) -> Classification:
    done = Classification(PLAN)
    done.add(data.images[:300], data.transfer(PLAN.grid.rings)[:300])
    done.consolidate(2)
    done.settle()
    return done


def test_averages_show_the_views(labelled: Labelled) -> None:
    done = classified(labelled)
    averages, counts = class_averages(done), class_counts(done)
    quality = class_quality(done)
    assert averages.shape == (len(done.numbers), BOX, BOX)
    assert counts.sum() == 300
    angles = np.arange(0, 360, 5.625)
    for group in np.flatnonzero(counts >= 40):
        mine = done.group == group
        view = int(np.bincount(labelled.view[:300][mine]).argmax())
        fits = []
        for angle in angles:
            spectrum = np.fft.rfft2(draw(view, angle, np.zeros(2)))
            cross = np.fft.irfft2(spectrum.conj() * np.fft.rfft2(averages[group]), s=(BOX, BOX))
            fits.append(cross.max() / BOX**2)
        norm = np.std(averages[group]) * np.std(draw(view, 0.0, np.zeros(2)))
        mean = averages[group].mean() * draw(view, 0.0, np.zeros(2)).mean()
        assert (max(fits) - mean) / norm > 0.75
        assert 12.0 < quality.resolution[group] < 60.0
        assert 0.2 < quality.agreement[group] <= 1.0


def test_nothing_yet_is_black() -> None:
    done = Classification(PLAN)
    assert not class_averages(done).any()
    assert class_counts(done).tolist() == [0] * 5
    quality = class_quality(done)
    assert not quality.resolution.any()
    assert not quality.agreement.any()


def test_a_resolution_that_shows_no_detail_of_the_particle_is_unknown() -> None:
    agree = np.zeros((6, 20), dtype=np.float32)
    for rings, row in zip((0, 1, 2, 3, 4, 20), agree, strict=True):
        row[:rings] = 0.9
    # The first ring alone is the box itself.
    known = resolution_of_halves(agree, extent=195.0, diameter=130.0)
    assert known.tolist() == [0.0, 0.0, 0.0, 0.0, 48.75, 9.75]
    # What matters is the particle, however large its box.
    assert resolution_of_halves(agree, extent=195.0, diameter=140.0)[3] == 65.0
    assert resolution_of_halves(agree, extent=195.0, diameter=80.0)[4] == 0.0


def test_a_resolution_stays_what_it_was_where_details_are_seen() -> None:
    agree = np.full((1, 16), 0.9, dtype=np.float32)
    agree[0, 7] = 0.49
    assert resolution_of_halves(agree, 210.0, 140.0).tolist() == [30.0]
