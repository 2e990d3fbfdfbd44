"""The track of the whole frame: where each frame of a movie has to be moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import median_filter

from icestream.processing.dose import Dose
from icestream.processing.fourier import HalfSpectrum, crop_spectrum
from icestream.processing.motion.smoothing import track_precision
from icestream.processing.motion.spectra import Band, aligned_sum, derivatives
from icestream.processing.motion.weighting import (
    Search,
    Weighting,
    coarse_weight,
    measure_weighting,
    total_power,
)

__all__ = ["Search", "Track", "align_frames"]

_COARSE = 16.0
"""Å: detail used in the first search."""
_COARSE_BFACTOR = 1500.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Shifts of the whole frames."""

    shifts: NDArray[np.float64]
    """``(n, 2)`` (dy, dx), Å; added to the coordinates of a frame to align it."""
    weighting: Weighting
    precision: NDArray[np.float64]
    """``(n, n)`` prior that was used, 1/Å²."""
    converged: bool


def align_frames(
    spectra: HalfSpectrum, band: Band, search: Search, dose: Dose | None = None
) -> Track:
    """Find the shift of each frame against the sum of the others.

    A coarse search of the whole correlation map of each frame (detail to 16 Å, B 1500 Å²) is
    refined by Newton steps on the sum of all agreements, with weights that are measured from the
    movie itself in each round. The sum that a frame is compared with never contains the frame.

    Parameters
    ----------
    spectra
        ``(n, ky, kx)`` from `frame_spectra`.
    band
        Grid of `spectra`.
    dose
        As it was given to `frame_spectra`.

    Returns
    -------
    A track relative to its first frame.
    """
    shifts = np.zeros((len(spectra), 2))
    if len(spectra) < 2:
        weighting = measure_weighting(spectra, band, shifts, None, search)
        return Track(shifts, weighting, np.zeros((1, 1)), True)
    shifts = _coarse_track(spectra, band, search)
    return _refine(spectra, band, shifts, search, dose)


def _coarse_track(spectra: HalfSpectrum, band: Band, search: Search) -> NDArray[np.float64]:
    resolution = max(_COARSE, search.resolution)
    height, width = (
        min(size, 2 * int(np.ceil(size * band.pixel_size / resolution)) + 4) for size in band.shape
    )
    small = Band((height, width), band.pixel_size * band.shape[0] / height)
    coarse = crop_spectrum(spectra, band.shape, small.shape)
    weight = coarse_weight(coarse, small, resolution, _COARSE_BFACTOR)
    frames = len(spectra)
    shifts = np.zeros((frames, 2))
    allowed = _disc(small, search.max_shift)
    for _ in range(8):
        total = aligned_sum(coarse, small.ky, small.kx, shifts)
        steps = np.array(
            [_peak(coarse[f], total, weight, small, shifts[f], allowed) for f in range(frames)]
        )
        shifts += steps
        shifts -= shifts.mean(axis=0)
        if np.abs(steps).max() < 0.25 * small.pixel_size:
            break
    strange, expected, reach = _outliers(shifts)
    if strange.any():
        total = aligned_sum(coarse, small.ky, small.kx, shifts)
        allowed = _disc(small, reach)
        for f in np.flatnonzero(strange):
            rest = total - _moved(coarse[f], small, shifts[f])
            moved = _moved(coarse[f], small, expected[f])
            step = _peak(coarse[f], rest + moved, weight, small, expected[f], allowed)
            shifts[f] = expected[f] + step
    return shifts


def _outliers(
    shifts: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.float64], float]:
    """Frames that lie far from their neighbours, where they should be, and how near to that."""
    expected = median_filter(shifts, size=(min(5, len(shifts)), 1), mode="nearest")
    steps = np.hypot(*np.diff(shifts, axis=0).T)
    reach = max(3.0 * float(np.median(steps)), 6.0)
    return np.hypot(*(shifts - expected).T) > reach, expected, reach


