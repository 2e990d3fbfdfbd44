"""Streaming classification: particles come in batches, old ones are looked at again."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.classify2d.expectation import (
    Matching,
    expect,
    reference_power,
    shift_grid,
)
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid, disc_mask, to_harmonics
from icestream.processing.classify2d.references import (
    Statistics,
    estimate_references,
    mean_correlation,
)

__all__ = ["Classification", "Plan", "Poses"]

_BLOCK = 64
"""Particles matched at once: enough for the matrix products, small enough for the caches."""
_COARSEST = 25.0
"""Å at which a classification starts."""
_QUANTUM = 1.0 / 20.0
"""Step of the stored grey values, in standard deviations of the noise: one byte a pixel."""
_ANGLES = 128
"""Rotations tried."""
_BEYOND = 3
"""Rings beyond the compared ones whose agreement is watched."""
_AGREEMENT = 0.4
"""Correlation of the halves of the classes above which a ring joins the comparison."""
_RAMP = 200
"""Particles looked at per class until the full resolution is reached."""
_FIRST_PASSES = 4
"""Looks at each particle of the very first batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is fixed during one classification."""

    box: int
    """Side of the images that are compared, pixels."""
    pixel_size: float
    """Å, of those images."""
    diameter: float
    """Å; everything outside is masked."""
    resolution: float = 8.0
    """Finest detail compared, Å."""
    classes_min: int = 10
    classes_max: int = 50
    per_class: int = 100
    """Particles for which one class is opened."""
    max_shift: float = 20.0
    """How far particles may lie from the centers of their boxes, Å."""
    memory: int = 10_000
    """Images kept for another look."""
    seed: int = 0

    @property
    def grid(self) -> PolarGrid:
        """Rings up to the finest detail, and some beyond it that are never compared."""
        return PolarGrid(self.box, min(self.finest + _BEYOND, self.box // 2 - 1), _ANGLES)

    @property
    def finest(self) -> int:
        """Most rings that are ever compared."""
        wanted = int(self.box * self.pixel_size / self.resolution)
        return max(4, min(wanted, self.box // 2 - 1 - _BEYOND))

    @property
    def mask(self) -> Float:
        """Disc around the particle, wide enough for its shifts."""
        edge = min(4.0, 0.06 * self.box)
        radius = (0.55 * self.diameter + 0.3 * self.max_shift) / self.pixel_size
        return disc_mask(self.box, min(radius, self.box / 2 - 1 - edge), edge)

    @property
    def reference_mask(self) -> Float:
        """Disc around a centered particle."""
        edge = min(4.0, 0.06 * self.box)
        return disc_mask(
            self.box, min(0.55 * self.diameter / self.pixel_size, self.box / 2 - 1 - edge), edge
        )

    @property
    def shifts(self) -> Float:
        """Coarse search grid, pixels."""
        reach = self.max_shift / self.pixel_size
        return shift_grid(reach, max(2.0, reach / 3.0))

    def classes(self, particles: int) -> int:
        """Classes to use when `particles` have come."""
        return int(np.clip(particles // self.per_class, self.classes_min, self.classes_max))


@dataclass(slots=True)
class Poses:
    """What is known of each particle, in the order of arrival."""

    group: NDArray[np.int32]
    """Class, from 0; -1 before the first look."""
    angle: Float
    """Degrees by which the class must be turned, from +x towards +y, to lie as the particle."""
    shift: Float
    """``(n, 2)`` (dy, dx) pixels at which the particle lies from the center of its box."""
    likelihood: Float
    visits: NDArray[np.int32]

    @classmethod
    def empty(cls) -> "Poses":
        """No particle."""
        return cls(
            np.zeros(0, np.int32),
            np.zeros(0, np.float32),
            np.zeros((0, 2), np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.int32),
        )

    def grow(self, more: int) -> None:
        """Make room for `more` particles."""
        self.group = np.concatenate([self.group, np.full(more, -1, np.int32)])
        self.angle = np.concatenate([self.angle, np.zeros(more, np.float32)])
        self.shift = np.concatenate([self.shift, np.zeros((more, 2), np.float32)])
        self.likelihood = np.concatenate([self.likelihood, np.zeros(more, np.float32)])
        self.visits = np.concatenate([self.visits, np.zeros(more, np.int32)])


@dataclass(slots=True)
class Classification:
    """A classification that goes on for as long as particles come.

    Deterministic: the same plan and the same batches in the same order give the same classes.
    """

    plan: Plan
    poses: Poses = field(default_factory=Poses.empty)
    images: NDArray[np.int8] = field(init=False)
    """Masked images that are kept for another look."""
    transfer: Float = field(init=False)
    """``(n, rings)`` CTF of the kept images."""
    rows: NDArray[np.int64] = field(init=False)
    """Which particles the kept images are."""
    statistics: Statistics = field(init=False)
    noise: Float = field(init=False)
    references: Complex | None = None
    power: Float = field(init=False)
    """``(rings,)`` mean power of the masked images."""
    rings: int = field(init=False)
    """Rings compared now."""
    looks: int = 0
    """Particles looked at so far, each as often as it was."""
    random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        plan, grid = self.plan, self.plan.grid
        self.images = np.zeros((0, plan.box, plan.box), np.int8)
        self.transfer = np.zeros((0, grid.rings), np.float32)
        self.rows = np.zeros(0, np.int64)
        self.statistics = Statistics.empty(plan.classes_min, grid)
        self.noise = np.ones(grid.rings, np.float32)
        self.power = np.ones(grid.rings, np.float32)
        self.rings = self._coarsest
        self.random = np.random.default_rng(plan.seed)

    def __len__(self) -> int:
        return len(self.poses.group)

    def add(self, images: Stack, transfer: Float) -> None:
        """Take in a batch: look at the new particles, and at as many old ones.

        Parameters
        ----------
        images
            ``(n, box, box)`` with particles bright, background mean 0 and deviation 1.
        transfer
            ``(n, rings)`` contrast transfer at the rings (`ring_frequencies`), positive where
            the specimen is bright.
        """
        if not len(images):
            return
        new = self._store(images, transfer)
        if self.references is None:
            self._begin()
            self.look(np.tile(np.arange(len(self.rows)), _FIRST_PASSES))
            self._forget(new)
            return
        self._open_classes()
        fresh = np.flatnonzero(np.isin(self.rows, new))
        old = np.setdiff1d(np.arange(len(self.rows)), fresh)
        rare = self.poses.visits[self.rows[old]]
        order = np.argsort(rare + self.random.random(len(old)), kind="stable")
        self.look(np.concatenate([fresh, old[order[: len(fresh)]]]))
        self._forget(new)

    def consolidate(self, passes: int = 4) -> None:
        """Look at every kept particle `passes` times more, at full resolution in the end."""
        if self.references is None:
            return
        self._open_classes()
        for _ in range(passes):
            self.look(np.arange(len(self.rows)))

    def settle(self) -> None:
        """Assign every kept particle to unchanging references, and sum the classes anew."""
        if self.references is None:
            return
        fresh = Statistics.empty(len(self.statistics.weight), self.plan.grid)
        for block in _blocks(np.arange(len(self.rows))):
            self._match(block, fresh, 1.0)
        self.statistics = fresh

    def look(self, kept: NDArray[np.int64]) -> None:
        """Match kept images (by their place), in random order, and improve the references."""
        kept = self.random.permutation(kept)
        for number, block in enumerate(_blocks(kept)):
            self._match(block, self.statistics, self._keep(len(block)))
            self.looks += len(block)
            if number % 4 == 3:
                self._reseed()
            self._update_references()
            self._refine()

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the full resolution is used."""
        return min(1.0, self.looks / (_RAMP * len(self.statistics.weight)))

    def _refine(self) -> None:
        """Compare one ring more, when the halves of the classes agree on rings farther out.

        Rings that were not compared, nor lie next to one that was, cannot have been fitted to
        their own noise: their correlation tells the truth.
        """
        allowed = self._coarsest + round((self.plan.finest - self._coarsest) * self.progress)
        if self.rings < allowed:
            beyond = mean_correlation(self.statistics, self.plan.grid)[self.rings + 1 :][:2]
            self.rings += int(beyond.mean() > _AGREEMENT)

    @property
    def _coarsest(self) -> int:
        """Rings compared at the start."""
        wanted = round(self.plan.box * self.plan.pixel_size / _COARSEST)
        return min(self.plan.finest, max(4, wanted))

    def _keep(self, added: int) -> float:
        """Fraction of the sums that stays: about the last half of all looks is remembered."""
        span = np.clip(0.5 * self.looks, 4.0 * _BLOCK, max(1000, 1.0 * len(self.rows)))
        return float(np.exp(-added / span))

    def _store(self, images: Stack, transfer: Float) -> NDArray[np.int64]:
        """Keep the images as bytes; returns which particles they are."""
        first = len(self)
        new = np.arange(first, first + len(images))
        self.poses.grow(len(images))
        coarse = np.rint(images * self.plan.mask / np.float32(_QUANTUM))
        self.images = np.concatenate([self.images, np.clip(coarse, -127, 127).astype(np.int8)])
        self.transfer = np.concatenate([self.transfer, transfer.astype(np.float32)])
        self.rows = np.concatenate([self.rows, new])
        return new

    def _forget(self, new: NDArray[np.int64]) -> None:
        """Let images go until the memory holds: each particle ever seen stays equally likely."""
        over = len(self.rows) - self.plan.memory
        if over <= 0:
            return
        fresh = np.isin(self.rows, new)
        staying = round(self.plan.memory * len(new) / len(self))
        leaving = min(over, max(int(fresh.sum()) - staying, over - int((~fresh).sum())))
        gone = np.concatenate(
            [
                self.random.choice(np.flatnonzero(fresh), leaving, replace=False),
                self.random.choice(np.flatnonzero(~fresh), over - leaving, replace=False),
            ]
        )
        self.images = np.delete(self.images, gone, axis=0)
        self.transfer = np.delete(self.transfer, gone, axis=0)
        self.rows = np.delete(self.rows, gone)

    def _spectra(self, kept: NDArray[np.int64]) -> Complex:
        images = self.images[kept].astype(np.float32) * np.float32(_QUANTUM)
        return self.plan.grid.spectra(images)

    def _begin(self) -> None:
        """First references: sums of random particles, each turned at random."""
        grid, classes = self.plan.grid, self.plan.classes(len(self))
        self.statistics = Statistics.empty(classes, grid)
        power = np.zeros(grid.rings)
        for block in _blocks(np.arange(len(self.rows))):
            spectra = self._spectra(block)
            power += (np.abs(spectra) ** 2).mean(axis=2).sum(axis=0)
            turn = self.random.integers(grid.angles, size=len(block))
            target = self.random.integers(classes, size=len(block))
            phases = np.exp(2j * np.pi * turn[:, None] * np.arange(grid.orders) / grid.angles)
            turned = to_harmonics(spectra * self.transfer[block][:, :, None])
            turned = (turned * phases[:, None, :]).astype(np.complex64)
            for place, group in enumerate(target):
                half = place % 2
                self.statistics.numerator[half, group] += turned[place]
                self.statistics.denominator[half, group] += self.transfer[block[place]] ** 2
                self.statistics.weight[group] += 1
        self.power = np.maximum(power / len(self.rows), 1e-6).astype(np.float32)
        self.noise = self.power
        self._update_references()

    def _match(self, block: NDArray[np.int64], into: Statistics, keep: float) -> None:
        """Expectation of one block; its sums go `into`, its poses into the table."""
        assert self.references is not None
        spectra = self._spectra(block)
        found = expect(spectra, self.transfer[block], self._matching())
        into.add(found, keep)
        rows = self.rows[block]
        self.poses.group[rows] = found.best_class
        self.poses.angle[rows] = found.angle
        self.poses.shift[rows] = found.shift
        self.poses.likelihood[rows] = found.likelihood
        self.poses.visits[rows] += 1

    def _matching(self) -> Matching:
        assert self.references is not None
        plan = self.plan
        return Matching(
            grid=plan.grid,
            references=self.references,
            noise=self.noise,
            independence=float(np.square(plan.mask).mean()),
            rings=self.rings,
            shifts=plan.shifts,
            shift_spread=max(1.0, 0.5 * plan.max_shift / plan.pixel_size),
        )

    def _update_references(self) -> None:
        """References, and the noise that they leave in the particles."""
        grid, weight = self.plan.grid, self.statistics.weight
        self.references = estimate_references(
            self.statistics, self.noise, grid, self.plan.reference_mask
        )
        power = weight @ reference_power(self.references, grid.angles) / grid.angles
        signal = power / max(float(weight.sum()), 1e-9) * np.square(self.transfer).mean(axis=0)
        self.noise = np.maximum(self.power - signal, 0.5 * self.power).astype(np.float32)

    def _open_classes(self) -> None:
        """Open the classes that the number of particles calls for, by splitting the largest."""
        wanted, have = self.plan.classes(len(self)), len(self.statistics.weight)
        self.statistics.grow(wanted)
        for target in range(have, wanted):
            self.statistics.split(int(self.statistics.weight[:target].argmax()), target)
        if wanted > have:
            self._update_references()

    def _reseed(self) -> None:
        """Replace nearly empty classes by halves of the largest ones."""
        weight = self.statistics.weight
        poor = np.flatnonzero(weight < 0.2 * weight.mean())
        for target in poor[: max(1, len(weight) // 5)]:
            self.statistics.split(int(self.statistics.weight.argmax()), int(target))


def _blocks(kept: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [kept[first : first + _BLOCK] for first in range(0, len(kept), _BLOCK)]
