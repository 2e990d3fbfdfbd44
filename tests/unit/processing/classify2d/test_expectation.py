import numpy as np
import pytest

from icestream.processing.classify2d.expectation import (
    ClassExpectation,
    ClassMatching,
    expect,
    reference_power,
    shift_grid,
)
from icestream.processing.classify2d.polar import PolarGrid

from .conftest import BOX, draw, make_labelled

GRID = PolarGrid(BOX, 12, 64)


def matching(scale: float, **changes: object) -> ClassMatching:
    still = np.stack([draw(view, 0.0, np.zeros(2)) for view in range(4)]).astype(np.float32)
    values: dict[str, object] = {
        "grid": GRID,
        "references": GRID.harmonics(scale * still),
        "noise": np.ones(GRID.rings, np.float32),
        "independence": 1.0,
        "rings": 12,
        "shifts": shift_grid(4.0, 2.0),
        "shift_spread": 2.0,
    }
    return ClassMatching(**(values | changes))  # type: ignore[arg-type]


def found(snr: float, **changes: object) -> tuple[ClassExpectation, object]:
    data = make_labelled(80, 4, snr, 3)
    clean = make_labelled(80, 4, 1e9, 3)
    # The scale that `make_labelled` gave to the views, from the images without noise.
    plain = np.stack(
        [draw(v, a, d) for v, a, d in zip(data.view, data.angle, data.shift, strict=True)]
    )
    spectra = GRID.spectra(plain.astype(np.float32)) * data.transfer(12)[:, :, None]
    scale = np.sqrt(snr / 1e9) * np.abs(GRID.spectra(clean.images)).sum() / np.abs(spectra).sum()
    return expect(GRID.spectra(data.images), data.transfer(12), matching(scale, **changes)), data


def test_finds_view_angle_and_shift() -> None:
    result, data = found(0.5)
    right = result.best_class == data.view
    assert right.mean() >= 0.97
    turn = (result.angle - data.angle + 180.0) % 360.0 - 180.0
    assert np.median(np.abs(turn[right])) <= 360 / 64
    assert np.abs(result.shift - data.shift)[right].mean() <= 0.6
    assert result.likelihood[right].mean() > 0.9


def test_statistics_are_the_views_seen_upright_and_centered() -> None:
    result, data = found(2.0)
    sums, squares = result.numerator, result.denominator
    upright = GRID.images(GRID.circles(sums / (squares + 1.0)[..., None]))
    for view in range(4):
        expected = draw(view, 0.0, np.zeros(2))
        low = GRID.images(GRID.circles(GRID.harmonics(expected[None].astype(np.float32))))[0]
        assert np.corrcoef(upright[view].ravel(), low.ravel())[0, 1] > 0.85
    assert result.weight.sum() == pytest.approx(len(data.view), rel=1e-4)
    assert np.allclose(squares.sum(axis=0), np.square(data.transfer(12)).sum(axis=0), rtol=1e-3)


def test_bright_images_are_compared_by_their_shape_and_do_not_outweigh_the_others() -> None:
    """Four times the contrast of its class changes neither the class nor, much, its average."""
    still = np.stack([draw(view, 0.0, np.zeros(2)) for view in range(4)]).astype(np.float32)
    spectra, transfer = GRID.spectra(4.0 * still), np.ones((4, GRID.rings), np.float32)
    result = expect(spectra, transfer, matching(1.0))
    assert result.best_class.tolist() == [0, 1, 2, 3]
    average = result.numerator / result.denominator[..., None]
    slope = (average * GRID.harmonics(still).conj()).sum().real
    slope /= np.square(np.abs(GRID.harmonics(still))).sum()
    assert 1.0 <= slope <= 1.6


def test_images_without_a_particle_stay_in_the_class_that_shows_none() -> None:
    """Were faint contrast made up for too, every class would fit noise."""
    still = np.stack([draw(view, 0.0, np.zeros(2)) for view in range(3)])
    still = np.concatenate([still, np.zeros_like(still[:1])]).astype(np.float32)
    noise = np.random.default_rng(4).standard_normal((60, BOX, BOX), dtype=np.float32)
    wanted = matching(1.0, references=GRID.harmonics(still))
    result = expect(GRID.spectra(noise), np.ones((60, GRID.rings), np.float32), wanted)
    assert (result.best_class == 3).mean() >= 0.95


def test_reference_power_is_parseval() -> None:
    circles = np.random.default_rng(2).standard_normal((3, 12, 64)).astype(np.float32)
    power = reference_power(np.fft.rfft(circles).astype(np.complex64), 64)
    assert np.allclose(power, np.square(circles).sum(axis=-1), rtol=1e-4)


def test_shift_grid_is_a_disc_around_the_origin() -> None:
    points = shift_grid(4.0, 2.0)
    assert len(points) == 13
    assert np.hypot(*points.T).max() <= 4.0
    assert [0.0, 0.0] in points.tolist()
    assert shift_grid(0.5, 2.0).tolist() == [[0.0, 0.0]]
