"""Templates from 2D class averages: centred, turned, and only as many as are different."""

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.picking.peaks import Float

__all__ = ["centred_average", "components", "make_bank", "mass_centre"]

_STEP = 10.0
"""Degrees between the turned copies of an average."""
_COVERED = 0.97
"""A turned average is left out when a kept one correlates with it as well as this."""
_MOST = 200
"""Templates kept; what is left by then is rare."""
_EXPLAINED = 0.98
"""Part of the templates' power that the components of the bank hold."""
_WIDTH = 1.3
"""Side of a template, in diameters."""


def make_bank(averages: Stack, average_pixel: float, diameter: float, pixel_size: float) -> Stack:
    """Turn class averages into templates.

    Each average is centred on its mass inside the particle's circle, cut out with a soft edge,
    turned in steps of ten degrees and resampled to `pixel_size`. From all of these, those are
    kept that the others resemble least: the one that resembles most others first, then the one
    that resembles most of the rest, until each correlates to 0.97 with one that is kept. A round
    particle keeps one or two, a long one a hundred.

    Parameters
    ----------
    averages
        ``(k, box, box)`` bright particles.
    average_pixel
        Å per pixel of the averages.
    diameter
        Of the particle, Å.
    pixel_size
        Å per pixel of the templates.

    Returns
    -------
    ``(n, side, side)`` bright, in the averages' grey values, `side` odd: the middle of the
    particle is in the middle.

    Raises
    ------
    ValueError
        If there is no average, or none holds anything.
    """
    centred = [centred_average(average, average_pixel, diameter) for average in averages]
    side = 2 * int(np.ceil(_WIDTH * diameter / pixel_size / 2)) + 1
    turned = np.concatenate(
        [_turned(average, average_pixel, pixel_size, side) for average in centred if average.any()]
        or [np.zeros((0, side, side), np.float32)]
    )
    if not len(turned):
        raise ValueError(
            f"no template can be made from {len(averages)} class averages: all are blank; "
            "choose other classes"
        )
    return turned[_different(turned)]


def centred_average(average: Float, pixel_size: float, diameter: float) -> Float:
    """The particle of a class average alone, its mass in the middle, on a background of zero.

    The middle is found by moving the circle to the mass in it until it stays: a neighbour at the
    edge of the box does not count.
    """
    radius = 0.5 * diameter / pixel_size
    middle = mass_centre(average, radius)
    if middle is None:
        return np.zeros_like(average)
    distance = _distance(average, middle)
    rim = (distance > radius) & (distance < 1.25 * radius + 1)
    level = float(np.median(average[rim])) if rim.any() else 0.0
    cut = (average - level) * np.clip((1.1 * radius - distance) / 2 + 0.5, 0, 1)
    moved = scipy.ndimage.shift(cut, average.shape[-1] // 2 - middle, order=3, mode="constant")
    return np.asarray(moved, dtype=np.float32)


def mass_centre(average: Float, radius: float) -> NDArray[np.float64] | None:
    """Centre (y, x) of what is bright within `radius` pixels of it; None where nothing is.

    Starts in the middle of the image, and moves the circle to the mass in it until it stays.
    """
    middle = np.full(2, average.shape[-1] // 2, dtype=np.float64)
    y, x = np.indices(average.shape, dtype=np.float64)
    for _ in range(10):
        distance = _distance(average, middle)
        rim = (distance > radius) & (distance < 1.25 * radius + 1)
        level = float(np.median(average[rim])) if rim.any() else 0.0
        mass = np.clip(average - level, 0, None) * np.clip(radius - distance + 0.5, 0, 1)
        if mass.sum() <= 0:
            return None
        new = np.array([(mass * y).sum(), (mass * x).sum()]) / mass.sum()
        moved = float(np.hypot(*(new - middle)))
        middle = new
        if moved < 0.05:
            break
    return middle


def _distance(image: Float, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    y, x = np.indices(image.shape, dtype=np.float64)
    distance: NDArray[np.float64] = np.hypot(y - middle[0], x - middle[1])
    return distance


def _turned(average: Float, average_pixel: float, pixel_size: float, side: int) -> Stack:
    """Copies of an average at all angles, resampled."""
    scale = pixel_size / average_pixel
    if scale > 1.0:  # against aliasing
        average = scipy.ndimage.gaussian_filter(average, 0.4 * np.sqrt(scale**2 - 1.0))
    coefficients = scipy.ndimage.spline_filter(average, order=3).astype(np.float32)
    copies = []
    for angle in np.radians(np.arange(0.0, 360.0, _STEP)):
        cosine, sine = np.cos(angle), np.sin(angle)
        matrix = scale * np.array([[cosine, -sine], [sine, cosine]])
        offset = average.shape[-1] // 2 - matrix @ np.array([side // 2, side // 2])
        copies.append(
            scipy.ndimage.affine_transform(
                coefficients, matrix, offset, (side, side), order=3, prefilter=False
            )
        )
    return np.stack(copies).astype(np.float32)


def _different(turned: Stack) -> NDArray[np.intp]:
    """Places of the images that together resemble all."""
    flat = turned.reshape(len(turned), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    alike = (flat @ flat.T >= _COVERED).astype(np.float32)
    left = np.ones(len(flat), dtype=bool)
    like_left = alike.sum(axis=1)
    kept: list[int] = []
    while left.any() and len(kept) < _MOST:
        best = int(like_left.argmax())
        kept.append(best)
        gone = left & (alike[best] > 0)
        like_left -= alike[:, gone].sum(axis=1)
        left &= ~gone
    return np.array(kept, dtype=np.intp)


def components(templates: Stack) -> tuple[Stack, NDArray[np.float32]]:
    """Fewer images of which the templates are sums, but for two per cent of their power.

    Returns
    -------
    images : ``(m, side, side)``
        Principal components, `m` at most the number of templates.
    parts : ``(n, m)``
        How much of each component is in each template.
    """
    flat = templates.reshape(len(templates), -1).astype(np.float64)
    power, vectors = np.linalg.eigh(flat @ flat.T)
    power, vectors = np.maximum(power[::-1], 0.0), vectors[:, ::-1]
    many = int(np.searchsorted(np.cumsum(power), _EXPLAINED * power.sum())) + 1
    images = (vectors[:, :many].T @ flat).reshape(many, *templates.shape[1:])
    return images.astype(np.float32), vectors[:, :many].astype(np.float32)
