"""What a fitted CTF is worth: envelope, equi-phase average, resolution, ice."""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf.rings import Rings, equal_phase_rings
from icestream.processing.ctf.spectrum import PowerSpectrum
from icestream.processing.ctf.transfer import Defocus, aberration

__all__ = [
    "curve_score",
    "equi_phase_average",
    "fit_resolution",
    "ice_ring_excess",
    "modulation",
    "ring_period",
    "trust",
]

Numbers = NDArray[np.float64]

_TOGETHER = 6.0
"""Rings, as the sigma of a Gaussian, over which misfit is averaged."""
_MISFIT = 0.5
"""What misfit counts beside noise. On 31 simulated movies the error of the defocus was 41 Å with 0,
30 Å with 0.5 and 26 Å with 2 on sums of frames; on spectra of groups 31.0, 29.8 and 31.4 Å."""
_AGREES = 0.5
"""Correlation of measured and fitted rings above which they agree."""
_RESOLVED = 2.5
"""Pixels of the spectrum between Thon rings that can still be told apart."""
_FAINT = 0.3
"""Contrast of the rings of a slab, over that of a thin film, below which none are expected."""


def ring_period(rings: Rings, defocus: float, optics: Optics) -> Numbers:
    """Distance between Thon rings at each ring, in pixels of the spectrum."""
    s = rings.frequency
    cs = optics.spherical_aberration * 1e7
    wavelength = optics.wavelength
    slope = 2.0 * wavelength * s * np.abs(defocus - wavelength**2 * s**2 * cs)
    return np.asarray(1.0 / np.maximum(slope * rings.step, 1e-3))


def modulation(
    rings: Rings, defocus: Defocus, optics: Optics, contrast: Numbers | None = None
) -> Numbers:
    """Depth of the fitted Thon rings at each ring: the weight that the ring deserves.

    Negative where `contrast`, that of a slab of ice, is. The whitened pixels have the same
    variance everywhere, so weighting the model by its own depth is the matched filter. The depth
    is regressed in windows of about one period, and shrunk towards zero by its error, so that
    rings lost in noise have no weight.
    """
    products, models, squares = rings.compare(defocus)
    sign = np.ones(len(models)) if contrast is None else np.where(contrast < 0.0, -1.0, 1.0)
    products = sign * (products - rings.background * models)
    width = float(np.clip(np.median(ring_period(rings, defocus.mean, optics)), 4.0, 20.0))
    above = scipy.ndimage.gaussian_filter1d(products, width, mode="nearest")
    below = scipy.ndimage.gaussian_filter1d(squares, width, mode="nearest")
    depth = above / np.maximum(below, 1e-9)
    variance = float(np.var(rings.values)) * rings.spread
    error = np.sqrt(variance / np.maximum(below * 2.0 * math.sqrt(math.pi) * width, 1e-9))
    gained = np.clip(1.0 - (error / np.maximum(depth, 1e-9)) ** 2, 0.0, 1.0)
    return np.asarray(sign * np.clip(depth, 0.0, 1.0) * gained)


def trust(rings: Rings, defocus: Defocus, depth: Numbers) -> Numbers:
    """How far each ring can be trusted, 0 to 1: fully where the model leaves only noise of it.

    The rings of low resolution are deep, but molecules, whose own spectra have fringes, bend them:
    what the model leaves of them is more than noise, and would move the fit. How much more, on the
    mean over neighbours, lowers their weight.

    Parameters
    ----------
    rings
        Whitened pixels.
    defocus
        The fit.
    depth
        ``(rings,)``: depth of its rings, as of `modulation`.
    """
    _, models, _ = rings.compare(defocus)
    left = rings.sums(rings.values) - rings.counts * rings.background - depth * models
    noise = float(np.var(rings.values)) * rings.spread * rings.counts
    ratio = scipy.ndimage.gaussian_filter1d(left**2 / noise, _TOGETHER, mode="nearest")
    return np.asarray(1.0 / (1.0 + _MISFIT * np.maximum(ratio - 1.0, 0.0)))


def equi_phase_average(rings: Rings, defocus: Defocus, optics: Optics) -> Numbers:
    """Average of the whitened pixels along curves of equal phase, ``(rings,)``.

    Each pixel is put at the radius where the CTF of the mean defocus has the phase that the
    astigmatic CTF has at the pixel, so that the rings stay sharp.

    References
    ----------
    Zhang (2016), doi:10.1016/j.jsb.2015.11.003
    """
    ring = equal_phase_rings(rings, defocus, optics)
    count = len(rings.counts)
    pixels = np.bincount(ring, minlength=count + 1)[:count]
    sums = np.bincount(ring, rings.values, count + 1)[:count]
    return np.asarray(sums / np.maximum(pixels, 1))


