"""Maps from class averages, begun at random, and what held-out particles say of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.polar import Float
from icestream.processing.volume.align import align
from icestream.processing.volume.maximization import Frame
from icestream.processing.volume.refine import Observations, PoseSearch, Refinement, shifts_around
from icestream.processing.volume.rotations import random_rotation
from icestream.processing.volume.slices import Map
from icestream.processing.volume.symmetry import point_group

__all__ = [
    "MATCHED",
    "StartPlan",
    "Trial",
    "begin",
    "compare_starts",
    "frame_of",
    "judge",
    "search",
    "start_map",
]

MATCHED = 20.0
"""Å up to which maps are judged and compared, and symmetry is looked for."""
_COARSEST, _FINEST = 30.0, 15.0
"""Å up to which class averages are compared, in the first iteration and in the last ones."""
_ITERATIONS = 30
_AGAIN = 10
"""Iterations from a map that is known."""
_HOT = 8.0
"""Temperature of the first iteration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlan:
    """What is wanted."""

    pixel_size: float
    """Å, of the images."""
    symmetry: str = "auto"
    """Point group, or ``auto``."""
    resolution: float = 10.0
    """Finest detail compared, Å."""
    starts: int = 6
    seed: int = 0

    def ring(self, box: int, detail: float) -> int:
        """The ring of `detail` Å, or of the finest that is wanted."""
        finest = max(detail, self.resolution)
        return max(4, min(int(box * self.pixel_size / finest), box // 2 - 4))

    def rings(self, box: int) -> int:
        """Rings on which images of side `box` are needed: to the finest detail, and some more."""
        return self.ring(box, self.resolution) + 2


@dataclass(frozen=True, slots=True)
class Trial:
    """Something tried, and what particles say that had no part in it."""

    name: str
    likelihood: float
    """Mean log-likelihood ratio of a held-out particle against an empty image."""
    agreement: float
    """Of a start: correlation with the best one. Of a point group: of the map with itself."""


def start_map(
    averages: Observations,
    symmetry: str,
    plan: StartPlan,
    random: np.random.Generator,
    known: Map | None = None,
) -> Map:
    """A map from class averages: from a random one, or from a known one in fewer iterations.

    Parameters
    ----------
    averages
        Class averages. Their centers are found anew.
    symmetry
        Point group that is imposed.
    plan
        What is wanted.
    random
        Source of chance.
    known
        ``(m, m, m)`` to begin with, in the working box.

    Notes
    -----
    Expectation maximization; the resolution rises while the temperature falls, and each iteration
    looks from other directions. Half of the sums is forgotten from one to the next.
    """
    averages = averages.limited(plan.ring(averages.box, _FINEST) + 2)
    averages.centers[:] = 0.0
    empty = np.zeros((frame_of(averages).box,) * 3, dtype=np.float32)
    refinement = begin(empty if known is None else known, averages, symmetry, plan, random)
    if known is None:
        _scatter(refinement, averages)
        refinement.rings = plan.ring(averages.box, _COARSEST)
        refinement.update()
    count, first = (_ITERATIONS, 0.0) if known is None else (_AGAIN, 0.7)
    for progress in np.linspace(first, 1.0, count):
        detail = _COARSEST + (_FINEST - _COARSEST) * min(1.0, 1.3 * progress)
        refinement.rings = plan.ring(averages.box, detail)
        refinement.sums.fade(0.5 if progress < 0.8 else 0.3)
        wanted = PoseSearch(
            spacing=1.2 * _edge_turn(averages, refinement.rings),
            shifts=shifts_around(1.5, 1.5) if progress > 0.15 else shifts_around(0.0, 1.0),
            temperature=1.0 + (_HOT - 1.0) * (1.0 - progress) ** 2,
            candidates=96,
        )
        refinement.look(averages, np.arange(len(averages)), wanted)
        refinement.update()
    return refinement.volumes[0]


def _scatter(refinement: Refinement, averages: Observations) -> None:
    """Lay each average into the volume from three directions at random."""
    one = np.ones((1, averages.rings), dtype=np.float32)
    for index in range(len(averages)):
        for half in (0, 1, averages.halves[index]):
            view = random_rotation(refinement.random)[None]
            part = averages.spectra[index : index + 1]
            refinement.sums.add(half, part, one, view, refinement.group)


def begin(
    volume: Map,
    seen: Observations,
    symmetry: str,
    plan: StartPlan,
    random: np.random.Generator,
) -> Refinement:
    """A refinement that begins with `volume`, at the resolution at which maps are judged."""
    return Refinement(
        frame=frame_of(seen),
        group=point_group(symmetry),
        random=random,
        volumes=(volume, volume),
        rings=plan.ring(seen.box, MATCHED),
        noise=seen.power.copy(),
    )


def frame_of(seen: Observations) -> Frame:
    """The working box: as small as the rings allow."""
    box = min(seen.box, 2 * (seen.rings + 3))
    return Frame(box, seen.box, 0.55 * seen.diameter * box / seen.box)


def search(seen: Observations, rings: int, temperature: float = 1.0) -> PoseSearch:
    """How particles are matched up to `rings`."""
    return PoseSearch(
        spacing=_edge_turn(seen, rings), shifts=shifts_around(1.5, 1.0), temperature=temperature
    )


def _edge_turn(seen: Observations, rings: int) -> float:
    """Degrees by which a particle turns until its edge moves by half the finest detail."""
    return float(np.clip(np.degrees(seen.box / (rings * seen.diameter)), 4.0, 30.0))


def judge(volume: Map, held: Observations, symmetry: str, plan: StartPlan) -> NDArray[np.float32]:
    """Log-likelihood ratios ``(n,)`` of held-out particles; the same chance for all maps."""
    refinement = begin(volume, held, symmetry, plan, np.random.default_rng(1))
    return refinement.likelihoods(held, search(held, refinement.rings))


def compare_starts(maps: list[Map], told: Float, rings: int) -> tuple[Trial, ...]:
    """How likely each start is, and how well it agrees with the first one.

    Parameters
    ----------
    maps
        The best first.
    told
        ``(starts, n)`` log-likelihood ratios.
    rings
        Highest shell compared.
    """
    trials = []
    for index, volume in enumerate(maps):
        agreement = align(maps[0], volume, rings).correlation if index else 1.0
        trials.append(Trial(f"start {index + 1}", float(told[index].mean()), agreement))
    return tuple(trials)
