"""Defective camera pixels: finding them in a movie, and replacing them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image
from icestream.processing.counts import sum_counts

__all__ = ["find_outliers", "find_outliers_in_movie", "replace_defects"]

_BLOCK = 64
_NEAR = 3
"""Pixels around a suspect that it is compared with."""
_FEW = 0.02
"""With more suspects than this part of the pixels, the gain is wrong and all are reported."""
_MAD_TO_SD = 1.4826


def find_outliers_in_movie(
    counts: NDArray[Any], gain: Image, known: NDArray[np.bool_], *, threshold: float = 7.0
) -> NDArray[np.bool_]:
    """Pixels that stand out of the sum of a movie's frames, or whose sum is no number.

    Parameters
    ----------
    counts
        ``(n, y, x)`` raw counts.
    gain
        ``(y, x)``, multiplied with them.
    known
        Defects, true where a pixel is bad: they do not disturb their neighbours. Whether they
        stand out, too, depends on what is around them.
    threshold
        As in `find_outliers`.

    Returns
    -------
    ``(y, x)``, true where the pixel is an outlier.
    """
    total = sum_counts(counts, gain)
    broken = ~np.isfinite(total)
    bad = broken | known
    total[bad] = np.median(total[::4, ::4][~bad[::4, ::4]])
    return find_outliers(total, threshold=threshold) | broken


def find_outliers(total: Image, *, threshold: float = 7.0) -> NDArray[np.bool_]:
    """Pixels of the gain-corrected sum of all frames that are far too bright or too dark.

    The sum is compared with the median of its block of 64 x 64 pixels, so that the specimen and
    an uneven illumination do not count as outliers.

    Parameters
    ----------
    total
        Gain-corrected sum of the unaligned frames, ``(y, x)``.
    threshold
        In robust standard deviations (from the median absolute deviation), on both sides.

    Returns
    -------
    ``(y, x)``, true where the pixel is an outlier.
    """
    residual = total - _block_medians(total)
    spread = _MAD_TO_SD * float(np.median(np.abs(residual[::3, ::3])))
    if spread == 0:
        spread = float(residual.std()) or 1.0
    outliers: NDArray[np.bool_] = np.abs(residual) > threshold * spread
    # An edge of carbon or a crystal inside a block stands out of its median, not of its place.
    places = _places(outliers)
    if 0 < len(places) <= _FEW * total.size:
        rows, columns = (
            _reflected(index[:, None] + np.arange(-_NEAR, _NEAR + 1), size)
            for index, size in zip(places.T, total.shape, strict=True)
        )
        medians = np.median(total[rows[:, :, None], columns[:, None, :]], axis=(1, 2))
        values = total[places[:, 0], places[:, 1]]
        outliers[places[:, 0], places[:, 1]] = np.abs(values - medians) > threshold * spread
    return outliers


def _places(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """``(n, 2)``; numpy looks through a line many times faster than through a plane."""
    return np.stack(np.unravel_index(np.flatnonzero(mask), mask.shape), axis=1)


def _reflected(place: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Indices below `size` for those beyond the border, which mirrors."""
    inside = np.abs(place)
    mirrored = np.minimum(inside, 2 * (size - 1) - inside)
    return np.asarray(np.clip(mirrored, 0, size - 1), dtype=np.intp)


def _block_medians(image: Image) -> Image:
    height, width = image.shape
    rows, columns = max(height // _BLOCK, 1), max(width // _BLOCK, 1)
    block_y, block_x = height // rows, width // columns
    blocks = image[: rows * block_y, : columns * block_x].reshape(rows, block_y, columns, block_x)
    # Some hundred pixels tell the median to a twelfth of a standard deviation.
    medians = np.median(blocks[:, ::4, :, ::4], axis=(1, 3)).astype(np.float32)
    y = np.minimum(np.arange(height) // block_y, rows - 1)
    x = np.minimum(np.arange(width) // block_x, columns - 1)
    result: Image = medians[y[:, None], x[None, :]]
    return result


def replace_defects(
    frames: NDArray[Any], defects: NDArray[np.bool_], *, seed: int, reach: int = 3
) -> None:
    """Give defective pixels the counts of a random good neighbour in the same frame, in place.

    A random neighbour keeps the statistics of the counts, which a mean would not, and a new draw
    for every frame leaves no pattern that stands still while the specimen moves.

    Parameters
    ----------
    frames
        ``(n, y, x)`` raw counts; changed.
    defects
        ``(y, x)``, true where a pixel is to be replaced.
    seed
        The same seed draws the same neighbours.
    reach
        Neighbours are at most this many pixels away along each axis; where none of them is good
        (a broad dead stripe), they are looked for further out.
    """
    places = _places(defects)
    if not len(places):
        return
    if defects.all():
        raise ValueError("every pixel of the camera is marked as defective")
    random = np.random.default_rng(seed)
    sources = np.zeros((len(frames), len(places), 2), dtype=np.intp)
    todo = np.ones((len(frames), len(places)), dtype=bool)
    limit = np.array(defects.shape)
    step, tries = reach, 0
    while todo.any():
        frame, place = np.nonzero(todo)
        offsets = random.integers(-step, step + 1, (len(frame), 2))
        candidate = places[place] + offsets
        inside = np.logical_and(candidate >= 0, candidate < limit).all(axis=1)
        good = np.array(inside, dtype=np.bool_)
        good[inside] = ~defects[candidate[inside, 0], candidate[inside, 1]]
        sources[frame[good], place[good]] = candidate[good]
        todo[frame[good], place[good]] = False
        tries += 1
        if tries % 40 == 0:
            step *= 2
    every = np.arange(len(frames))[:, None]
    frames[every, places[:, 0], places[:, 1]] = frames[every, sources[..., 0], sources[..., 1]]
