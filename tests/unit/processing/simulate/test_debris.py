"""Carbon, drops and heaps: where they are, and what they take from the beam."""

from dataclasses import replace

import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.simulate.assembly import make_brick
from icestream.processing.simulate.camera import Camera
from icestream.processing.simulate.debris import carbon_film, cluster_points, ice_drops
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations

SHAPE = (256, 320)
CONDITIONS = Conditions(
    optics=Optics(pixel_size=4.0, voltage=300.0, amplitude_contrast=0.07),
    aberrations=Aberrations(defocus_u=15000.0, defocus_v=15000.0),
    frames=1,
    dose_per_frame=4.0,
    particles=40,
    gradient=0.0,
    motion=MotionTraits(early=(0, 0), walk=(0, 0), doming=(0, 0)),
)
CAMERA = Camera(gain=np.ones(SHAPE, np.float32), hot=np.zeros((0, 3), np.float32))


def movie(seed=3, **changes):
    truth, frames = simulate_movie(
        replace(CONDITIONS, **changes), make_brick(), CAMERA, np.random.default_rng(seed)
    )
    return truth, next(frames).astype(float)


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_film_covers_its_share_in_one_piece(share):
    film = carbon_film(np.random.default_rng(1), SHAPE, 4.0, share)
    assert film.mean() == pytest.approx(share, abs=0.02)
    corners = film[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.max() == 1.0


def test_drops_are_as_thick_as_they_are_wide():
    drops = ice_drops(np.random.default_rng(2), SHAPE, 4.0, 1)
    width = 2 * np.sqrt(np.count_nonzero(drops) * 16.0 / np.pi)
    assert 100 < drops.max() < width


def test_carbon_is_darker_and_holds_no_particle():
    truth, image = movie(carbon=0.4)
    film = image < np.median(image)
    assert film.any()
    dark, bright = np.quantile(image.reshape(16, 16, 20, 16).mean(axis=(1, 3)), (0.1, 0.9))
    assert dark < 0.95 * bright
    empty, _ = movie()
    assert 0.3 * len(empty.particles) < len(truth.particles) < 0.75 * len(empty.particles)


def test_a_drop_takes_electrons():
    _, without = movie(particles=0)
    _, image = movie(particles=0, drops=3)
    assert image.mean() < without.mean() - 0.1
    assert np.quantile(image, 0.9) == pytest.approx(np.quantile(without, 0.9), rel=0.02)


def test_a_heap_is_on_no_list_of_particles():
    truth, image = movie(aggregates=2, particles=20)
    _, without = movie(particles=20)
    assert image.std() > without.std()
    _, middles = cluster_points(np.random.default_rng(5), SHAPE, 30.0, 3)
    members, _ = cluster_points(np.random.default_rng(5), SHAPE, 30.0, 3)
    nearest = np.linalg.norm(members[:, None] - middles[None], axis=2).min(axis=1)
    assert nearest.max() <= 0.25 * np.sqrt(25) * 30.0
    assert 24 <= len(members) <= 75
    assert len(truth.particles) < 20
