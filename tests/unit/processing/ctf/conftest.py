"""Micrographs of ice whose CTF is known."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf import Defocus, ctf_2d

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


@pytest.fixture(scope="session")
def optics() -> Optics:
    return OPTICS


@pytest.fixture(scope="session")
def ice() -> Draw:
    """The function that draws a micrograph of ice."""
    return draw_ice


@pytest.fixture(scope="session")
def noise() -> NDArray[np.float32]:
    """Counting noise alone."""
    return np.random.default_rng(0).poisson(50.0, (768, 768)).astype(np.float32)
