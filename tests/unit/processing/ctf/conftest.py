"""Micrographs of ice whose CTF is known."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf import Defocus, PowerSpectrum, ctf_2d
from icestream.processing.ctf.spectrum import Tiles, average
from icestream.processing.ctf.thickness import ring_contrast

OPTICS = Optics(pixel_size=1.5, voltage=300.0)

Draw = Callable[..., NDArray[np.float32]]


def draw_ice(
    defocus: Defocus,
    optics: Optics = OPTICS,
    *,
    shape: tuple[int, int] = (768, 768),
    contrast: float = 0.15,
    seed: int = 1,
) -> NDArray[np.float32]:
    """White ice seen through a CTF with an envelope of B = 80 Å², and counting noise."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(
        np.fft.fftfreq(shape[0], optics.pixel_size)[:, None],
        np.fft.rfftfreq(shape[1], optics.pixel_size)[None, :],
    )
    response = ctf_2d(shape, defocus, optics, half=True) * np.exp(-80.0 * frequency**2 / 4.0)
    ice = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * response, s=shape)
    counts = 50.0 * (1.0 + contrast * ice)
    return rng.poisson(np.clip(counts, 1.0, None)).astype(np.float32)


def draw_tiles(
    defocus: Defocus,
    optics: Optics = OPTICS,
    *,
    gradient: tuple[float, float] = (0.0, 0.0),
    thickness: float = 0.0,
    depth: float = 0.25,
    side: int = 5,
    seed: int = 1,
) -> PowerSpectrum:
    """Rings under exponential noise in ``side²`` tiles that do not overlap, of 256 pixels."""
    size = 256
    rng = np.random.default_rng(seed)
    length = size * optics.pixel_size
    middle = (np.arange(side) - 0.5 * (side - 1)) * length
    places = np.stack(np.meshgrid(middle, middle, indexing="ij"), axis=-1).reshape(-1, 2)
    frequency = np.hypot(
        np.fft.fftfreq(size, optics.pixel_size)[:, None],
        np.fft.rfftfreq(size, optics.pixel_size)[None, :],
    )
    contrast = ring_contrast(frequency, thickness, optics)
    power = []
    for offset in places @ np.asarray(gradient):
        local = Defocus(u=defocus.u + offset, v=defocus.v + offset, angle=defocus.angle)
        rings = 2.0 * ctf_2d((size, size), local, optics, half=True) ** 2 - 1.0
        power.append((1.0 + depth * contrast * rings) * rng.exponential(size=rings.shape))
    return average(Tiles(power=np.array(power, np.float32), places=places, side=length))


@pytest.fixture(scope="session")
def optics() -> Optics:
    return OPTICS


@pytest.fixture(scope="session")
def ice() -> Draw:
    """The function that draws a micrograph of ice."""
    return draw_ice


@pytest.fixture(scope="session")
def tiles() -> Callable[..., PowerSpectrum]:
    """The function that draws tiles of a micrograph."""
    return draw_tiles


@pytest.fixture(scope="session")
def noise() -> NDArray[np.float32]:
    """Counting noise alone."""
    return np.random.default_rng(0).poisson(50.0, (768, 768)).astype(np.float32)
