"""The gain of a camera, estimated from nothing but the counts of a session."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model.arrays import Image
from icestream.processing.gain.detail import local_mean
from icestream.processing.gain.sums import GainSums

__all__ = ["GainEstimate", "estimate_gain"]

_RINGS = 24
"""Rings of frequency, from one wave across the frame to the corner of the transform."""
_NEAR_AXIS = 3
"""Lines beside an axis of the transform in which stripes of part of the frame lie."""
_SPECIMEN = 6.0
"""Pixels: a wave longer than this may be the specimen's, when there is one movie only."""
_LEAST = 0.02
"""Sensitivity below which a pixel is dead."""
_STRONG = 5.0
"""A pixel that deviates by so many standard deviations of its counts is left as it was counted."""


@dataclass(frozen=True, slots=True, eq=False)
class GainEstimate:
    """A blind estimate."""

    gain: Image
    """``(y, x)``: counts are multiplied by it; mean 1, 0 in bad pixels."""
    error: float
    """Relative standard error of a pixel, from what the two halves do not share."""
    pattern: float
    """Relative standard deviation of the whole gain, without noise."""

    @property
    def correlation(self) -> float:
        """Expected correlation with the true gain."""
        return math.sqrt(max(0.0, 1.0 - (self.error / self.pattern) ** 2)) if self.pattern else 0.0


def estimate_gain(sums: GainSums, bad: NDArray[np.bool_]) -> GainEstimate:
    """Estimate the gain from sums over many frames and movies.

    The mean image is the camera's sensitivity times what all movies have in common. Noise is taken
    out by the best linear filter: what the two halves of the sums share at a spatial frequency,
    over all that is there, is its weight (Wiener). Rows and columns of converters lie on the axes
    of the transform, where the weights are found apart; so they are equalised although single
    pixels are still lost in the noise.

    Parameters
    ----------
    sums
        Raw counts, with at least one movie.
    bad
        Pixels to be left out, ``(y, x)``; they become 0.

    Returns
    -------
    GainEstimate

    Raises
    ------
    ValueError
        If nothing was counted, or every pixel is bad.

    Notes
    -----
    What is broad and the same in all movies is taken for gain: the profile of a beam that stands
    still cannot be told from it, and is divided out with it, as any flat field does. After one
    movie there are no halves: the noise is then that of the counts, waves longer than 6 pixels are
    left out for the specimen that they may show, and `error` knows nothing of them.

    That many images tell the camera's characteristics pixel by pixel was shown by Afanasyev et al.
    (2015), https://doi.org/10.1038/srep10317. Sorzano et al. (J. Struct. Biol. 203, 2018) equalise
    the statistics of rows and columns; they match sorted values frame by frame, which fails where
    a pixel counts 0 or 1 in a frame.
    """
    mean = sums.mean()
    good = ~bad & (mean > 0)
    if not good.any():
        raise ValueError("no pixel has counted anything: the gain cannot be estimated")
    counted = sum(sums.frames)
    whole = _transform(mean, good)
    bands, double = _bands(sums.shape)
    counts = _band_sums(bands, double)
    power = _band_sums(bands, double * np.square(np.abs(whole)).ravel())
    halves = sums.half_means()
    if halves is not None:
        first, second = (_transform(half, good) for half in halves)
        common = (first * second.conj()).real.ravel()
        shared = _band_sums(bands, double * common)
    else:
        noise = float(np.mean(1.0 / mean[good], dtype=np.float64)) / counted
        shared = np.where(_is_broad(sums.shape), 0.0, power - counts * noise * mean.size)
    weights = np.clip(np.divide(shared, power, out=np.zeros_like(power), where=power > 0), 0, 1)
    weights[0] = 0.0  # the mean
    filtered = whole * weights.astype(np.float32)[bands].reshape(whole.shape)
    smooth = scipy.fft.irfft2(filtered, sums.shape)
    error = float(np.sum(power * weights * (1.0 - weights))) / mean.size**2
    pattern = float(np.sum(power * weights)) / mean.size**2
    sensitivity = _with_strong_pixels(mean, good, smooth, counted)
    usable = good & (sensitivity > _LEAST)
    gain = np.divide(1.0, sensitivity, out=np.zeros_like(mean), where=usable)
    gain /= gain[usable].mean(dtype=np.float64)
    return GainEstimate(gain, math.sqrt(error), math.sqrt(pattern))


def _relative(mean: Image, good: NDArray[np.bool_]) -> Image:
    """Counts over their mean, less 1; bad pixels have the value of their surrounding."""
    relative = mean / np.float32(mean[good].mean(dtype=np.float64)) - np.float32(1)
    return relative if good.all() else np.where(good, relative, local_mean(relative, good))


def _transform(mean: Image, good: NDArray[np.bool_]) -> NDArray[np.complex64]:
    transform: NDArray[np.complex64] = scipy.fft.rfft2(_relative(mean, good))
    return transform


def _bands(shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each coefficient of the half transform its band, and how often the whole one has it.

    Band 0 is the mean; rings of frequency, even in its logarithm, are counted in five groups: off
    the axes, on one axis, near it, on the other, and near that.
    """
    height, width = shape
    ky = np.rint(np.fft.fftfreq(height) * height)[:, None]
    kx = np.arange(width // 2 + 1)[None, :]
    frequency = np.hypot(ky / height, kx / width) * max(shape)
    frequency[0, 0] = 1.0
    top = math.log(0.75 * max(shape))
    rings = ((_RINGS - 1) * np.log(np.maximum(frequency, 1.0)) / top).astype(np.intp)
    group = np.zeros(frequency.shape, dtype=np.intp)
    group[np.abs(ky[:, 0]) <= _NEAR_AXIS] = 2
    group[:, : _NEAR_AXIS + 1] = 4
    group[ky[:, 0] == 0] = 1
    group[:, 0] = 3
    bands = 1 + group * _RINGS + rings
    bands[0, 0] = 0
    double = np.full(frequency.shape, 2.0, dtype=np.float32)
    double[:, 0] = 1.0
    if width % 2 == 0:
        double[:, -1] = 1.0
    return bands.ravel(), double.ravel()


def _band_sums(bands: NDArray[np.intp], values: NDArray[np.floating]) -> NDArray[np.float64]:
    sums = np.bincount(bands, weights=values, minlength=1 + 5 * _RINGS)
    return np.asarray(sums, dtype=np.float64)


def _is_broad(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """For each band whether it is broad, and off the axes: where one specimen is."""
    ring = np.arange(5 * _RINGS) % _RINGS
    top = math.log(0.75 * max(shape))
    broad = np.exp((ring + 1) * top / (_RINGS - 1)) < max(shape) / _SPECIMEN
    return np.concatenate([[False], broad & (np.arange(5 * _RINGS) < _RINGS)])


def _with_strong_pixels(mean: Image, good: NDArray[np.bool_], smooth: Image, counted: int) -> Image:
    """Sensitivity ``(y, x)``; what deviates far beyond its noise is no member of a distribution."""
    relative = _relative(mean, good)
    level = np.float32(mean[good].mean(dtype=np.float64))
    noise = np.sqrt(np.maximum(mean, 0) / np.float32(counted)) / level
    strong = np.abs(relative - smooth) > _STRONG * noise
    return np.where(strong, relative, smooth) + np.float32(1)
