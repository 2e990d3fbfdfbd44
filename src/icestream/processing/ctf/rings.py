"""Thon rings as seen by the fit: whitened pixels sorted by radius, and sums over rings.

The spectrum is divided by its smooth background, so that every pixel has the same variance.
Pixels are sorted into rings one pixel wide; a fit is scored from three sums per ring, and what is
left of the background is projected out of data and model alike.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model import Optics
from icestream.processing.ctf.spectrum import PowerSpectrum
from icestream.processing.ctf.transfer import Defocus

__all__ = ["Rings", "Score", "equal_phase_rings", "make_rings"]

Numbers = NDArray[np.float64]
Singles = NDArray[np.float32]

_SINE_SPREAD = 2.25
"""`Tiles.spread` of a sine window, for a spectrum whose tiles are not known."""
_LEAST_ORDER, _ORDER = 3, 6
"""Of the polynomial that a background is: least, and most."""
_ORDER_SPAN = 0.022
"""1/Å of the rings for each order. Where coarse pixels leave a short range, with hardly two Thon
rings, a polynomial of six orders would take them for background."""
_CLIP = 5.0
"""Standard deviations at which whitened pixels are clipped: ice spots and the central cross."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rings:
    """Whitened pixels of one half of a spectrum, sorted by ring."""

    pixels: Singles
    """``(5, pixels)``: power over background minus one; cycles of 2 chi per Å of defocus
    (``lambda s²``); cycles of 2 chi that the spherical aberration and the amplitude contrast
    give; ``cos 2 theta`` and ``sin 2 theta``, theta from +x towards increasing row index."""
    starts: NDArray[np.int64]
    """First pixel of each ring, and the end, ``(rings + 1,)``."""
    first: int
    """Radius of ring 0 in pixels of the spectrum."""
    step: float
    """1/Å per pixel of the spectrum."""
    basis: Numbers
    """Smooth background left in the rings, orthonormal over pixels, ``(rings, terms)``."""
    order: NDArray[np.int32]
    """Where each pixel lies in a half plane in the order of rfft2, flattened."""
    divisor: Singles
    """What the power of each pixel was divided by; for the tiles of the spectrum too."""
    spread: float
    """See `Tiles.spread`."""

    @property
    def values(self) -> Singles:
        """Whitened pixels: power over background, minus one."""
        return np.asarray(self.pixels[0])

    @property
    def linear(self) -> Singles:
        """Cycles of 2 chi per Å of defocus."""
        return np.asarray(self.pixels[1])

    @property
    def constant(self) -> Singles:
        """Cycles of 2 chi without defocus."""
        return np.asarray(self.pixels[2])

    @property
    def cosine(self) -> Singles:
        """``cos 2 theta`` of each pixel."""
        return np.asarray(self.pixels[3])

    @property
    def sine(self) -> Singles:
        """``sin 2 theta`` of each pixel."""
        return np.asarray(self.pixels[4])

    @property
    def frequency(self) -> Numbers:
        """Spatial frequency of each ring, 1/Å."""
        return np.asarray((np.arange(len(self.starts) - 1) + self.first) * self.step)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Pixels in each ring."""
        return np.diff(self.starts)

    def mean(self, values: Singles) -> Numbers:
        """Rotational average of `values`, ``(pixels,)`` -> ``(rings,)``."""
        return np.asarray(self.sums(values) / self.counts)

    def sums(self, values: Singles) -> Numbers:
        """Sums of `values` over each ring, ``(pixels,)`` -> ``(rings,)``."""
        return np.asarray(np.add.reduceat(values, self.starts[:-1], dtype=np.float64))

    @property
    def background(self) -> Numbers:
        """Smooth background that whitening left in each ring."""
        return np.asarray(self.basis @ (self.basis.T @ self.sums(self.values)))

    def compare(self, defocus: Defocus) -> tuple[Numbers, Numbers, Numbers]:
        """Sums over each ring of data x model, model, and model squared.

        The model is ``-cos 2 chi``; the data are the whitened pixels as they are.
        """
        along, across = defocus.vector
        fit = np.array([defocus.mean, along, across, defocus.phase_shift / 180.0], np.float32)
        products, models, squares = ring_sums(self.pixels, self.starts, fit)
        return products, models, squares


def make_rings(spectrum: PowerSpectrum, optics: Optics, coarse: float) -> Rings:
    """Whiten a spectrum and sort its pixels into rings.

    Parameters
    ----------
    spectrum
        Power, centered.
    optics
        Voltage, aberration and amplitude contrast.
    coarse
        Å: rings of lower resolution are left out.
    """
    size = len(spectrum.power)
    half = size // 2
    rows, columns = np.mgrid[-half:half, 0:half]
    radius = np.hypot(rows, columns)
    first = max(3, math.ceil(1.0 / (coarse * spectrum.step)))
    last = half - 2
    ring = np.rint(radius).astype(np.int64)
    # The axes carry the cross of a periodic image, of the detector's rows and columns.
    kept = (ring >= first) & (ring <= last) & (columns > 0) & (rows != 0)
    order = np.argsort(ring[kept], kind="stable")
    ky, kx = rows[kept][order], columns[kept][order]
    radius = radius[kept][order]
    starts = np.searchsorted(ring[kept][order], np.arange(first, last + 2))
    squared = (radius * spectrum.step) ** 2
    wavelength = optics.wavelength
    cs = optics.spherical_aberration * 1e7
    cosine = (kx**2 - ky**2) / radius**2
    sine = 2.0 * kx * ky / radius**2
    power = spectrum.power[:, half:][kept][order]
    degree = round((last - first) * spectrum.step / _ORDER_SPAN)
    degree = min(max(degree, _LEAST_ORDER), _ORDER)
    values = _whiten(power, (cosine, sine), starts, degree)
    order = (ky % size) * (half + 1) + kx
    constant = -0.5 * wavelength**3 * cs * squared**2
    constant += math.asin(optics.amplitude_contrast) / math.pi
    pixels = np.stack([values, wavelength * squared, constant, cosine, sine])
    return Rings(
        pixels=np.ascontiguousarray(pixels, dtype=np.float32),
        starts=starts.astype(np.int64),
        first=first,
        step=spectrum.step,
        basis=_background_basis(np.diff(starts), degree),
        order=order.astype(np.int32),
        # With the clipping, so that the mean over whitened tiles is the whitened mean.
        divisor=power / np.maximum(values + np.float32(1.0), np.float32(1e-6)),
        spread=_SINE_SPREAD if spectrum.parts is None else spectrum.parts.spread,
    )


def _whiten(
    power: Singles,
    direction: tuple[Numbers, Numbers],
    starts: NDArray[np.int64],
    degree: int,
) -> Singles:
    """Divide by a smooth background that may differ with direction, and subtract one."""
    counts = np.diff(starts)
    logs = np.log(np.maximum(power, np.float32(1e-30)), dtype=np.float64)
    profile = np.add.reduceat(logs, starts[:-1]) / counts
    rings = np.arange(len(counts))
    place = 2.0 * rings / max(len(rings) - 1, 1) - 1.0
    # Weights even over radius: the few pixels of the inner rings carry the steepest slope.
    terms = np.polynomial.chebyshev.chebvander(place, degree)
    smooth = terms @ np.linalg.lstsq(terms, profile, rcond=None)[0]
    ring = np.repeat(rings, counts)
    rest = logs - profile[ring]
    # Drift, charging and astigmatism of the envelope: cos and sin of 2 theta, linear in radius.
    cosine, sine = direction
    lean = np.stack([cosine, sine, cosine * place[ring], sine * place[ring]], axis=1)
    weights = np.linalg.solve(lean.T @ lean, lean.T @ rest)
    background = np.exp(smooth[ring] + lean @ weights)
    values = power / background
    values /= np.median(values)
    # Upwards the pixels of few tiles are spread far wider than downwards.
    limit = _CLIP * (float(np.quantile(values, 0.841)) - 1.0)
    return np.asarray(np.clip(values - 1.0, -1.0, limit), dtype=np.float32)


def _background_basis(counts: NDArray[np.int64], degree: int) -> Numbers:
    """Low polynomials over the rings, orthonormal when summed over pixels."""
    place = np.linspace(-1.0, 1.0, len(counts))
    terms = np.polynomial.chebyshev.chebvander(place, degree)
    weight = np.sqrt(counts)[:, None]
    orthonormal = np.linalg.qr(terms * weight)[0]
    return np.asarray(orthonormal / weight)


def equal_phase_rings(rings: Rings, defocus: Defocus, optics: Optics) -> NDArray[np.int64]:
    """Ring in which the CTF of the mean defocus has the phase that each pixel has.

    ``(pixels,)``; the number of rings for pixels that have no such ring.

    References
    ----------
    Zhang (2016), doi:10.1016/j.jsb.2015.11.003
    """
    along, across = defocus.vector
    wavelength = optics.wavelength
    bend = wavelength**3 * optics.spherical_aberration * 1e7
    squared = rings.linear / wavelength
    local = defocus.mean + along * rings.cosine + across * rings.sine
    path = wavelength * squared * local - 0.5 * bend * squared**2
    inside = (wavelength * defocus.mean) ** 2 - 2.0 * bend * path
    root = np.sqrt(np.maximum(inside, 0.0))
    equal = np.where(inside > 0.0, 2.0 * path / (wavelength * defocus.mean + root), squared)
    ring = np.rint(np.sqrt(np.maximum(equal, 0.0)) / rings.step).astype(np.int64) - rings.first
    count = len(rings.counts)
    return np.where((ring >= 0) & (ring < count), ring, count)


class Score:
    """How well a CTF explains the rings, as a weighted correlation from -1 to 1.

    It is the correlation of the whitened pixels with ``-envelope * cos 2 chi``, after the smooth
    background has been projected out of both.

    Parameters
    ----------
    rings
        Whitened pixels.
    envelope
        Expected depth of the modulation in each ring, any scale: the weight of the ring. Negative
        where the rings are reversed.
    """

    def __init__(self, rings: Rings, envelope: Numbers) -> None:
        self.rings = rings
        self.envelope = np.ascontiguousarray(envelope, dtype=np.float64)
        used = np.abs(self.envelope) > 0.05 * np.abs(self.envelope).max()
        sums, squares = rings.sums(rings.values), rings.sums(np.square(rings.values))
        self._data = rings.basis.T @ sums
        fitted = rings.basis @ self._data
        rest = squares - 2.0 * fitted * sums + rings.counts * fitted**2
        self._norm = math.sqrt(max(float(rest[used].sum()), 1e-30))

    def __call__(self, defocus: Defocus) -> float:
        """Score of a defocus."""
        return self.at(defocus.mean, *defocus.vector, defocus.phase_shift)

    def at(self, mean: float, along: float, across: float, phase: float = 0.0) -> float:
        """Score of a mean defocus and an astigmatism vector (Å) and a phase shift (degrees)."""
        return self._overlap(mean, along, across, phase) / self._norm

    def significance(self, defocus: Defocus) -> float:
        """Height of the score over noise, in standard deviations of the noise."""
        overlap = self._overlap(defocus.mean, *defocus.vector, defocus.phase_shift)
        return overlap / math.sqrt(float(np.var(self.rings.values)) * self.rings.spread)

    def _overlap(self, mean: float, along: float, across: float, phase: float) -> float:
        """Data times the model of length one, both without background."""
        fit = np.array([mean, along, across, phase / 180.0], dtype=np.float32)
        rings = self.rings
        return float(
            _overlap(rings.pixels, rings.starts, self.envelope, rings.basis, self._data, fit)
        )


@njit(cache=True, nogil=True, fastmath=True)
def ring_sums(
    pixels: Singles, starts: NDArray[np.int64], fit: Singles
) -> tuple[Numbers, Numbers, Numbers]:
    """Sums over each ring of model x data, model, and model squared.

    The model is ``-cos 2 chi``; `fit` is (mean, along, across in Å, phase shift in half turns).
    """
    values, linear, constant = pixels[0], pixels[1], pixels[2]
    cosine, sine = pixels[3], pixels[4]
    rings = len(starts) - 1
    products, models, squares = np.zeros(rings), np.zeros(rings), np.zeros(rings)
    mean, along, across, shift = fit[0], fit[1], fit[2], fit[3]
    half, quarter = np.float32(0.5), np.float32(0.25)
    # sin(2 pi x) for |x| <= 1/4: odd polynomial with an error below 1e-7.
    p1, p3, p5 = np.float32(6.2831853), np.float32(-41.341702), np.float32(81.605249)
    p7, p9 = np.float32(-76.704057), np.float32(42.05847)
    p11 = np.float32(-15.0946426)
    for ring in range(rings):
        product = np.float32(0.0)
        model = np.float32(0.0)
        square = np.float32(0.0)
        for i in range(starts[ring], starts[ring + 1]):
            turns = constant[i] + shift + linear[i] * (mean + along * cosine[i] + across * sine[i])
            turns -= np.floor(turns + half)
            x = abs(turns) - quarter
            y = x * x
            m = x * (p1 + y * (p3 + y * (p5 + y * (p7 + y * (p9 + y * p11)))))
            product += m * values[i]
            model += m
            square += m * m
        products[ring] = product
        models[ring] = model
        squares[ring] = square
    return products, models, squares


@njit(cache=True, nogil=True, fastmath=True)
def _overlap(
    pixels: Singles,
    starts: NDArray[np.int64],
    envelope: Numbers,
    basis: Numbers,
    data: Numbers,
    fit: Singles,
) -> float:
    products, models, squares = ring_sums(pixels, starts, fit)
    overlap, power = 0.0, 0.0
    for ring in range(len(envelope)):
        overlap += envelope[ring] * products[ring]
        power += envelope[ring] ** 2 * squares[ring]
    for term in range(basis.shape[1]):
        share = 0.0
        for ring in range(len(envelope)):
            share += envelope[ring] * models[ring] * basis[ring, term]
        overlap -= share * data[term]
        power -= share * share
    return float(overlap / np.sqrt(max(power, 1e-30)))