def curve_score(average: Numbers, model: Numbers, used: NDArray[np.bool_]) -> float:
    """Correlation, over the rings `used`, of the equi-phase average with the CTF squared."""
    a, b = average[used] - average[used].mean(), model[used] - model[used].mean()
    return float(a @ b / np.sqrt(max(float((a @ a) * (b @ b)), 1e-30)))


def fit_resolution(
    rings: Rings,
    average: Numbers,
    defocus: Defocus,
    optics: Optics,
    contrast: Numbers | None = None,
) -> float:
    """Å up to which the equi-phase average follows the fit.

    The two are correlated in a window that reaches one period of the rings to either side, six
    pixels of the spectrum at least. Going outwards, the fit is followed as long as the
    correlation is above 0.5 and rings are at least 2.5 pixels apart; it is lost when this has not
    held for two windows' half widths, and the resolution is that of the last ring where it held.
    `contrast` is that of a slab of ice: near its node rings are not to be seen, and not missed.
    """
    contrast = np.ones(len(average)) if contrast is None else contrast
    chi = aberration(rings.frequency, defocus.mean, optics, phase_shift=defocus.phase_shift)
    period = ring_period(rings, defocus.mean, optics)
    size = np.clip(np.rint(period), 6, 40).astype(np.int64)
    correlation = _windowed_correlation(average, -np.sign(contrast) * np.cos(2.0 * chi), size)
    agrees = (correlation > _AGREES) & (period >= _RESOLVED)
    last, gap = 0, 0
    for ring, holds in enumerate(agrees):
        if abs(contrast[ring]) >= _FAINT:
            gap = 0 if holds else gap + 1
        if holds:
            last = ring
        # The molecule itself can hide the first rings: the search for a beginning is patient.
        elif gap > 2 * size[ring] and (last > 0 or ring > len(agrees) // 3):
            break
    return float(1.0 / rings.frequency[last])


def _windowed_correlation(a: Numbers, b: Numbers, size: NDArray[np.int64]) -> Numbers:
    """Pearson correlation of `a` and `b` within ``+- size`` of each place."""
    place = np.arange(len(a))
    start, stop = np.maximum(place - size, 0), np.minimum(place + size + 1, len(a))

    def total(values: Numbers) -> Numbers:
        running = np.concatenate(([0.0], np.cumsum(values)))
        return np.asarray(running[stop] - running[start])

    count = stop - start
    covariance = total(a * b) - total(a) * total(b) / count
    spread = (total(a * a) - total(a) ** 2 / count) * (total(b * b) - total(b) ** 2 / count)
    return np.asarray(covariance / np.sqrt(np.maximum(spread, 1e-30)))


def ice_ring_excess(spectrum: PowerSpectrum) -> float:
    """Excess of power at 3.9-3.6 Å over what 4.4-4.1 and 3.5-3.3 Å predict; 0 for none.

    Mean power in the ring of hexagonal and cubic ice, divided by the log-interpolated mean power
    of its neighbours, minus one. 0 also where the spectrum ends before 3.3 Å.
    """
    size = len(spectrum.power)
    if 0.5 * size * spectrum.step < 1.0 / 3.3:
        return 0.0
    rows, columns = np.mgrid[-(size // 2) : size // 2, 0 : size // 2]
    frequency = np.hypot(rows, columns) * spectrum.step
    half = spectrum.power[:, size // 2 :]
    levels = []
    for coarse, fine in ((4.4, 4.1), (3.9, 3.6), (3.5, 3.3)):
        ring = (frequency > 1.0 / coarse) & (frequency < 1.0 / fine) & (columns > 0) & (rows != 0)
        levels.append(math.log(max(float(half[ring].mean(dtype=np.float64)), 1e-30)))
    centers = [2.0 / (4.4 + 4.1), 2.0 / (3.9 + 3.6), 2.0 / (3.5 + 3.3)]
    share = (centers[1] - centers[0]) / (centers[2] - centers[0])
    return math.exp(levels[1] - (1.0 - share) * levels[0] - share * levels[2]) - 1.0
