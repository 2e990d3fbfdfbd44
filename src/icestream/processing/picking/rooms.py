"""Room for particles of any form: each pick keeps the pixels of its particle to itself."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from icestream.processing.picking.ground import Ground
from icestream.processing.picking.peaks import Peaks

__all__ = ["Stencil", "one_each", "rod_stencil"]

Stencil = NDArray[np.bool_]
"""``(side, side)`` pixels of a particle, its centre in the middle; `side` is odd."""

_SHARED = 0.35
"""Part of the signal of a pick that better picks may have taken."""


def one_each(
    ground: Ground,
    peaks: Peaks,
    which: Sequence[int],
    own: Callable[[int], Stencil],
    room: Callable[[int], Stencil],
) -> NDArray[np.bool_]:
    """Which peaks, the best first, owe what they saw to no better one that is kept.

    A long particle answers all along itself, and together with its neighbours between them. Such
    peaks find the mass of better ones again; one that lies across another particle, or beside it,
    has most of its own.

    Parameters
    ----------
    ground
        The micrograph.
    peaks
        In it.
    which
        Form of each of the peaks.
    own
        Pixels in which a particle of a form has its signal.
    room
        Pixels that a particle of a form keeps others' signal from.
    """
    rows, columns = ground.places(peaks)
    taken = np.zeros(ground.flat.shape, dtype=bool)
    kept = np.ones(len(rows), dtype=bool)
    for peak, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        where, inside = _cut(own(which[peak]), (row, column), taken.shape)
        signal = ground.flat[where] * inside
        others = float(signal[taken[where]].sum())
        kept[peak] = others < _SHARED * float(signal.sum())
        if kept[peak]:
            where, inside = _cut(room(which[peak]), (row, column), taken.shape)
            taken[where] |= inside
    return kept


def _cut(
    stencil: Stencil, place: tuple[int, int], shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], Stencil]:
    """Where a stencil lies around a pixel, and what of it is in the image."""
    reach = stencil.shape[0] // 2
    where, parts = [], []
    for at, size in zip(place, shape, strict=True):
        first, last = max(0, at - reach), min(size, at + reach + 1)
        where.append(slice(first, last))
        parts.append(slice(first - at + reach, last - at + reach))
    return (where[0], where[1]), stencil[parts[0], parts[1]]


def rod_stencil(length: float, width: float, angle: float) -> Stencil:
    """A rod with round ends; pixels, and radians from x towards y."""
    reach = int(0.5 * max(length, width)) + 1
    axis = np.arange(-reach, reach + 1)
    y, x = axis[:, None], axis[None, :]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    beyond = np.maximum(np.abs(along) - 0.5 * max(length - width, 0.0), 0.0)
    return np.asarray(np.hypot(beyond, across) <= 0.5 * width)
