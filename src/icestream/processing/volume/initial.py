"""A first 3D map: from class averages by several starts, then from particles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.polar import Float
from icestream.processing.volume.align import center_of, move, symmetrized, turn
from icestream.processing.volume.choice import Contest, contenders, prefer, shown_symmetry
from icestream.processing.volume.detect import Candidate
from icestream.processing.volume.fsc import AGREED, at_limit
from icestream.processing.volume.maximization import estimate
from icestream.processing.volume.refine import Observations, Refinement
from icestream.processing.volume.slices import Map, SliceSums, cube_of, volume_of
from icestream.processing.volume.starts import (
    MATCHED,
    StartPlan,
    Trial,
    begin,
    compare_starts,
    frame_of,
    judge,
    search,
    start_map,
)
from icestream.processing.volume.symmetry import point_group

__all__ = [
    "LEAST_AVERAGES",
    "LEAST_PARTICLES",
    "FirstMap",
    "better_map",
    "first_map",
    "improve_map",
]

LEAST_AVERAGES = 3
"""Class averages without which nothing is tried."""
LEAST_PARTICLES = 100
"""Particles without which nothing is tried."""
_APART = 25.0
"""Å beyond which the two halves of the particles know nothing of each other."""
_HELD_OUT = 300
"""Most particles that judge and have no part in what they judge."""
_AGREEING = 0.4
"""Correlation of the halves above which a ring joins the comparison."""
_FURTHER = 4
"""Rings that join at once where the halves agree up to the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMap:
    """A map, and what there is to judge it by."""

    volume: Map
    """``(box, box, box)``, voxels as large as the images' pixels."""
    halves: tuple[Map, Map]
    """From two halves of the particles that were refined apart."""
    correlation: Float
    """``(rings + 1,)`` Fourier shell correlation of the halves, from shell 0."""
    symmetry: str
    rings: int
    """Rings compared in the end."""
    views: Float
    """``(n, 3)`` from where each particle is seen, in the map's frame."""
    spacing: float
    """Degrees between the directions that were compared: the views are known to half of it."""
    starts: tuple[Trial, ...]
    """The chosen one first."""
    symmetries: tuple[Trial, ...]
    """Point groups that were tried; the first had no more symmetry than was known."""


def first_map(averages: Observations, particles: Observations, plan: StartPlan) -> FirstMap:
    """Find a map without knowing anything of it.

    Parameters
    ----------
    averages
        Class averages, centered, corrected for the CTF: their transfer is 1.
    particles
        Some of the particles in those classes.
    plan
        What is wanted.

    Notes
    -----
    From several random maps, expectation maximization with the class averages. Particles that are
    held out say which is best, and whether a symmetry that it shows makes them more likely; then
    all the particles refine it, in the end as two halves apart.

    Raises
    ------
    ValueError
        If there are too few averages or particles, or no such symmetry.
    """
    if len(averages) < LEAST_AVERAGES or len(particles) < LEAST_PARTICLES:
        raise ValueError(
            f"a first map needs {LEAST_AVERAGES} class averages and {LEAST_PARTICLES} particles, "
            f"found {len(averages)} and {len(particles)}"
        )
    random = np.random.default_rng(plan.seed)
    unknown = plan.symmetry == "auto"
    symmetry = "C1" if unknown else plan.symmetry
    rows = _held_out(len(particles), random)
    held, seen = particles.part(rows), np.setdiff1d(np.arange(len(particles)), rows)
    maps = [start_map(averages, symmetry, plan, random) for _ in range(plan.starts)]
    told = np.array([judge(each, held, symmetry, plan) for each in maps])
    order = np.argsort(-told.mean(axis=1), kind="stable")
    rings = plan.ring(particles.box, MATCHED)
    starts = compare_starts([maps[index] for index in order], told[order], rings)
    contest = Contest({symmetry: maps[order[0]]}, ())
    if unknown:
        contest = contenders(maps[order[0]], averages, held, plan, random)
    refined = {}
    for name, volume in contest.maps.items():
        refined[name] = begin(volume, particles, name, plan, random)
        _pass(refined[name], particles, random.permutation(seen), plan, temperature=1.5)
    if len(refined) > 1:
        # What the averages were too few or too blurred to show, the particles may.
        asked = {n: judge(each.volumes[0], held, n, plan) for n, each in refined.items()}
        symmetry = prefer(asked, symmetry)
    history = _History(symmetry, starts, contest.trials)
    return _finish(refined[symmetry], history, particles, rows, plan)


def improve_map(known: FirstMap, particles: Observations, plan: StartPlan) -> FirstMap:
    """Refine a map that is known with newer particles; a larger symmetry may show."""
    random = np.random.default_rng(plan.seed)
    rows = _held_out(len(particles), random)
    start = _working(known.volume, particles)
    refinement = begin(start, particles, known.symmetry, plan, random)
    seen = random.permutation(np.setdiff1d(np.arange(len(particles)), rows))
    _pass(refinement, particles, seen, plan, temperature=1.0)
    history = _History(known.symmetry, known.starts, known.symmetries)
    return _finish(refinement, history, particles, rows, plan)


def better_map(
    first: FirstMap, second: FirstMap, particles: Observations, plan: StartPlan
) -> FirstMap:
    """Of two maps the one that makes some particles more likely; of equals the first."""
    chosen = particles.part(_held_out(len(particles), np.random.default_rng(plan.seed)))

    def told(map_: FirstMap) -> float:
        return float(judge(_working(map_.volume, chosen), chosen, map_.symmetry, plan).mean())

    return second if told(second) > told(first) else first


