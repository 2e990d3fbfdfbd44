"""Expectation maximization of one volume, in parts of the images at a time."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.classify2d.expectation import shift_grid
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid, disc_mask, to_spectra
from icestream.processing.volume.expectation import (
    ImageBlock,
    Projections,
    VolumeExpectation,
    VolumeMatching,
    expect,
    project,
)
from icestream.processing.volume.maximization import Estimate, Frame, estimate
from icestream.processing.volume.rotations import (
    Rotations,
    random_rotation,
    spiral_directions,
    views_along,
)
from icestream.processing.volume.slices import Map, SliceSums, central_slices
from icestream.processing.volume.symmetry import asymmetric_unit

__all__ = ["Observations", "PoseSearch", "Refinement", "observe", "shifts_around"]

_BLOCK = 64
"""Images matched at once: enough for the matrix products, small enough for the caches."""
_ANGLES = 96
"""Samples on a ring."""
_SHIFT_SPREAD = 3.0
"""Standard deviation of the prior on shifts, pixels."""
_LEAST_NOISE = 0.3
"""Of the images' power on a ring: whatever the fit says, so much is noise."""


@dataclass(slots=True)
class Observations:
    """Images on the rings of Fourier space, and what is known of each."""

    box: int
    """Side of the images, pixels."""
    diameter: float
    """Of the particle, pixels."""
    independence: float
    """Fraction of the box in the mask."""
    spectra: Complex
    """``(n, rings, angles // 2)``."""
    transfer: Float
    """``(n, rings)``."""
    weights: Float
    """``(n,)`` with which each counts."""
    halves: NDArray[np.int8]
    """``(n,)`` 0 or 1."""
    centers: Float
    """``(n, 2)`` (dy, dx) pixels where the particle lies, as of the last look."""
    views: Float
    """``(n, 3)`` direction from which it is seen in the volume, as of the last look."""
    power: Float
    """``(rings,)`` mean power of the images."""

    def __len__(self) -> int:
        return len(self.spectra)

    @property
    def rings(self) -> int:
        """Rings that there are."""
        return int(self.spectra.shape[1])

    def part(self, chosen: NDArray[np.integer]) -> "Observations":
        """Some of the images; their power is that of all."""
        return replace(
            self,
            spectra=self.spectra[chosen],
            transfer=self.transfer[chosen],
            weights=self.weights[chosen],
            halves=self.halves[chosen],
            centers=self.centers[chosen],
            views=self.views[chosen],
        )

    def limited(self, rings: int) -> "Observations":
        """The same up to a ring."""
        return replace(
            self,
            spectra=np.ascontiguousarray(self.spectra[:, :rings]),
            transfer=np.ascontiguousarray(self.transfer[:, :rings]),
            power=self.power[:rings],
        )

    def block(self, chosen: NDArray[np.integer], rings: int) -> ImageBlock:
        """Some of the images, up to a ring."""
        return ImageBlock(
            spectra=self.spectra[chosen, :rings],
            transfer=self.transfer[chosen, :rings],
            centers=self.centers[chosen],
            weights=self.weights[chosen],
            halves=self.halves[chosen],
        )


def observe(
    images: Stack,
    transfer: Float,
    diameter: float,
    *,
    weights: Float | None = None,
    centers: Float | None = None,
    seed: int = 0,
) -> Observations:
    """Mask images and take them to polar coordinates.

    Parameters
    ----------
    images
        ``(n, box, box)``, particles bright.
    transfer
        ``(n, rings)`` CTF on rings 1, 2, ..., positive where the particle is bright.
    diameter
        Of the particle, pixels.
    weights
        ``(n,)``, 1 when left out.
    centers
        ``(n, 2)`` (dy, dx) pixels at which the particles lie from pixel ``box // 2``; 0 when left
        out.
    seed
        Of the division into halves.
    """
    count, box = len(images), images.shape[-1]
    grid = PolarGrid(box, transfer.shape[1], _ANGLES)
    placed = np.zeros((count, 2)) if centers is None else centers
    counted = np.ones(count) if weights is None else weights
    edge = min(4.0, 0.06 * box)
    mask = disc_mask(box, min(0.55 * diameter + _SHIFT_SPREAD, box / 2 - 1 - edge), edge)
    parts = [grid.spectra(images[start : start + 256] * mask) for start in range(0, count, 256)]
    spectra = np.concatenate(parts)
    power = np.square(np.abs(spectra)).mean(axis=2)
    return Observations(
        box=box,
        diameter=diameter,
        independence=float(np.square(mask).mean()),
        spectra=spectra,
        transfer=np.asarray(transfer, dtype=np.float32),
        weights=np.asarray(counted, dtype=np.float32),
        halves=np.random.default_rng(seed).permutation(np.arange(count) % 2).astype(np.int8),
        centers=np.asarray(placed, dtype=np.float32),
        views=np.zeros((count, 3), dtype=np.float32),
        power=np.average(power, axis=0, weights=counted).astype(np.float32),
    )


