import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.classify2d.incoming import reduced_images, ring_contrast
from icestream.processing.classify2d.online import Plan
from icestream.processing.ctf.transfer import ctf_1d

OPTICS = Optics(pixel_size=4.0, voltage=300.0)


def test_images_are_reduced_and_their_background_is_even() -> None:
    plan = Plan(box=32, pixel_size=4.0, diameter=70.0)
    y, x = np.mgrid[:64, :64] - 32
    noise = np.random.default_rng(1).standard_normal((3, 64, 64))
    images = (5.0 + 3.0 * noise + 40.0 * (np.hypot(y, x) < 12)).astype(np.float32)
    found = reduced_images(images, plan)
    assert found.shape == (3, 32, 32)
    outside = np.hypot(*(np.mgrid[:32, :32] - 16)) > 0.5 * 70.0 / 4.0
    assert found[:, outside].mean() == pytest.approx(0.0, abs=1e-4)
    assert found[:, outside].std() == pytest.approx(1.0, abs=1e-3)
    assert found[:, 16, 16].min() > 5.0


def test_contrast_is_the_ctf_of_a_bright_specimen() -> None:
    defocus, shifts = np.array([9000.0, 15000.0, 9000.0]), np.array([0.0, 0.0, 90.0])
    found = ring_contrast(defocus, shifts, OPTICS, 20, 256.0)
    frequency = np.arange(1, 21) / 256.0
    for row, (z, shift) in enumerate(zip(defocus, shifts, strict=True)):
        told = -ctf_1d(frequency, z, OPTICS, phase_shift=shift)
        assert np.allclose(found[row], told, atol=1e-6)


def test_without_a_defocus_the_contrast_is_one() -> None:
    found = ring_contrast(np.array([0.0, 9000.0]), np.zeros(2), OPTICS, 20, 256.0)
    assert (found[0] == 1.0).all()
    assert not (found[1] == 1.0).any()
    assert ring_contrast(np.zeros(0), np.zeros(0), OPTICS, 5, 256.0).shape == (0, 5)
