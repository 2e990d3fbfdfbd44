"""What in a micrograph is no ice with particles: carbon film, crystals, and large drops of ice."""

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.processing.fourier import bin_image
from icestream.processing.picking.peaks import Float

__all__ = ["FRINGE", "find_foreign", "widened"]

_PIXEL = 25.0
"""Å per pixel, about, in which it is looked for."""
_BLUR = 75.0
"""Å: standard deviation of the blur, at most, that leaves the level of the ice."""
_APART = 6.0
"""Spreads of the ice that carbon lies away from it, at least."""
_LEAST_ICE = 0.1
"""Part of the field that is ice, at least; less is a hole in what is all carbon."""
_EVEN = 3.0
"""Level of a foreign body over its detail, at least. Where particles crowd, they vary by as much
as they stand out."""
_COHERENT = 100.0
"""Å from its edge that most of a film lies, at least."""
_CORE = 6.0
"""Spreads from the level of the ice that no particle fills a wide area with."""
_FADES = 3.0
"""Spreads from the level of the ice where a foreign body has faded."""
_EDGE = 0.2
"""Part of the level of a foreign body's inside at which it ends, at least."""
_INSIDE = 0.35
"""Part of the level of a foreign body's inside at which its depth is told."""
_MOST = 0.98
"""Part of a body that is below the level of its inside."""
_FLOOR = 0.1
"""Least spread of the ice, in standard deviations of the noise of a coarse pixel."""
FRINGE = 75.0
"""Å around a foreign body that its fringes fill."""


def find_foreign(
    coarse: Float, noise: Float, pixel_size: float, diameter: float, depth: float
) -> NDArray[np.bool_]:
    """Find where the level is not that of the ice over more than a particle could fill.

    Parameters
    ----------
    coarse
        ``(y, x)`` micrograph of small size, particles bright: carbon and drops are bright too.
    noise
        ``(y, x)`` standard deviation of its local noise.
    pixel_size
        Å.
    diameter
        Largest one of a particle, Å.
    depth
        Å from its edge that the middle of a foreign body lies, at least.

    Returns
    -------
    ``(y, x)``, true in foreign bodies and their fringes.

    Notes
    -----
    A film of carbon may cover most of the field, so it is told first: the best cut of the levels
    into two (Otsu) is between ice and film when they lie apart by far more than the ice varies, and
    the film is of one piece. Then a plane is fitted to the ice alone, and what leaves its level by
    six times its spread, in the middle of an area that is `depth` deep, is foreign as far as three
    times the spread or, where that is more, to a fifth of its own level.
    """
    blur = min(0.5 * diameter, _BLUR) / pixel_size
    step = max(1, int(min(_PIXEL / pixel_size, blur)))
    height, width = (n // step * step for n in coarse.shape)
    small = bin_image(coarse[:height, :width], step)
    level = scipy.ndimage.gaussian_filter(small, blur / step, mode="reflect")
    across = step * pixel_size
    detail = small - level
    film = _film(level, detail, across)
    ice = ~film
    level = level - _plane(level, ice)
    level -= float(np.median(level[ice]))
    spread = 1.4826 * float(np.median(np.abs(level[ice])))
    spread = max(spread, _FLOOR * float(np.median(noise)), 1e-12)
    odd = np.abs(level) / spread
    found = film | _bodies(np.where(ice, odd, 0.0), detail / spread, depth / across)
    if not found.any():
        return np.zeros(coarse.shape, dtype=bool)
    found = widened(found, FRINGE / across)
    rows, columns = (
        np.minimum(np.arange(n) // step, m - 1)
        for n, m in zip(coarse.shape, found.shape, strict=True)
    )
    return np.asarray(found[np.ix_(rows, columns)])


def _bodies(
    odd: NDArray[np.floating], detail: NDArray[np.floating], depth: float
) -> NDArray[np.bool_]:
    """Bodies that are `depth` pixels deep, where `odd` is how far the level is from the ice's.

    The blur carries what stands far out beyond its edge: how deep it is, is told at a third of its
    level.
    """
    labels, count = scipy.ndimage.label(odd > _FADES)
    found = np.zeros(odd.shape, dtype=bool)
    for number, where in enumerate(scipy.ndimage.find_objects(labels, count), start=1):
        body = labels[where] == number
        if np.sqrt(np.count_nonzero(body)) < depth:
            continue
        level = float(np.quantile(odd[where][body], _MOST))
        inside = (labels == number) & (odd > max(_INSIDE * level, _CORE))
        deep = _depth(inside, depth).max() > depth
        if deep and _is_even(float(np.median(odd[inside])), detail[inside]):
            found |= (labels == number) & (odd > max(_EDGE * level, _FADES))
    return found


def widened(mask: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """A mask and all within `radius` pixels of it."""
    if not mask.any():
        return mask
    return np.asarray(scipy.ndimage.distance_transform_edt(~mask) <= radius)


def _is_even(level: float, detail: NDArray[np.floating]) -> bool:
    """Whether a region stands out by itself, and not because it is full of particles."""
    return level > _EVEN * 1.4826 * float(np.median(np.abs(detail - np.median(detail))))


def _film(level: Float, detail: Float, pixel_size: float) -> NDArray[np.bool_]:
    """Where a film covers the field; nowhere, where the levels are those of ice alone."""
    cut = _best_cut(level)
    film = level > cut
    none = np.zeros(level.shape, dtype=bool)
    if not _LEAST_ICE < 1.0 - film.mean() < 1.0:
        return none
    ice = np.median(level[~film])
    spread = 1.4826 * float(np.median(np.abs(level[~film] - ice)))
    gap = float(np.median(level[film]) - ice)
    if gap < _APART * max(spread, 1e-12) or not _is_even(gap, detail[film]):
        return none
    film = level > 0.5 * (np.median(level[film]) + ice)
    deep = _depth(film, 2.0 * _COHERENT / pixel_size)
    return film if np.median(deep[film]) > _COHERENT / pixel_size else none


def _depth(mask: NDArray[np.bool_], most: float) -> NDArray[np.float64]:
    """Pixels from the edge of a mask, which goes on beyond the edges of the field by `most`."""
    reach = int(most) + 2
    beyond = scipy.ndimage.distance_transform_edt(np.pad(mask, reach, mode="edge"))
    return np.asarray(beyond[reach:-reach, reach:-reach])


def _best_cut(level: Float) -> float:
    """Level that cuts the others into two that each vary least (Otsu)."""
    values = np.sort(level, axis=None).astype(np.float64)
    values = values[:: max(1, len(values) // 4096)]
    number = np.arange(1, len(values))
    total = np.cumsum(values)
    below, above = total[:-1] / number, (total[-1] - total[:-1]) / (len(values) - number)
    between = number * (len(values) - number) * (above - below) ** 2
    return float(values[int(between.argmax())])


def _plane(level: Float, ice: NDArray[np.bool_]) -> Float:
    """The plane through most of the ice (two robust repeats)."""
    y, x = np.indices(level.shape, dtype=np.float64)
    terms = np.stack([np.ones_like(x), x / level.shape[1], y / level.shape[0]], axis=-1)
    keep = ice.copy()
    plane = np.zeros(3)
    for _ in range(3):
        plane = np.linalg.lstsq(terms[keep], level[keep], rcond=None)[0]
        rest = level - terms @ plane
        middle = np.median(rest[ice])
        limit = 3 * 1.4826 * np.median(np.abs(rest[ice] - middle))
        keep = ice & (np.abs(rest - middle) <= max(limit, 1e-12))
    return np.asarray(terms @ plane, dtype=np.float32)