def shifts_around(reach: float, step: float) -> Float:
    """Shifts (dy, dx) within `reach` pixels, `step` apart, (0, 0) first."""
    points = shift_grid(reach, step)
    order = np.argsort(np.square(points).sum(axis=1), kind="stable")
    return np.asarray(points[order], dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseSearch:
    """How thoroughly images are matched."""

    spacing: float
    """Degrees between directions."""
    shifts: Float
    """``(s, 2)`` pixels around where each particle was found last."""
    temperature: float = 1.0
    candidates: int = 64
    """Directions for which the shifts are tried."""


@dataclass(slots=True)
class Refinement:
    """A volume that images are matched with, and the sums that make the next one."""

    frame: Frame
    group: Rotations
    """``(g, 3, 3)`` point group."""
    random: np.random.Generator
    volumes: tuple[Map, Map]
    """What the images of each half are matched with: twice the same volume, or one's own."""
    rings: int
    """Rings compared now."""
    noise: Float
    """``(rings,)`` of all rings there are."""
    sums: SliceSums = field(init=False)
    latest: Estimate | None = None

    def __post_init__(self) -> None:
        self.sums = SliceSums.empty(len(self.noise))

    def look(
        self, seen: Observations, chosen: NDArray[np.integer], search: PoseSearch
    ) -> NDArray[np.float32]:
        """Match some of the images, and add what they say to the sums.

        Returns
        -------
        numpy.ndarray
            ``(n,)`` log-likelihood ratios against empty images.
        """
        views, matching = self._views(search), self._matching(seen, search)
        likelihood = np.empty(len(chosen), dtype=np.float32)
        signal = np.zeros(self.rings)
        same = self.volumes[0] is self.volumes[1]
        places = [np.arange(len(chosen))]
        if not same:
            places = [np.flatnonzero(seen.halves[chosen] == half) for half in (0, 1)]
        for volume, rows in zip(self.volumes, places, strict=False):
            projections = self._projections(volume, views, matching)
            count = len(views)
            numerator = np.zeros((2, count, self.rings, matching.orders), dtype=np.complex64)
            denominator = np.zeros((2, count, self.rings), dtype=np.float32)
            for first in range(0, len(rows), _BLOCK):
                part = rows[first : first + _BLOCK]
                which = chosen[part]
                expected = expect(seen.block(which, self.rings), projections, matching)
                numerator, denominator = (
                    numerator + expected.numerator,
                    denominator + expected.denominator,
                )
                likelihood[part] = expected.likelihood
                seen.centers[which] = expected.shift
                seen.views[which] = views[expected.direction, 2]
                signal += _signal(expected, projections, seen.transfer[which, : self.rings])
            if len(rows):
                self._add(numerator, denominator, views, matching)
        level = seen.power[: self.rings]
        total = max(float(seen.weights[chosen].sum()), 1e-9)
        self.noise[: self.rings] = np.maximum(level - signal / total, _LEAST_NOISE * level)
        return likelihood

    def likelihoods(self, seen: Observations, search: PoseSearch) -> NDArray[np.float32]:
        """Log-likelihood ratios ``(n,)`` against empty images, and nothing is changed."""
        views, matching = self._views(search), self._matching(seen, search)
        projections = self._projections(self.volumes[0], views, matching)
        likelihoods = [
            expect(seen.block(rows, self.rings), projections, matching).likelihood
            for rows in np.split(np.arange(len(seen)), range(_BLOCK, len(seen), _BLOCK))
        ]
        return np.concatenate(likelihoods)

    def update(self, *, apart: bool = False) -> Estimate:
        """Make the next volume; with `apart` each half goes on with its own."""
        self.latest = estimate(self.sums, self.frame, self.rings)
        volume = self.latest.volume
        self.volumes = self.latest.halves if apart else (volume, volume)
        return self.latest

    def _views(self, search: PoseSearch) -> Rotations:
        """Directions, turned at random so that no grid leaves its mark."""
        directions = spiral_directions(search.spacing) @ random_rotation(self.random)
        return views_along(directions[asymmetric_unit(directions, self.group)])

    def _matching(self, seen: Observations, search: PoseSearch) -> VolumeMatching:
        wanted = int(np.ceil(np.pi * self.rings * seen.diameter / seen.box)) + 3
        return VolumeMatching(
            grid=PolarGrid(seen.box, self.rings, _ANGLES),
            noise=self.noise[: self.rings],
            independence=seen.independence,
            orders=min(_ANGLES // 2, wanted),
            shifts=search.shifts,
            shift_spread=_SHIFT_SPREAD,
            candidates=search.candidates,
            temperature=search.temperature,
        )

    def _projections(self, volume: Map, views: Rotations, matching: VolumeMatching) -> Projections:
        slices = central_slices(volume, views, self.rings, _ANGLES, matching.grid.box)
        return project(slices, matching)

    def _add(
        self, numerator: Complex, denominator: Float, views: Rotations, matching: VolumeMatching
    ) -> None:
        whole = np.zeros((*numerator.shape[:3], matching.grid.orders), dtype=np.complex64)
        whole[..., : matching.orders] = numerator
        spectra = to_spectra(matching.grid.circles(whole))
        for half in (0, 1):
            self.sums.add(half, spectra[half], denominator[half], views, self.group)


def _signal(expected: VolumeExpectation, projections: Projections, transfer: Float) -> Float:
    """Power ``(rings,)`` that the projections leave in the images of a block, summed."""
    contrast = np.square(transfer).mean(axis=0)
    return np.asarray((expected.weight @ projections.power) * contrast, dtype=np.float32)
