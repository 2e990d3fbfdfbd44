import numpy as np

from icestream.processing.classify2d.averages import (
    class_averages,
    class_counts,
    class_quality,
)
from icestream.processing.classify2d.online import Classification, Plan

from .conftest import BOX, DIAMETER, PIXEL, Labelled, draw

PLAN = Plan(
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
