"""Projection keeps the potential, and the image has the CTF that was asked for."""

import numpy as np
import pytest
from scipy import fft

from icestream.model import Optics
from icestream.processing.simulate.projection import DISPLACED_WATER, image_transform, project
from icestream.processing.simulate.specimen import Specimen
from icestream.processing.simulate.transfer import Aberrations, phase_per_volt

OPTICS = Optics(pixel_size=1.5, voltage=300.0, amplitude_contrast=0.07)


def _point(length=2.5, displaced=0.0):
    return Specimen(
        name="point",
        positions=np.zeros((1, 3), np.float32),
        lengths=np.array([length], np.float32),
        displaced=np.array([displaced], np.float32),
        diameter=1.0,
    )


def _cloud():
    rng = np.random.default_rng(3)
    return Specimen.from_points("cloud", rng.normal(0, 20, (400, 3)), rng.uniform(2, 5, 400))


def test_integral_of_the_potential_is_kept_in_every_view():
    cloud = _cloud()
    rng = np.random.default_rng(4)
    rotations = np.linalg.qr(rng.normal(size=(5, 3, 3)))[0].astype(np.float32)
    for rotation in rotations:
        atoms, water = project(cloud, rotation[None], np.array([[64.3, 60.8]]), (128, 128), 1.5)
        assert atoms.sum() * 1.5**2 == pytest.approx(cloud.lengths.sum() * 47.878, rel=1e-4)
        assert water.sum() * 1.5**2 == pytest.approx(400 * DISPLACED_WATER, rel=1e-4)


def test_a_particle_is_centred_where_it_is_put():
    atoms, _ = project(
        _cloud(), np.eye(3, dtype=np.float32)[None], np.array([[50.25, 70.75]]), (128, 128), 1.5
    )
    y, x = np.mgrid[:128, :128]
    centre = np.array([(atoms * y).sum(), (atoms * x).sum()]) / atoms.sum()
    np.testing.assert_allclose(centre, [50.25, 70.75], atol=0.01)


def test_rotation_turns_x_and_y():
    point = _point()
    off = Specimen.from_points("two", np.array([[30.0, 0, 0], [-30.0, 0, 0]]), np.array([3.0, 1.0]))
    quarter = np.array([[[0, -1, 0], [1, 0, 0], [0, 0, 1]]], dtype=np.float32)
    atoms, _ = project(off, quarter, np.array([[64.0, 64.0]]), (128, 128), 1.5)
    heavy = np.unravel_index(atoms.argmax(), atoms.shape)
    assert heavy == (74, 64)
    assert point.lengths[0] == 2.5


def test_what_lies_outside_is_left_out():
    atoms, _ = project(
        _point(), np.eye(3, dtype=np.float32)[None], np.array([[-5.0, 3.0]]), (16, 16), 1.5
    )
    assert not atoms.any()


def test_a_point_is_imaged_with_the_ctf():
    aberrations = Aberrations(defocus_u=9000.0, defocus_v=8000.0, angle=20.0, b_factor=70.0)
    shape = (96, 96)
    atoms, water = project(
        _point(), np.eye(3, dtype=np.float32)[None], np.array([[48.0, 48.0]]), shape, 1.5
    )
    found = image_transform([(100.0, atoms, water)], OPTICS, aberrations)
    ky, kx = np.fft.fftfreq(96, 1.5)[:, None], np.fft.rfftfreq(96, 1.5)[None, :]
    k2 = ky**2 + kx**2
    # 8600 Å of mean defocus at this depth, 500 Å of astigmatism along 20°.
    local = 8600.0 + 500.0 * np.cos(2.0 * (np.arctan2(ky, kx) - np.radians(20.0)))
    chi = np.pi * 0.0196875 * k2 * (local - 0.5 * 0.0196875**2 * 2.7e7 * k2) + np.arcsin(0.07)
    expected = (
        2
        * phase_per_volt(OPTICS)
        * 2.5
        * 47.878
        / 1.5**2
        * -np.sin(chi)
        * np.exp(-70.0 * k2 / 4)
        / (np.sinc(ky * 1.5) ** 2 * np.sinc(kx * 1.5) ** 2)
    )
    centred = found * np.exp(2j * np.pi * 48.0 * 1.5 * (ky + kx))
    np.testing.assert_allclose(centred.real, expected, atol=2e-4 * np.abs(expected).max())
    np.testing.assert_allclose(centred.imag, 0.0, atol=2e-4 * np.abs(expected).max())


def test_protein_is_dark_at_underfocus_and_water_takes_contrast():
    rng = np.random.default_rng(0)
    blob = Specimen.from_points("blob", rng.normal(0, 15, (2000, 3)), np.full(2000, 3.0))
    dry = Specimen.from_points("dry", blob.positions, blob.lengths, np.zeros(2000))
    aberrations = Aberrations(defocus_u=20000.0, defocus_v=20000.0)
    low = []
    for specimen in (dry, blob):
        slices = project(
            specimen, np.eye(3, dtype=np.float32)[None], np.array([[64.0, 64.0]]), (128, 128), 2.0
        )
        image = fft.irfft2(image_transform([(0.0, *slices)], OPTICS, aberrations), s=(128, 128))
        low.append(image[60:69, 60:69].mean())
    assert low[0] < low[1] < 0
