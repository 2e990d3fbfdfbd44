"""How much each frequency tells about the motion, as the movie itself says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from icestream.processing.dose import Dose, dose_weights
from icestream.processing.fourier import HalfSpectrum
from icestream.processing.motion.spectra import Band, aligned_sum

__all__ = ["Search", "Weighting", "coarse_weight", "measure_weighting", "total_power"]

_SMOOTH = 2.0
"""Rings over which powers are smoothed."""
_LEAST_NOISE = 0.02
"""Part of the power of the frames that is taken as noise at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How a track is looked for."""

    resolution: float = 8.0
    """Å; finer detail is not used."""
    bfactor: float = 0.0
    """Å², additional fall-off of the weights, ``exp(-bfactor k² / 2)``; 0: as the movie says."""
    max_shift: float = 150.0
    """Å that a frame may be away from the sum of the others."""
    tolerance: float = 0.03
    """Å; the track is found when no frame moves more than this."""
    rounds: int = 20
    """Most iterations of the refinement."""
    smooth: bool = True
    """Learn from the movie how abruptly it moves, and use it."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighting:
    """Weights that make the agreement of `derivatives` a log-likelihood."""

    rings: NDArray[np.float64]
    """Weight at each ring."""
    ring_width: float
    """1/Å."""
    signal: NDArray[np.float64]
    """Power of the undamaged signal over that of the noise in one frame, at each ring."""
    resolution: float
    """Å up to which frequencies are used."""
    information: NDArray[np.float64]
    """``(n,)`` expected minus second derivative of the agreement of each frame, 1/Å²: the
    inverse of the variance with which its shift can be known."""

    def on(self, band: Band, scale: float = 1.0) -> NDArray[np.float32]:
        """The weights on the grid of `band`, divided by `scale`."""
        ring = band.k / self.ring_width
        weight = np.interp(ring, np.arange(len(self.rings)), self.rings) / scale
        weight[~band.mask(self.resolution)] = 0
        return np.asarray(weight, dtype=np.float32)


def coarse_weight(
    spectra: HalfSpectrum, band: Band, resolution: float, bfactor: float
) -> NDArray[np.float32]:
    """Weights for a first alignment: white, and falling as ``exp(-bfactor k² / 2)``."""
    ring, _, count = _rings(band)
    power = _smooth(_mean(total_power(spectra), ring, count))
    white = np.divide(1.0, power, out=np.zeros_like(power), where=power > 0)
    weight = np.exp(-0.5 * bfactor * band.k.astype(np.float64) ** 2) * white[ring]
    weight[~band.mask(resolution)] = 0
    largest = float(weight.max())
    return np.asarray(weight / largest if largest > 0 else weight, dtype=np.float32)


def total_power(spectra: HalfSpectrum) -> NDArray[np.float32]:
    """Sum of the powers of all frames, ``(ky, kx)``."""
    result = np.zeros(spectra.shape[1:], dtype=np.float32)
    for spectrum in spectra:
        result += spectrum.real**2
        result += spectrum.imag**2
    return result


def measure_weighting(
    spectra: HalfSpectrum,
    band: Band,
    shifts: NDArray[np.float64],
    dose: Dose | None,
    search: Search,
    *,
    power: NDArray[np.float32] | None = None,
) -> Weighting:
    """Measure signal and noise of the aligned frames and derive the best weights.

    The power of the aligned sum beyond that of its frames is signal; a Wiener filter of the
    reference and the noise of a frame make the weight.

    Parameters
    ----------
    spectra
        ``(n, ky, kx)``, already multiplied by the dose weights when `dose` is given.
    shifts
        ``(n, 2)``, Å.
    search
        Says the finest detail to use and the additional fall-off.
    power
        What `total_power` gives, if it is known already.
    """
    ring, width, count = _rings(band)
    frames = len(spectra)
    total = aligned_sum(spectra, band.ky, band.kx, shifts)
    inside = band.mask(search.resolution)
    each = total_power(spectra) if power is None else power
    frequency = np.arange(count) * width
    left = np.ones((frames, count)) if dose is None else dose_weights(frequency, frames, dose)
    squares = (left.astype(np.float64) ** 2).sum(axis=0)
    quads = (left.astype(np.float64) ** 4).sum(axis=0)
    sums = _mean(np.where(inside, each, 0), ring, count, inside)
    cross = _mean(np.where(inside, np.abs(total) ** 2 - each, 0), ring, count, inside)
    sums, cross = _smooth(sums), np.maximum(_smooth(cross), 0)
    # A spectrum is left * (left * truth + noise): its square and its products hold these powers.
    truth = cross / np.maximum(squares**2 - quads, 1e-9) if frames > 1 else 0 * cross
    noise = np.maximum(sums - truth * quads, _LEAST_NOISE * sums) / squares
    quiet = np.divide(1.0, noise, out=np.zeros_like(noise), where=noise > 0)
    signal = truth * quiet
    wiener = squares * signal / (1 + squares * signal)
    wiener *= np.exp(-0.5 * search.bfactor * frequency**2)
    number = np.bincount(ring[inside], minlength=count)[:count]
    reach = frequency <= 1.0 / search.resolution
    amount = number * wiener * signal * (2 * np.pi * frequency) ** 2 * reach
    information = (left.astype(np.float64) ** 2) @ amount
    return Weighting(wiener * quiet / squares, width, signal, search.resolution, information)


def _rings(band: Band) -> tuple[NDArray[np.intp], float, int]:
    width = 1.0 / (min(band.shape) * band.pixel_size)
    ring = np.rint(band.k / width).astype(np.intp)
    return ring, width, int(ring.max()) + 1


def _mean(
    values: NDArray[np.floating],
    ring: NDArray[np.intp],
    count: int,
    inside: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    total = np.bincount(ring.ravel(), weights=values.ravel(), minlength=count)
    used = ring.ravel() if inside is None else ring[inside]
    number = np.bincount(used, minlength=count)
    known = number > 0
    mean = np.where(known, total / np.maximum(number, 1), 0.0)
    places = np.arange(count)
    filled: NDArray[np.float64] = np.interp(places, places[known], mean[known])
    return filled


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    smoothed: NDArray[np.float64] = gaussian_filter1d(values, _SMOOTH, mode="nearest")
    return smoothed
