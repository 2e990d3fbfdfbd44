"""Micrographs as Topaz takes them: small, with ice of mean 0 and standard deviation 1.

`topaz preprocess` does the same in a run of its own, which loads torch a second time, and draws
the pixels that it looks at by chance: the same micrograph gives other picks each time.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import read_image, write_mrc
from icestream.model import Image
from icestream.processing.fourier import fourier_crop

__all__ = ["automatic_downscale", "normalize", "shrink", "small_shape", "write_small"]

_BINS = 4096
_ROUNDS = 200
_TOLERANCE = 1e-7
_STARTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
_ICE, _OTHER = 900.0, 1.0
"""Parameters of the Beta distribution that the share of the ice is expected to have: those of
`topaz preprocess`."""
_ACROSS = 26.0
"""Pixels across a particle at which the models that Topaz brings find most."""

Floats = NDArray[np.float64]


def automatic_downscale(diameter: float, pixel_size: float) -> int:
    """Factor that leaves as many pixels across a particle as the models of Topaz do best with."""
    return max(1, round(diameter / pixel_size / _ACROSS))


def small_shape(shape: tuple[int, int], factor: int) -> tuple[int, int]:
    """(y, x) pixels of a micrograph of `shape` that was made `factor` times smaller."""
    return max(1, shape[0] // factor), max(1, shape[1] // factor)


def write_small(path: Path, micrograph: Path, pixel_size: float, factor: int) -> Path:
    """Write a micrograph for Topaz, `factor` times smaller; `pixel_size` is the micrograph's, Å."""
    return write_mrc(path, normalize(shrink(read_image(micrograph), factor)), pixel_size * factor)


def shrink(image: Image, factor: int) -> Image:
    """Cut the spectrum, so that a pixel becomes `factor` of them.

    The middle of the first pixel stays where it is.
    """
    return fourier_crop(image, small_shape((image.shape[0], image.shape[1]), factor))


def normalize(image: Image) -> Image:
    """Give the ice of a micrograph mean 0 and standard deviation 1.

    The grey values are two normal distributions of one width: particles and what else is dark, and
    the ice, which is the brighter. They are fitted by expectation and maximization from several
    starts, of which the likeliest is kept. A micrograph without contrast becomes 0.
    """
    counts, edges = np.histogram(image, bins=_BINS)
    used = counts > 0
    values = (0.5 * (edges[:-1] + edges[1:]))[used]
    weights = counts[used] / counts.sum()
    mean = float(weights @ values)
    spread = float(np.sqrt(weights @ (values - mean) ** 2))
    if spread <= 0:
        return np.zeros_like(image, dtype=np.float32)
    grey = (values - mean) / spread
    fits = (_fit(grey, weights, share, image.size) for share in _STARTS)
    best = max(fits, key=lambda fit: fit.likelihood)
    ice, width = mean + spread * best.ice, spread * best.width
    return np.asarray((image - ice) / width, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Fit:
    likelihood: float
    ice: float
    width: float


def _fit(grey: Floats, weights: Floats, share: float, pixels: int) -> _Fit:
    """Mean and width of the brighter of two distributions, from a start with that share of it."""
    part = (np.cumsum(weights) > 1.0 - share).astype(np.float64)
    before, fit = -np.inf, _Fit(-np.inf, 0.0, 1.0)
    for _ in range(_ROUNDS):
        inside = float(weights @ part)
        share = (_ICE - 1.0 + pixels * inside) / (_ICE + _OTHER - 2.0 + pixels)
        share = min(max(share, 1e-6), 1.0 - 1e-6)
        ice = float(weights @ (part * grey)) / max(inside, 1e-9)
        dark = float(weights @ ((1.0 - part) * grey)) / max(1.0 - inside, 1e-9)
        off = part * (grey - ice) ** 2 + (1.0 - part) * (grey - dark) ** 2
        width = float(np.sqrt(max(float(weights @ off), 1e-12)))
        of_ice = np.log(share) - 0.5 * ((grey - ice) / width) ** 2
        both = np.logaddexp(of_ice, np.log1p(-share) - 0.5 * ((grey - dark) / width) ** 2)
        fit = _Fit(float(weights @ both) - np.log(width), ice, width)
        part = np.exp(of_ice - both)
        if fit.likelihood - before < _TOLERANCE:
            break
        before = fit.likelihood
    return fit
