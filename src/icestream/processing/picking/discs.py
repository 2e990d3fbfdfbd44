"""The filters of the search by size: discs, each in a ring of the opposite sign."""

from collections.abc import Iterator, Sequence

import numpy as np
import scipy

from icestream.processing.picking.ground import Ground
from icestream.processing.picking.peaks import Float

__all__ = ["RING", "disc_responses"]

RING = 1.25
"""Outer radius of the filter's negative ring / radius of its disc."""


def disc_responses(ground: Ground, diameters: Sequence[float]) -> Iterator[Float]:
    """Correlate with unit-norm discs, each in a ring of the opposite sign."""
    flat = ground.flat
    reach = int(np.ceil(RING * max(diameters) / ground.pixel_size / 2 + 1))
    padded = np.pad(flat, reach, mode="reflect")
    shape = tuple(scipy.fft.next_fast_len(n, real=True) for n in padded.shape)
    spectrum = scipy.fft.rfft2(padded, shape)
    axis = np.arange(-reach, reach + 1)
    distance = np.hypot(axis[:, None], axis[None, :])
    for each in diameters:
        radius = each / ground.pixel_size / 2
        disc = np.clip(radius - distance + 0.5, 0, 1)
        ring = np.clip(RING * radius - distance + 0.5, 0, 1) - disc
        kernel = disc / disc.sum() - ring / ring.sum()
        kernel /= np.sqrt((kernel * kernel).sum())
        full = scipy.fft.irfft2(spectrum * scipy.fft.rfft2(kernel.astype(np.float32), shape), shape)
        # The kernel is symmetric and starts at its corner: the centre lies `reach` further on.
        yield full[2 * reach : 2 * reach + flat.shape[0], 2 * reach : 2 * reach + flat.shape[1]]
