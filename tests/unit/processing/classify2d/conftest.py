from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft

from icestream.processing.classify2d.polar import PolarGrid

BOX = 32
PIXEL = 6.0
DIAMETER = 110.0


@dataclass
class Labelled:
    """Simulated particles whose view is known."""

    images: NDArray[np.float32]
    defocus: NDArray[np.float64]
    view: NDArray[np.int64]
    angle: NDArray[np.float64]
    """Degrees by which the view was turned, from +x towards +y."""
    shift: NDArray[np.float64]
    """(dy, dx) pixels by which it was then moved."""

    def taken(self, rows: NDArray[np.int64]) -> "Labelled":
        """Some of the particles, in that order."""
        return Labelled(
            self.images[rows],
            self.defocus[rows],
            self.view[rows],
            self.angle[rows],
            self.shift[rows],
        )

    def transfer(self, rings: int) -> NDArray[np.float32]:
        s = np.arange(1, rings + 1) / (BOX * PIXEL)
        return contrast(s[None, :], self.defocus[:, None]).astype(np.float32)


def contrast(s: NDArray[np.float64], defocus: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transfer of a bright specimen: sin(chi) at 300 kV, Cs 2.7 mm, amplitude contrast 0.1."""
    wavelength = 0.0196876
    bent = defocus - 0.5 * wavelength**2 * 2.7e7 * s**2
    return np.sin(np.pi * wavelength * s**2 * bent + np.arcsin(0.1))


def blobs(view: int) -> NDArray[np.float64]:
    """Places (x, y), Å from the center, of the balls that make up a view."""
    return np.random.default_rng(100 + view).uniform(-32, 32, (7, 2))


def draw(view: int, angle: float, shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """A view turned by `angle` degrees from +x towards +y, then moved by `shift` pixels."""
    turn = np.radians(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    places = blobs(view) @ rotation.T / PIXEL
    y, x = np.mgrid[:BOX, :BOX] - BOX // 2
    image = np.zeros((BOX, BOX))
    for px, py in places:
        squared = (x - px - shift[1]) ** 2 + (y - py - shift[0]) ** 2
        image += np.exp(-squared / (2 * (9.0 / PIXEL) ** 2))
    return image


def make_labelled(count: int, views: int, snr: float, seed: int) -> Labelled:
    rng = np.random.default_rng(seed)
    view = rng.integers(views, size=count)
    angle = rng.uniform(0, 360, count)
    shift = rng.normal(0, 0.8, (count, 2))
    defocus = rng.uniform(8000, 22000, count)
    ky, kx = np.fft.fftfreq(BOX, PIXEL)[:, None], np.fft.rfftfreq(BOX, PIXEL)[None, :]
    s = np.hypot(ky, kx)
    images = np.stack([draw(v, a, d) for v, a, d in zip(view, angle, shift, strict=True)])
    images = fft.irfft2(fft.rfft2(images) * contrast(s, defocus[:, None, None]), s=(BOX, BOX))
    images *= np.sqrt(snr / images.var(axis=(1, 2)).mean())
    images += rng.standard_normal(images.shape)
    return Labelled(images.astype(np.float32), defocus, view, angle, shift)


@pytest.fixture(scope="package")
def labelled() -> Labelled:
    """600 particles of 4 views at a signal-to-noise ratio of 0.1."""
    return make_labelled(600, 4, 0.1, 1)


def upright_views(grid: PolarGrid, views: int, scale: float) -> NDArray[np.complex64]:
    """Harmonics of the views, neither turned nor moved."""
    still = np.stack([draw(view, 0.0, np.zeros(2)) for view in range(views)])
    return grid.harmonics((scale * still).astype(np.float32))


def purity(group: NDArray[np.int32], view: NDArray[np.int64]) -> float:
    """Fraction of particles in a class that mostly holds their own view."""
    return sum(np.bincount(view[group == k]).max() for k in np.unique(group)) / len(view)
