"""Boxes that two branches drew on the same exposures, and how many are of the same particles."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from icestream.model import Picks, column

if TYPE_CHECKING:
    from icestream.processing.picking.peaks import Peaks

__all__ = ["Boxes", "boxes_of"]


@dataclass(frozen=True, slots=True)
class Boxes:
    """Picks of two branches, counted over the exposures on which they differ."""

    exposures: int
    both: int
    """Particles that both found."""
    only_old: int
    only_new: int
    radius: float
    """Distance up to which two boxes are of the same particle, Å: one for all exposures."""


def boxes_of(pairs: Iterable[tuple[Picks, Picks]]) -> Boxes | None:
    """Match the picks of two branches, exposure by exposure; None where there are none.

    They are matched as `picks.consensus` matches pickers, within a fraction of the larger diameter
    of the first exposure.
    """
    from icestream.processing.picking.votes import SAME, agree_on_peaks  # numba is large

    counted = np.zeros((2, 2))
    exposures, radius = 0, 0.0
    for old, new in pairs:
        radius = radius or SAME * max(old.diameter, new.diameter)
        pixel_size = min(old.pixel_size, new.pixel_size)
        peaks = [_scaled(picks, pixel_size) for picks in (old, new)]
        counted += agree_on_peaks(peaks, radius / pixel_size, 1).shared
        exposures += 1
    if not exposures:
        return None
    both = round(counted[0, 1])
    return Boxes(
        exposures=exposures,
        both=both,
        only_old=round(counted[0, 0]) - both,
        only_new=round(counted[1, 1]) - both,
        radius=radius,
    )


def _scaled(picks: Picks, pixel_size: float) -> "Peaks":
    """In pixels of this size."""
    scale = np.float32(picks.pixel_size / pixel_size)
    from icestream.processing.picking.peaks import Peaks  # numba is large

    return Peaks(column(picks.x * scale), column(picks.y * scale), picks.score)