def _disc(band: Band, radius: float) -> NDArray[np.bool_]:
    y = np.fft.fftfreq(band.shape[0], 1.0 / (band.shape[0] * band.pixel_size))
    x = np.fft.fftfreq(band.shape[1], 1.0 / (band.shape[1] * band.pixel_size))
    inside: NDArray[np.bool_] = np.hypot(y[:, None], x[None, :]) <= max(
        radius, 1.5 * band.pixel_size
    )
    return inside


def _moved(spectrum: HalfSpectrum, band: Band, shift: NDArray[np.float64]) -> HalfSpectrum:
    phase = np.exp(-2j * np.pi * band.ky * shift[0])[:, None] * np.exp(
        -2j * np.pi * band.kx * shift[1]
    )
    return np.asarray(spectrum * phase, dtype=np.complex64)


def _peak(
    spectrum: HalfSpectrum,
    total: HalfSpectrum,
    weight: NDArray[np.float32],
    band: Band,
    shift: NDArray[np.float64],
    allowed: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Step (dy, dx) in Å from `shift` to the highest correlation with the rest of the sum."""
    moved = _moved(spectrum, band, shift)
    map_ = fft.irfft2(weight * moved.conj() * (total - moved), s=band.shape)
    height, width = band.shape
    y, x = divmod(int(np.argmax(np.where(allowed, map_, -np.inf))), width)
    near = map_[np.ix_((y + np.arange(-1, 2)) % height, (x + np.arange(-1, 2)) % width)]
    dy, dx = _vertex(near)
    step = np.array(
        [(y + height // 2) % height - height // 2 + dy, (x + width // 2) % width - width // 2 + dx]
    )
    return step * band.pixel_size


def _vertex(near: NDArray[np.float32]) -> tuple[float, float]:
    """Top of the quadratic surface through 3 x 3 values, at most one pixel from their centre."""
    near = near.astype(np.float64)
    gradient = np.array([near[2].mean() - near[0].mean(), near[:, 2].mean() - near[:, 0].mean()])
    gradient *= 0.5
    yy = near[2].mean() - 2 * near[1].mean() + near[0].mean()
    xx = near[:, 2].mean() - 2 * near[:, 1].mean() + near[:, 0].mean()
    yx = 0.25 * (near[2, 2] - near[2, 0] - near[0, 2] + near[0, 0])
    determinant = yy * xx - yx * yx
    if yy >= 0 or xx >= 0 or determinant <= 0:
        return 0.0, 0.0
    dy = -(xx * gradient[0] - yx * gradient[1]) / determinant
    dx = -(yy * gradient[1] - yx * gradient[0]) / determinant
    return float(np.clip(dy, -1, 1)), float(np.clip(dx, -1, 1))


def _refine(
    spectra: HalfSpectrum,
    band: Band,
    shifts: NDArray[np.float64],
    search: Search,
    dose: Dose | None,
) -> Track:
    frames = len(spectra)
    precision = np.zeros((frames, frames))
    smoothed = not search.smooth
    converged = False
    power = total_power(spectra)
    for turn in range(search.rounds):
        weighting = measure_weighting(spectra, band, shifts, dose, search, power=power)
        found = derivatives(spectra, weighting.on(band), band.ky, band.kx, shifts)
        information = np.maximum(weighting.information, 1e-3 * weighting.information.max() + 1e-9)
        if not smoothed and turn >= 3:
            measured = shifts + found[:, 1:3] / information[:, None]
            precision = track_precision(measured, information)
            smoothed = True
        pull = found[:, 1:3] - precision @ shifts
        step = np.linalg.solve(np.diag(information) + precision, pull)
        step = np.clip(step, -0.25 * search.resolution, 0.25 * search.resolution)
        shifts = shifts + step
        converged = smoothed and float(np.abs(step - step.mean(axis=0)).max()) < search.tolerance
        if converged:
            break
    return Track(shifts - shifts[0], weighting, precision, converged)
