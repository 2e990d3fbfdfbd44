"""Peaks and patches, written once for every array library."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cut_squares", "find_peaks"]


def cut_squares(xp: Any, images: Any, corners: NDArray[Any], side: int) -> Any:
    """Squares ``(patches, ..., side, side)`` float32 cut out of ``(..., y, x)``."""
    height, width = images.shape[-2:]
    places = np.asarray(corners).reshape(-1, 2)
    outside = (places < 0).any(axis=1) | (places + side > (height, width)).any(axis=1)
    if outside.any():
        top, left = places[outside][0]
        raise ValueError(
            f"{int(outside.sum())} of {len(places)} patches of {side} pixels reach beyond the "
            f"image of {height} x {width} pixels (y, x), such as that from ({top}, {left})"
        )
    result = xp.empty((len(places), *images.shape[:-2], side, side), dtype=xp.float32)
    for patch, (top, left) in enumerate(places.tolist()):
        result[patch] = images[..., top : top + side, left : left + side]
    return result


def find_peaks(xp: Any, maps: Any, radius: float) -> tuple[Any, Any]:
    """Places ``(n, 2)`` and heights of the highest values within `radius` of the origin."""
    count, height, width = maps.shape
    near = [xp.asarray(_near_origin(size, radius)) for size in (height, width)]
    dy, dx = near[0][:, None], near[1][None, :]
    inside = dy * dy + dx * dx <= max(radius, 1.5) ** 2
    window = maps[:, dy % height, dx % width]
    flat = xp.where(inside, window, -xp.inf).reshape(count, -1)
    best = flat.argmax(axis=1)
    which = xp.arange(count)
    heights = flat[which, best]
    y, x = near[0][best // len(near[1])], near[1][best % len(near[1])]
    step = xp.arange(-1, 2)
    rows = (y[:, None, None] + step[:, None]) % height
    columns = (x[:, None, None] + step[None, :]) % width
    around = maps[which[:, None, None], rows, columns].astype(xp.float64)
    top, left = _vertex(xp, around)
    return xp.stack([y + top, x + left], axis=1), heights


def _near_origin(size: int, radius: float) -> NDArray[np.int64]:
    """Whole pixels of a periodic axis within `radius` of the origin, each once, in rising order."""
    reach = int(max(radius, 1.5))
    return np.arange(-min(reach, size // 2), min(reach, (size - 1) // 2) + 1)


def _vertex(xp: Any, near: Any) -> tuple[Any, Any]:
    """Top of the least-squares quadratic surface through 3 x 3 values, from their centre."""
    rows, columns = near.mean(axis=2), near.mean(axis=1)
    slope_y = 0.5 * (rows[:, 2] - rows[:, 0])
    slope_x = 0.5 * (columns[:, 2] - columns[:, 0])
    yy = rows[:, 2] - 2 * rows[:, 1] + rows[:, 0]
    xx = columns[:, 2] - 2 * columns[:, 1] + columns[:, 0]
    yx = 0.25 * (near[:, 2, 2] - near[:, 2, 0] - near[:, 0, 2] + near[:, 0, 0])
    determinant = yy * xx - yx * yx
    is_top = (yy < 0) & (xx < 0) & (determinant > 0)
    safe = xp.where(is_top, determinant, 1.0)
    dy = xp.where(is_top, -(xx * slope_y - yx * slope_x) / safe, 0.0)
    dx = xp.where(is_top, -(yy * slope_x - yx * slope_y) / safe, 0.0)
    return xp.clip(dy, -1, 1), xp.clip(dx, -1, 1)
