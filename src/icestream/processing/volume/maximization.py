"""The volume that the sums speak for: Wiener estimate from what two halves have in common."""

from dataclasses import dataclass

import numpy as np

from icestream.processing.classify2d.polar import Complex, Float
from icestream.processing.volume.fsc import cube_correlation, shell_numbers
from icestream.processing.volume.slices import (
    Map,
    SliceSums,
    cube_of,
    footprint,
    soft_sphere,
    volume_of,
)

__all__ = ["Estimate", "Frame", "estimate"]

_LEAST_COVERAGE = 1e-3
"""Of the mean denominator of a shell, below which a sample counts as not seen."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The box in which a volume is held, and where in it the particle may be."""

    box: int
    """Voxels along a side; the extent in Å is that of the images."""
    image_box: int
    """Pixels along a side of the images."""
    radius: float
    """Of the sphere that holds the particle, voxels."""

    @property
    def mask(self) -> Map:
        """The sphere, with a soft edge."""
        return soft_sphere(self.box, self.radius, max(2.0, 0.06 * self.box))

    def resized(self, box: int) -> "Frame":
        """The same with other voxels."""
        return Frame(box, self.image_box, self.radius * box / self.box)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A volume, its halves, and the correlation of the halves."""

    volume: Map
    halves: tuple[Map, Map]
    correlation: Float
    """``(rings + 1,)`` Fourier shell correlation of the halves inside the mask, from shell 0."""


def estimate(sums: SliceSums, frame: Frame, rings: int) -> Estimate:
    """Make a volume from the sums, up to ring `rings`.

    Notes
    -----
    Each sample of Fourier space is numerator / (denominator + prior), where the prior holds down
    what the halves do not agree on: ``mean denominator x (1 - FSC) / FSC`` on each shell
    (https://doi.org/10.1016/j.jsb.2012.09.006). Outside the mask the volume is 0; its level, which
    the images do not tell, is such that the density next to the mask is.
    """
    whole = sums.hermitian()
    numerator, denominator = whole.numerator, whole.denominator
    reach = numerator.shape[-1] - 1
    shells = shell_numbers(reach)
    halves = []
    for half in (0, 1):
        floor = _shell_mean(denominator[half], shells)[shells]
        weighted = numerator[half] / (denominator[half] + 0.05 * floor + 1e-6)
        halves.append(_solve(weighted, shells, frame, rings))
    spectra = [cube_of(half, reach, frame.image_box) for half in halves]
    correlation = cube_correlation(spectra[0], spectra[1])[: rings + 1]
    # What both halves have in common, once they are taken together.
    common = np.clip(2.0 * correlation / (1.0 + np.clip(correlation, 0.0, 1.0)), 0.02, 0.999)
    ratio = np.ones(reach * 2 + 2, dtype=np.float32)
    ratio[: rings + 1] = (1.0 - common) / common
    total = denominator.sum(axis=0)
    prior = (_shell_mean(total, shells) * ratio[: shells.max() + 1])[shells]
    weighted = numerator.sum(axis=0) / (total + prior + 1e-6)
    return Estimate(
        volume=_solve(weighted, shells, frame, rings),
        halves=(halves[0], halves[1]),
        correlation=correlation,
    )


def _shell_mean(values: Float, shells: np.ndarray) -> Float:
    count = np.bincount(shells.ravel())
    return (np.bincount(shells.ravel(), values.ravel()) / np.maximum(count, 1)).astype(np.float32)


def _solve(cube: Complex, shells: np.ndarray, frame: Frame, rings: int) -> Map:
    """Volume of a cube: limited to the rings, without the insertion's footprint, masked."""
    limited = cube * np.clip(rings + 1.0 - shells, 0.0, 1.0).astype(np.float32)
    volume = volume_of(limited, frame.box, frame.image_box)
    volume /= np.maximum(footprint(frame.box, 1), 0.1)
    mask = frame.mask
    rim = (mask > 0.02) & (mask < 0.98)
    # A sphere that fills the box to its corners has no rim.
    level = volume[rim].mean() if rim.any() else volume.mean()
    return np.asarray((volume - level) * mask, dtype=np.float32)
