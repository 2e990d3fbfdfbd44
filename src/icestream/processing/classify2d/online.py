"""Streaming classification: particles come in batches, old ones are looked at again."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.classify2d.expectation import (
    ClassMatching,
    expect,
    reference_power,
    shift_grid,
)
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid, disc_mask, to_harmonics
from icestream.processing.classify2d.poses import Poses
from icestream.processing.classify2d.references import (
    FOLDS,
    Statistics,
    estimate_references,
    mean_correlation,
    wiener_prior,
)
from icestream.processing.classify2d.reservoir import Reservoir
from icestream.processing.classify2d.similarity import compare, moved_sums, twins
from icestream.processing.classify2d.splitting import divide, upright

__all__ = ["Classification", "ClassificationPlan"]

_BLOCK = 64
"""Particles matched at once: enough for the matrix products, small enough for the caches."""
_COARSEST = 25.0
"""Å at which a classification starts."""
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
_STEP = 0.02
"""Part of the remembered looks after which the references are made anew, at full resolution."""
_POOR = 0.2
"""Part of the mean number of particles below which a class is given up."""
_LEAST = 40
"""Particles, at least, of a class that is asked whether it holds two kinds."""
_CERTAIN = 3.0
"""Standard errors of the gain of likelihood by which a class must be of two kinds."""
_CERTAIN_LAST = 4.0
"""The same at the end, when no look comes after it that would mend a split in vain."""
_ASKED = 400
"""Particles, at most, that are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationPlan:
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
    def coarsest(self) -> int:
        """Rings compared at the start."""
        wanted = round(self.box * self.pixel_size / _COARSEST)
        return min(self.finest, max(4, wanted))

    @property
    def shifts(self) -> Float:
        """Coarse search grid, pixels."""
        reach = self.max_shift / self.pixel_size
        return shift_grid(reach, max(2.0, reach / 3.0))

    def classes(self, particles: int) -> int:
        """Classes to use when `particles` have come."""
        return int(np.clip(particles // self.per_class, self.classes_min, self.classes_max))


@dataclass(frozen=True, slots=True)
class _Block:
    """Images that are matched at once, all of one fold."""

    fold: int
    kept: NDArray[np.int64]
    """Their places among the images kept."""

    def __len__(self) -> int:
        return len(self.kept)


@dataclass(slots=True)
class Classification:
    """A classification that goes on for as long as particles come.

    Deterministic: the same plan and the same batches in the same order give the same classes.
    """

    plan: ClassificationPlan
    poses: Poses = field(default_factory=Poses)
    kept: Reservoir = field(init=False)
    statistics: Statistics = field(init=False)
    numbers: NDArray[np.int32] = field(init=False)
    """``(k,)`` number of each class, ascending: it stays the same for as long as the class is
    there, and is never given to another."""
    parents: list[int] = field(default_factory=list)
    """Of every number ever given, 1 first: the number of the class that it was split from, or
    0."""
    noise: Float = field(init=False)
    references: Complex | None = None
    """``(k, rings, orders)``; None before the first particle."""
    without: Complex = field(init=False)
    """``(FOLDS, k, rings, orders)`` references made without the particles of each fold."""
    power: Float = field(init=False)
    """``(rings,)`` mean power of the masked images."""
    rings: int = field(init=False)
    """Rings compared now."""
    looks: int = 0
    """Particles looked at so far, each as often as it was."""
    whole: dict[int, float] = field(default_factory=dict)
    """Classes that were split in vain, and the particles that they had then."""
    random: np.random.Generator = field(init=False)
    masking: Float = field(init=False)
    """What keeps references inside the particle, see `PolarGrid.masking`."""

    def __post_init__(self) -> None:
        plan, grid = self.plan, self.plan.grid
        self.kept = Reservoir.empty(plan.memory, plan.box, grid.rings)
        self.statistics = Statistics.empty(plan.classes_min, grid)
        self.numbers = np.zeros(0, np.int32)
        self._number(plan.classes_min)
        self.noise = np.ones(grid.rings, np.float32)
        self.power = np.ones(grid.rings, np.float32)
        self.rings = self.plan.coarsest
        self.random = np.random.default_rng(plan.seed)
        self.masking = grid.masking(plan.reference_mask)

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def group(self) -> NDArray[np.int32]:
        """``(n,)`` class of each particle, its place among the classes now."""
        return np.searchsorted(self.numbers, self.poses.number).astype(np.int32)

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
        fresh = self.kept.store(images, transfer, len(self))
        self.poses.grow(len(images))
        if self.references is None:
            self._begin()
            self.look(np.tile(fresh, _FIRST_PASSES))
        else:
            self._open_classes()
            old = np.arange(len(self.kept) - len(fresh))
            rare = self.poses.visits[self.kept.rows[old]] + self.random.random(len(old))
            self.look(np.concatenate([fresh, old[np.argsort(rare)[: len(fresh)]]]))
        if self.progress >= 1.0:
            self._join_twins()
        self.kept.forget(len(fresh), len(self), self.random)

    def consolidate(self, passes: int = 4) -> None:
        """Look at every kept particle `passes` times more, at full resolution in the end."""
        if self.references is None:
            return
        for left in range(passes, 0, -1):
            self.look(np.arange(len(self.kept)))
            self._join_twins()
            # Finer detail is compared now than when some classes were asked last.
            self.whole.clear()
            self._open_classes(_CERTAIN if left > 1 else _CERTAIN_LAST)

    def settle(self) -> None:
        """Assign every kept particle to unchanging references, and sum the classes anew."""
        if self.references is None:
            return
        fresh = Statistics.empty(len(self.statistics.weight), self.plan.grid)
        for block in _blocks(np.arange(len(self.kept)), self.kept.rows):
            self._match(block, fresh, 1.0)
        self.statistics = fresh
        self._update_references()
        self._join_twins()
        self._drop_poor()

    def look(self, kept: NDArray[np.int64]) -> None:
        """Match kept images (by their place), in random order, and improve the references."""
        pending = 0
        for block in _blocks(self.random.permutation(kept), self.kept.rows):
            self._match(block, self.statistics, math.exp(-len(block) / self._span))
            self.looks += len(block)
            pending += len(block)
            if pending >= _STEP * self._span:
                self._update_references()
                self.rings += _sees_farther(self)
                pending = 0
        self._drop_poor()
        self._update_references()

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the full resolution is used."""
        return min(1.0, self.looks / (_RAMP * len(self.statistics.weight)))

    @property
    def _span(self) -> float:
        """Looks that the sums remember: about the last half of all."""
        most = max(1000, len(self.kept))
        return float(np.clip(0.5 * self.looks, 4.0 * _BLOCK, most))

    def _spectra(self, kept: NDArray[np.int64]) -> Complex:
        return self.plan.grid.spectra(self.kept.images(kept) * self.plan.mask)

    def _begin(self) -> None:
        """First references: sums of random particles, each turned at random."""
        grid, classes = self.plan.grid, self.plan.classes(len(self))
        self.statistics = Statistics.empty(classes, grid)
        self._number(classes - len(self.numbers))
        power = np.zeros(grid.rings)
        for block in _blocks(np.arange(len(self.kept)), self.kept.rows):
            spectra, transfer = self._spectra(block.kept), self.kept.transfer[block.kept]
            power += (np.abs(spectra) ** 2).mean(axis=2).sum(axis=0)
            turn = self.random.integers(grid.angles, size=len(block))
            target = self.random.integers(classes, size=len(block))
            phases = np.exp(2j * np.pi * turn[:, None] * np.arange(grid.orders) / grid.angles)
            turned = to_harmonics(spectra * transfer[:, :, None])
            turned = (turned * phases[:, None, :]).astype(np.complex64)
            for index, group in enumerate(target):
                self.statistics.numerator[block.fold, group] += turned[index]
                self.statistics.denominator[block.fold, group] += transfer[index] ** 2
                self.statistics.weight[group] += 1
        self.power = np.maximum(power / len(self.kept), 1e-6).astype(np.float32)
        self.noise = self.power
        self._update_references()

    def _match(self, block: _Block, into: Statistics, keep: float) -> None:
        """Expectation of a block; its sums go `into`, its poses into the table."""
        matching = self._matching(self.without[block.fold])
        expected = expect(self._spectra(block.kept), self.kept.transfer[block.kept], matching)
        into.add(expected, block.fold, keep)
        self.poses.record(self.kept.rows[block.kept], expected, self.numbers)

    def _matching(self, references: Complex | None = None) -> ClassMatching:
        if references is None:
            assert self.references is not None
            references = self.references
        plan = self.plan
        return ClassMatching(
            grid=plan.grid,
            references=references,
            noise=self.noise,
            independence=float(np.square(plan.mask).mean()),
            rings=self.rings,
            shifts=plan.shifts,
            shift_spread=max(1.0, 0.5 * plan.max_shift / plan.pixel_size),
        )

    def _update_references(self) -> None:
        """References, and the noise that they leave in the particles."""
        grid, weight = self.plan.grid, self.statistics.weight
        made = estimate_references(self.statistics, self.noise, grid, self.masking)
        self.references, self.without = made.whole, made.without
        power = weight @ reference_power(made.whole, grid.angles) / grid.angles
        squares = np.square(self.kept.transfer).mean(axis=0)
        signal = power / max(float(weight.sum()), 1e-9) * squares
        self.noise = np.maximum(self.power - signal, 0.5 * self.power).astype(np.float32)

    def _number(self, classes: int, parent: int = 0) -> None:
        """Give so many new classes, at the end, the next numbers."""
        new = np.arange(len(self.parents) + 1, len(self.parents) + 1 + classes)
        self.numbers = np.concatenate([self.numbers, new.astype(np.int32)])
        self.parents += [parent] * classes

    def _open_classes(self, certain: float = _CERTAIN) -> None:
        """Split classes that hold two kinds of particles, the largest first.

        At most as many classes are open as the number of particles calls for. A class that was
        found to be of one kind is asked again when it has twice as many particles.
        """
        weight = self.statistics.weight
        order = np.argsort(-weight, kind="stable")
        for source in order.tolist():
            if len(self.numbers) >= self.plan.classes(len(self)):
                break
            class_ = int(self.numbers[source])
            if weight[source] >= max(_LEAST, 2.0 * self.whole.get(class_, 0.0)):
                if self._split(source, certain):
                    self.whole.pop(class_, None)
                    self._update_references()
                    # The same view, which half of the particles were laid on turned: mended now.
                    self._join_twins([source, len(self.numbers) - 1])
                else:
                    self.whole[class_] = float(weight[source])
        self._update_references()

    def _split(self, source: int, certain: float) -> bool:
        """Open a class for half of the particles of another, if they are of two kinds."""
        poses, kept, matching = self.poses, self.kept, self._matching()
        mine = np.flatnonzero(poses.number[kept.rows] == self.numbers[source])
        mine = self.random.permutation(mine)[:_ASKED]
        if len(mine) < _LEAST:
            return False
        rows, transfer = kept.rows[mine], kept.transfer[mine]
        spectra = self._spectra(mine)
        harmonics = upright(spectra, poses.angle[rows], poses.shift[rows], matching)
        prior = wiener_prior(self.statistics, self.noise, matching.grid)
        halves = divide(harmonics, transfer, prior, matching, certain)
        if halves is None:
            return False
        target, sums = len(self.numbers), self.statistics
        sums.grow(target + 1)
        scale = float(sums.weight[source]) / len(mine)
        share = halves.share * np.float32(scale)
        for kind, index in enumerate((source, target)):
            sums.weight[index] = share[:, kind].sum()
            for fold in range(FOLDS):
                some = rows % FOLDS == fold
                seen = harmonics[some] * transfer[some, :, None]
                sums.numerator[fold, index] = np.tensordot(share[some, kind], seen, axes=1)
                sums.denominator[fold, index] = share[some, kind] @ np.square(transfer[some])
        class_ = len(self.parents) + 1
        self._number(1, int(self.numbers[source]))
        poses.number[rows[halves.share[:, 1] > 0.5]] = class_
        return True

    def _join_twins(self, among: list[int] | None = None) -> None:
        """Join classes that show the same view, pair by pair, until there is no such pair.

        Of the two classes `among` (their places, the earlier first), or of all.
        """
        pairs = [(0, 0)]
        while pairs and self.references is not None:
            places = among or list(range(len(self.numbers)))
            matching, sums = self._matching(self.references[places]), self.statistics
            similarity = compare(sums.taken(places), matching)
            pairs = twins(similarity)
            for first, other in pairs:
                turn, shift = float(similarity.turn[first, other]), similarity.shift[first, other]
                later, earlier = places[first], places[other]
                moved = moved_sums(sums.numerator[:, later], turn, shift, matching)
                sums.numerator[:, earlier] += moved
                sums.denominator[:, earlier] += sums.denominator[:, later]
                sums.weight[earlier] += sums.weight[later]
                source, target = int(self.numbers[later]), int(self.numbers[earlier])
                self.poses.move(source, target, turn, shift)
                self.whole[target] = float(sums.weight[earlier])
            self._drop([places[first] for first, _ in pairs])
            if among:
                return

    def _drop_poor(self) -> None:
        """Give up classes that are nearly empty; their particles go to the most similar ones."""
        weight = self.statistics.weight
        poor = np.flatnonzero(weight < _POOR * weight.mean())
        if not len(poor):
            return
        similarity = compare(self.statistics, self._matching())
        near = similarity.difference.copy()
        near[:, poor] = np.inf
        for index in poor.tolist():
            target = int(near[index].argmin())
            turn = float(similarity.turn[index, target])
            numbers = int(self.numbers[index]), int(self.numbers[target])
            self.poses.move(*numbers, turn, similarity.shift[index, target])
        self._drop(poor.tolist())

    def _drop(self, classes: list[int]) -> None:
        if not classes:
            return
        for class_ in self.numbers[classes].tolist():
            self.whole.pop(class_, None)
        self.statistics.drop(classes)
        self.numbers = np.delete(self.numbers, classes)
        self._update_references()


def _blocks(kept: NDArray[np.int64], rows: NDArray[np.int64]) -> list[_Block]:
    """Kept images in blocks of one fold, the folds by turns.

    The fold of a particle is decided by its row, once for all: were it drawn anew at each look,
    all folds would come to hold the same noise, and agree on it.
    """
    folds = [kept[rows[kept] % FOLDS == fold] for fold in range(FOLDS)]
    return [
        _Block(fold, mine[first : first + _BLOCK])
        for first in range(0, max(map(len, folds)), _BLOCK)
        for fold, mine in enumerate(folds)
        if first < len(mine)
    ]


def _sees_farther(done: Classification) -> bool:
    """Whether the halves of the classes agree on rings beyond those that are compared.

    Rings that were not compared, nor lie next to one that was, cannot have been fitted to
    their own noise: their correlation tells the truth.
    """
    plan = done.plan
    allowed = plan.coarsest + round((plan.finest - plan.coarsest) * done.progress)
    if done.rings >= allowed:
        return False
    beyond = mean_correlation(done.statistics, plan.grid)[done.rings + 1 :][:2]
    return bool(beyond.mean() > _AGREEMENT)
