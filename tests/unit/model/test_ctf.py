"""The fitted CTF as a value."""

from dataclasses import replace

import numpy as np
import pytest

from icestream.model import QUALITIES, Ctf, Optics

CTF = Ctf(
    exposure="a",
    optics=Optics(pixel_size=1.5, voltage=300.0),
    defocus_u=15200.0,
    defocus_v=14800.0,
    angle=30.0,
    resolution=4.2,
)


def test_mean_defocus_and_astigmatism() -> None:
    ctf = CTF
    assert ctf.defocus == pytest.approx(15000.0)
    assert ctf.astigmatism == pytest.approx(400.0)
    qualities = ctf.qualities()
    assert qualities["ctf.defocus"] == ctf.defocus
    assert qualities["ctf.resolution"] == 4.2
    assert set(qualities) <= set(QUALITIES)


def test_an_angle_that_means_nothing_is_no_quality() -> None:
    assert CTF.angle_known
    assert replace(CTF, angle_error=3.0).qualities()["ctf.angle"] == 30.0
    vague = replace(CTF, angle_error=25.0)
    assert not vague.angle_known
    assert "ctf.angle" not in vague.qualities()


def test_the_tilt_of_a_plane_of_focus() -> None:
    """A gradient of 1 along the rows alone: 45 degrees about an axis along x."""
    tilted = replace(CTF, gradient=(1.0, 0.0), gradient_error=0.02, shape=(101, 201))
    assert tilted.tilt == pytest.approx(45.0)
    assert tilted.tilt_error == pytest.approx(np.degrees(0.01))
    assert tilted.tilt_axis == pytest.approx(0.0)
    assert replace(tilted, gradient=(0.0, 0.1)).tilt_axis == pytest.approx(90.0)
    assert replace(tilted, gradient=(-0.1, 0.1)).tilt_axis == pytest.approx(45.0)
    assert tilted.qualities()["ctf.tilt"] == pytest.approx(45.0)


def test_no_tilt_differs_from_a_tilt_not_looked_for() -> None:
    assert (CTF.tilt, CTF.tilt_error, CTF.tilt_axis) == (None, None, None)
    flat = replace(CTF, gradient_error=0.01)
    assert flat.tilt == 0.0
    assert flat.tilt_axis is None


def test_the_defocus_at_a_place() -> None:
    """Nothing at the center; towards larger rows it grows by the gradient times the way in Å."""
    tilted = replace(CTF, gradient=(0.2, -0.1), gradient_error=0.02, shape=(101, 201))
    offset = tilted.defocus_at(np.array([100.0, 100.0, 110.0]), np.array([50.0, 60.0, 50.0]))
    assert offset == pytest.approx([0.0, 0.2 * 10 * 1.5, -0.1 * 10 * 1.5])
    assert CTF.defocus_at(np.arange(3.0), np.arange(3.0)) == pytest.approx([0.0, 0.0, 0.0])
