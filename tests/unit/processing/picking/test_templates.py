import numpy as np
import pytest
from scipy import ndimage

from icestream.processing.picking.templates import (
    centred_average,
    components,
    make_bank,
    mass_centre,
)


def ellipse(box: int, center: tuple[float, float], axes: tuple[float, float]) -> np.ndarray:
    """Bright ellipse with half axes (y, x), pixels."""
    y, x = np.indices((box, box))
    inside = ((y - center[0]) / axes[0]) ** 2 + ((x - center[1]) / axes[1]) ** 2
    return ndimage.gaussian_filter((inside < 1).astype(np.float32), 1.0)


def test_the_mass_is_found_beside_a_neighbour() -> None:
    image = ellipse(64, (35.0, 29.5), (9, 9)) + ellipse(64, (32.0, 55.0), (9, 9))
    middle = mass_centre(image, 12.0)
    assert middle == pytest.approx([35.0, 29.5], abs=0.2)
    assert mass_centre(np.zeros((64, 64), np.float32), 12.0) is None


def test_centring_leaves_the_particle_alone_in_the_middle() -> None:
    image = 0.3 + ellipse(64, (35.0, 29.5), (9, 9)) + ellipse(64, (32.0, 57.0), (9, 9))
    alone = centred_average(image, 5.0, 100.0)
    assert mass_centre(alone, 12.0) == pytest.approx([32.0, 32.0], abs=0.1)
    y, x = np.indices(alone.shape)
    assert np.abs(alone[np.hypot(y - 32, x - 32) > 15]).max() < 1e-3
    assert alone[32, 32] == pytest.approx(1.0, abs=0.05)


def test_a_round_particle_needs_one_template_and_a_long_one_many() -> None:
    disc = ellipse(64, (32, 32), (10, 10))[None]
    assert len(make_bank(disc, 5.0, 110.0, 8.0)) <= 2
    rod = ellipse(64, (32, 32), (4, 12))[None]
    rods = make_bank(rod, 5.0, 130.0, 8.0)
    # It looks the same after half a turn.
    assert 6 <= len(rods) <= 18


def test_the_bank_covers_every_direction() -> None:
    rod = ellipse(64, (32, 32), (4, 12))[None]
    bank = make_bank(rod, 5.0, 130.0, 8.0)
    flat = bank.reshape(len(bank), -1)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    for angle in (3.0, 47.0, 111.0):
        turned = ndimage.rotate(rod[0], angle, reshape=False, order=3)
        (one, *_) = make_bank(turned[None], 5.0, 130.0, 8.0)
        wanted = make_bank(turned[None], 5.0, 130.0, 8.0)[0].ravel()
        assert (flat @ (wanted / np.linalg.norm(wanted))).max() > 0.95
        assert one.shape == bank.shape[1:]


def test_templates_keep_their_contrast_and_their_size() -> None:
    average = 3.0 * ellipse(64, (32, 32), (10, 10))[None]
    template = make_bank(average, 5.0, 110.0, 8.0)[0]
    assert template.max() == pytest.approx(3.0, rel=0.05)
    assert template.sum() * 8.0**2 == pytest.approx(average.sum() * 5.0**2, rel=0.05)


def test_components_add_up_to_the_templates() -> None:
    rod = ellipse(64, (32, 32), (4, 12))[None]
    bank = make_bank(rod, 5.0, 130.0, 8.0)
    images, parts = components(bank)
    assert len(images) < len(bank)
    rest = bank - np.tensordot(parts, images, axes=1)
    assert (rest**2).sum() < 0.021 * (bank**2).sum()


def test_blank_averages_are_refused() -> None:
    with pytest.raises(ValueError, match="blank"):
        make_bank(np.zeros((2, 64, 64), np.float32), 5.0, 100.0, 8.0)
