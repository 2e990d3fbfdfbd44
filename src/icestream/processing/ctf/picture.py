"""The picture of a power spectrum beside its fit, for people."""

from dataclasses import replace

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Optics, Spectrum
from icestream.processing.ctf.fit import CtfFit
from icestream.processing.ctf.transfer import ctf_2d

__all__ = ["spectrum_picture"]

_TERMS = 6
_ARC = 4.0
"""Degrees along which the picture is smoothed: the eye finds the rings, and they stay sharp."""
_FIELD = 3.0
"""Å at the edge of the small picture, so that pictures can be compared."""


def spectrum_picture(
    fit: CtfFit, optics: Optics, *, size: int = 320
) -> tuple[Spectrum, NDArray[np.uint8]]:
    """Measured spectrum on the left, fitted CTF on the right.

    The measured power is divided by its smooth background, smoothed along arcs of a few degrees,
    and divided by the depth of the rings, or by the noise where that is larger, so that the
    outer ones can be seen as well as the inner.
    The fit, as CTF squared, is drawn in the right half as far as the fit resolution: the radius
    of the half disc shows how far the rings were followed. Without rings nothing is drawn.

    Parameters
    ----------
    fit
        What `fit_ctf` or `fit_spectrum` found.
    optics
        Of the micrograph.
    size
        Pixels of the small picture.

    Returns
    -------
    spectrum
        Float32, as large as the power spectrum, origin in the center, 0 to 1.
    picture
        ``(size, size)`` grey; its edge is at 3 Å, or where the spectrum ends if that is before,
        or a little beyond the fit resolution if that is better.
    """
    power = fit.spectrum.power
    half = len(power) // 2
    rows, columns = np.mgrid[-half:half, -half:half]
    radius = np.hypot(rows, columns)
    first = max(3, round(float(fit.curve[0, 0]) / fit.spectrum.step))
    flat = _smooth_arcs(_flatten(power, radius, first))
    flat /= np.maximum(
        _depth(fit, radius), 2.5 * flat[(radius > 0.6 * half) & (radius < half)].std()
    )
    flat = np.clip(0.5 + 0.5 * flat, 0.0, 1.0)
    reached = 1.0 / (fit.resolution * fit.spectrum.step) if fit.has_rings else 0.0
    drawn = (columns >= 0) & (radius <= reached)
    own = replace(optics, pixel_size=fit.spectrum.pixel_size)
    model = ctf_2d(power.shape, fit.defocus, own) ** 2
    both = np.where(drawn, model, flat)
    both[radius < first] = 0.5
    spectrum = np.asarray(both, dtype=np.float32)
    edge = int(min(max(1.0 / (_FIELD * fit.spectrum.step), 1.1 * reached), half))
    cut = spectrum[half - edge : half + edge, half - edge : half + edge]
    zoomed = scipy.ndimage.zoom(cut, size / len(cut), order=1)
    return spectrum, np.asarray(np.clip(zoomed * 255.0, 0, 255), dtype=np.uint8)


def _flatten(power: Spectrum, radius: NDArray[np.float64], first: int) -> NDArray[np.float64]:
    """Power over its smooth radial background, minus one."""
    half = len(power) // 2
    ring = np.minimum(np.rint(radius).astype(np.int64), half - 1)
    logs = np.log(np.maximum(power, 1e-30), dtype=np.float64)
    # The axes carry the cross of detector rows and columns, which is not background.
    counted = np.ones(power.shape)
    counted[half, :] = counted[:, half] = 0.0
    counts = np.bincount(ring.ravel(), counted.ravel(), half)
    profile = np.bincount(ring.ravel(), (logs * counted).ravel(), half) / np.maximum(counts, 1)
    place = np.linspace(-1.0, 1.0, half - first)
    terms = np.polynomial.chebyshev.chebvander(place, _TERMS)
    profile[first:] = terms @ np.linalg.lstsq(terms, profile[first:], rcond=None)[0]
    profile[:first] = profile[first]
    flat = np.exp(np.clip(logs - profile[ring], -3.0, 2.0))
    return np.asarray(flat / np.median(flat[radius < half]) - 1.0)


def _smooth_arcs(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth along the angle, through polar coordinates and back; corners are cut."""
    half = len(flat) // 2
    turns = 720
    theta = np.arange(turns) * (2.0 * np.pi / turns)
    radius = np.arange(half)[:, None]
    places = np.stack([half + radius * np.sin(theta), half + radius * np.cos(theta)])
    polar = scipy.ndimage.map_coordinates(flat, places, order=1, mode="nearest")
    polar = scipy.ndimage.gaussian_filter1d(polar, _ARC * turns / 360.0, axis=1, mode="wrap")
    rows, columns = np.mgrid[-half:half, -half:half]
    angle = np.arctan2(rows, columns) * (turns / (2.0 * np.pi)) % turns
    places = np.stack([np.hypot(rows, columns), angle])
    wrapped = np.concatenate((polar, polar[:, :1]), axis=1)
    return np.asarray(scipy.ndimage.map_coordinates(wrapped, places, order=1, cval=0.0))


def _depth(fit: CtfFit, radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Depth of the rings at each pixel, but not below a fifth of the largest."""
    at = np.interp(radius * fit.spectrum.step, fit.curve[0], fit.depth)
    return np.asarray(np.maximum(at, 0.2 * float(fit.depth.max()) + 1e-6))