def _working(volume: Map, seen: Observations) -> Map:
    """A map in the working box."""
    box = frame_of(seen).box
    return volume_of(cube_of(volume, box // 2 - 1, seen.box), box, seen.box)


def _held_out(count: int, random: np.random.Generator) -> NDArray[np.intp]:
    return np.sort(random.choice(count, min(_HELD_OUT, max(50, count // 8)), replace=False))


def _pass(
    refinement: Refinement,
    particles: Observations,
    chosen: NDArray[np.intp],
    plan: StartPlan,
    *,
    temperature: float,
    apart: bool = False,
) -> None:
    """Look at the chosen particles once, in parts, and improve the volume after each."""
    finest = plan.ring(particles.box, plan.resolution)
    size = int(np.clip(len(chosen) // 6, 300, 1000))
    for first in range(0, len(chosen), size):
        part = chosen[first : first + size]
        refinement.sums.fade(np.exp(-len(part) / max(0.5 * len(chosen), 2.0 * size)))
        refinement.look(particles, part, search(particles, refinement.rings, temperature))
        correlation = refinement.update(apart=apart).correlation
        below = np.flatnonzero(correlation[1:] < _AGREEING)
        agreeing = int(below[0]) if len(below) else refinement.rings
        refinement.rings = int(np.clip(agreeing + 2, 4, min(finest, refinement.rings + 2)))


@dataclass(frozen=True, slots=True)
class _History:
    """What was tried on the way to a map."""

    symmetry: str
    """Point group of the map so far."""
    starts: tuple[Trial, ...]
    symmetries: tuple[Trial, ...]


def _finish(
    refinement: Refinement,
    history: _History,
    particles: Observations,
    rows: NDArray[np.intp],
    plan: StartPlan,
) -> FirstMap:
    """Refine two halves apart; again while they show a larger symmetry. Then sum all anew."""
    held, seen = particles.part(rows), np.setdiff1d(np.arange(len(particles)), rows)
    symmetry, symmetries = history.symmetry, history.symmetries
    _apart(refinement, particles, seen, plan)
    while plan.symmetry == "auto":
        shown = _shown(refinement, symmetry, held, plan)
        if shown is None:
            break
        symmetry, volume = shown.name, _imposed(refinement.volumes, shown)
        likelihood = float(judge(volume, held, symmetry, plan).mean())
        symmetries = (*symmetries, Trial(symmetry, likelihood, shown.agreement))
        refinement = begin(volume, particles, symmetry, plan, refinement.random)
        _apart(refinement, particles, seen, plan)
    spacing = _look_at_all(refinement, particles, plan)
    refinement.frame = refinement.frame.resized(particles.box)
    done = refinement.update()
    return FirstMap(
        volume=done.volume,
        halves=done.halves,
        correlation=done.correlation,
        symmetry=symmetry,
        rings=refinement.rings,
        views=particles.views.copy(),
        spacing=spacing,
        starts=history.starts,
        symmetries=symmetries,
    )


def _look_at_all(refinement: Refinement, particles: Observations, plan: StartPlan) -> float:
    """Sum all particles anew, and on more rings while the halves agree up to the last.

    Returns
    -------
    float
        Degrees between the directions from which they were compared last.
    """
    finest = plan.ring(particles.box, plan.resolution)
    while True:
        wanted = search(particles, refinement.rings)
        refinement.sums = SliceSums.empty(particles.rings)
        refinement.look(particles, np.arange(len(particles)), wanted)
        correlation = estimate(refinement.sums, refinement.frame, refinement.rings).correlation
        if refinement.rings >= finest or not at_limit(correlation, AGREED):
            return wanted.spacing
        refinement.update(apart=True)
        refinement.rings = min(finest, refinement.rings + _FURTHER)


def _apart(
    refinement: Refinement, particles: Observations, chosen: NDArray[np.intp], plan: StartPlan
) -> None:
    """Refine two halves from what both know at low resolution."""
    low = cube_of(refinement.volumes[0], plan.ring(particles.box, _APART), particles.box)
    common = volume_of(low, refinement.frame.box, particles.box)
    refinement.volumes = (common, common.copy())
    refinement.rings = plan.ring(particles.box, _APART)
    refinement.sums = SliceSums.empty(particles.rings)
    order = refinement.random.permutation(chosen)
    _pass(refinement, particles, order, plan, temperature=1.0, apart=True)


def _shown(
    refinement: Refinement, symmetry: str, held: Observations, plan: StartPlan
) -> Candidate | None:
    """A larger symmetry that the halves show."""
    halves = refinement.volumes
    home = -center_of(0.5 * (halves[0] + halves[1]))

    def speak_for(candidate: Candidate) -> bool:
        plain = judge(0.5 * (halves[0] + halves[1]), held, symmetry, plan)
        told = {symmetry: plain}
        told[candidate.name] = judge(_imposed(halves, candidate), held, candidate.name, plan)
        return prefer(told, symmetry) != symmetry

    centered = (move(halves[0], home), move(halves[1], home))
    return shown_symmetry(centered, refinement.rings, symmetry, speak_for)


def _imposed(halves: tuple[Map, Map], candidate: Candidate) -> Map:
    """A map with the symmetry that its halves have shown, its axes where the group has them."""
    volume = 0.5 * (halves[0] + halves[1])
    reach = len(volume) // 2 - 2
    upright = turn(move(volume, -center_of(volume)), candidate.rotation, reach)
    return symmetrized(upright, point_group(candidate.name), reach)
