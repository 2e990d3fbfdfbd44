"""Heaps of particles on top of each other: wider than a particle, and as dense or denser."""

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.processing.picking.discs import disc_responses
from icestream.processing.picking.ground import Ground
from icestream.processing.picking.peaks import Peaks

__all__ = ["DENSE", "clear_of_heaps"]

_WIDER = 2.0
"""Diameter of a heap over that of a particle, at least."""
DENSE = 2.4
"""Response to the wide disc over a typical particle's to its own: a particle alone gives a half,
rafts of them side by side gave up to 2.2, heaps 2.5 to 6."""


def clear_of_heaps(
    ground: Ground, peaks: Peaks, diameter: float, *, dense: float = DENSE
) -> NDArray[np.bool_]:
    """Which peaks lie in no heap.

    Parameters
    ----------
    ground
        The micrograph.
    peaks
        Particles, most of which are single ones.
    diameter
        Of the particle, Å.
    dense
        Least response of a heap over a typical particle's. More where the diameter may be that of
        a part of the particle.
    """
    if not len(peaks.x):
        return np.ones(0, dtype=bool)
    own, wide = disc_responses(ground, (diameter, _WIDER * diameter))
    rows, columns = ground.places(peaks)
    typical = float(np.median(own[rows, columns]))
    heap = wide > dense * typical
    if typical <= 0 or not heap.any():
        return np.ones(len(peaks.x), dtype=bool)
    distance = scipy.ndimage.distance_transform_edt(~heap) * ground.pixel_size
    return np.asarray(distance[rows, columns] > 0.5 * diameter)
