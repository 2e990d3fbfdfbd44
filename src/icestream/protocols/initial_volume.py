"""Make a first 3D map from the 2D classes, and a better one as they improve."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator

from icestream.model import Classes, Volume, column
from icestream.processing.volume.align import align
from icestream.processing.volume.coverage import direction_histogram, sampling_efficiency
from icestream.processing.volume.fsc import AGREED, at_limit, resolution_at
from icestream.processing.volume.initial import (
    LEAST_AVERAGES,
    LEAST_PARTICLES,
    FirstMap,
    better_map,
    first_map,
    improve_map,
)
from icestream.processing.volume.refine import observe
from icestream.processing.volume.starts import StartPlan
from icestream.processing.volume.symmetry import point_group
from icestream.protocol import Advanced, Batch, BatchProtocol, Figure, Parameters, Resources, Work
from icestream.protocols.class_files import read_sample
from icestream.protocols.map_images import good_classes, observe_averages, observe_particles
from icestream.protocols.volume_files import write_volume
from icestream.units import Angstrom, Usual

_FEWER = 0.5
"""Part of the particles that are asked for from which a preliminary map is made."""
_AGAIN = 2.0
"""Factor by which the particles must have grown in number for new random starts."""


def _symmetry(text: str) -> str:
    if text.strip().lower() == "auto":
        return "auto"
    point_group(text)
    return text.strip().upper()


class InitialVolumeParameters(Parameters):
    """What is known of the particle, and when to begin."""

    symmetry: Annotated[str, AfterValidator(_symmetry)] = "auto"
    """Point group (C1, C4, D2, T, O, I), imposed; with auto it is looked for."""

    least: Annotated[int, Ge(200)] = 1000
    """Particles in good classes that a map should have. From half of them on there is one, which
    is called preliminary."""

    resolution: Annotated[Angstrom, Ge(5), Le(30)] = 10.0
    """Finest detail that is compared."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Of the sphere that holds the particle. That of the classes when empty."""

    starts: Annotated[int, Ge(1), Le(50), Advanced] = 6
    """Random maps to begin with; the best is kept."""

    most: Annotated[int, Ge(200), Advanced] = 5000
    """Particles that are used at a time."""

    seed: Annotated[int, Ge(0), Advanced] = 1
    """Of the random starts: the same seed and classes give the same map."""


def _missing(made: Volume) -> str:
    """What a preliminary map lacks, in words; nothing of another."""
    return f" of {made.wanted} that are asked for" if made.preliminary else ""


@dataclass(slots=True)
class MapProgress:
    """The map so far."""

    found: FirstMap | None = None
    note: str = ""
    snapshots: int = 0
    particles: int = 0
    """Images that made the map; where there is none, those in good classes, if these are enough
    images but too few classes. (Another field would make older checkpoints unreadable.)"""
    started: int = 0
    """Images that there were when maps were last begun at random."""
    pixel_size: float = 0.0
    diameter: float = 0.0


class InitialVolume(BatchProtocol[InitialVolumeParameters, MapProgress]):
    """Make a first 3D map from class averages and particles, and refine it as they improve."""

    name = "volume.initial"
    title = "First 3D map"
    version = 4
    cites = (
        "Scheres (2012) J. Struct. Biol. 180, 519, doi:10.1016/j.jsb.2012.09.006",
        "Punjani et al. (2017) Nat. Methods 14, 290, doi:10.1038/nmeth.4169",
        "Rosenthal & Henderson (2003) J. Mol. Biol. 333, 721, doi:10.1016/j.jmb.2003.07.013",
    )
    resources = Resources(cores=1, memory=1024 * 2**20)

    @classmethod
    def warm(cls) -> None:
        """Make a small map of noise, and compare it with itself, so that all is compiled."""
        noise = np.random.default_rng(1).standard_normal((LEAST_PARTICLES, 32, 32))
        plan = StartPlan(pixel_size=6.0, symmetry="D2", resolution=30.0, starts=1)
        contrast = np.ones((len(noise), plan.rings(32)), dtype=np.float32)
        particles = observe(noise.astype(np.float32), contrast, 20.0)
        found = first_map(particles.part(np.arange(LEAST_AVERAGES)), particles, plan)
        align(found.volume, found.volume, plan.ring(32, plan.resolution), hands=False)

    def batch_size(self) -> int:
        return 1

    def start(self, first: Batch[Classes], work: Work) -> MapProgress:
        return self.update(MapProgress(), first, work)

    def update(self, state: MapProgress, new: Batch[Classes], work: Work) -> MapProgress:
        state.snapshots += 1
        if new.items:
            state.note = self._take(state, new.items[-1])
        return state

    def _take(self, state: MapProgress, classes: Classes) -> str:
        """Improve the map with the newest classes; says why when that cannot be done."""
        if not classes.particles:
            return "no particle was found"
        if classes.sample is None or classes.sample_table is None:
            if state.found is None and not state.particles:
                return "the classes came without a sample of their particles"
            return "" if state.found else state.note  # what was said of the last sample holds
        if classes.optics is None:
            return "the classes do not say with what optics they were taken"
        good, wanted = good_classes(classes), self.parameters
        fewest = max(LEAST_PARTICLES, math.ceil(_FEWER * wanted.least))
        if state.found is None:
            state.particles = 0
        if good.sum() < LEAST_AVERAGES:
            inside = int(np.asarray(classes.counts)[good].sum())
            if state.found is None and inside >= fewest:
                state.particles = inside
            some = "1 good class" if good.sum() == 1 else f"{good.sum()} good classes"
            return f"{some}, {LEAST_AVERAGES} are needed"
        state.diameter = wanted.diameter or classes.diameter
        if not state.diameter:
            return "nobody said how large the particle is: set the diameter"
        sample = read_sample(classes.sample, classes.sample_table, good, wanted.most, wanted.seed)
        if len(sample) < fewest:
            return (
                f"{len(sample)} particles in good classes: {fewest} are needed for a preliminary "
                f"map, {wanted.least} for one that is not"
            )
        plan = self._plan(classes.pixel_size)
        particles = observe_particles(sample, classes.optics, plan, state.diameter)
        if state.found is not None:
            state.found = improve_map(state.found, particles, plan)
        if state.found is None or len(particles) >= _AGAIN * state.started:
            averages = observe_averages(classes, good, plan, state.diameter)
            new = first_map(averages, particles, plan)
            old = state.found
            state.found = new if old is None else better_map(old, new, particles, plan)
            state.started = len(particles)
        state.particles = len(particles)
        state.pixel_size = classes.pixel_size
        return ""

    def _plan(self, pixel_size: float) -> StartPlan:
        wanted = self.parameters
        return StartPlan(
            pixel_size=pixel_size,
            symmetry=wanted.symmetry,
            resolution=wanted.resolution,
            starts=wanted.starts,
            seed=wanted.seed,
        )

    def snapshot(self, state: MapProgress, work: Work) -> Volume:
        if state.found is None:
            return Volume(
                particles=0, iteration=state.snapshots, note=state.note, alike=state.particles
            )
        best = state.found
        files = write_volume(work.path(f"volume_{state.snapshots:04d}"), best, state.pixel_size)
        group = point_group(best.symmetry)
        extent = len(best.volume) * state.pixel_size
        seen = direction_histogram(best.views, group)
        likely = [[each.likelihood, each.agreement] for each in best.symmetries]
        return Volume(
            particles=state.particles,
            wanted=self.parameters.least,
            iteration=state.snapshots,
            note=state.note,
            map=files.map,
            mirrored=files.mirrored,
            half1=files.half1,
            half2=files.half2,
            picture=files.picture,
            box=len(best.volume),
            pixel_size=state.pixel_size,
            diameter=state.diameter,
            symmetry=best.symmetry,
            resolution=resolution_at(best.correlation, AGREED, extent),
            resolution_is_limit=at_limit(best.correlation, AGREED),
            resolution_half=resolution_at(best.correlation, 0.5, extent),
            resolution_half_is_limit=at_limit(best.correlation, 0.5),
            fsc=column(best.correlation),
            directions=column(np.column_stack([seen.directions, seen.counts])),
            efficiency=sampling_efficiency(best.views, group, spacing=best.spacing),
            starts=column([[each.likelihood, each.agreement] for each in best.starts]),
            symmetries=tuple(each.name for each in best.symmetries),
            symmetry_trials=column(np.reshape(likely, (-1, 2))),
        )

    def methods(self) -> str:
        """How the map was begun and refined."""
        wanted = self.parameters
        looked_for = wanted.symmetry == "auto"
        group = "a symmetry that was looked for" if looked_for else f"{wanted.symmetry} symmetry"
        return (
            f"A first 3D map was begun at random {wanted.starts} times by stochastic gradient "
            f"descent, and refined in two halves to {wanted.resolution:g} Å at most, with {group}."
        )

    def summarize(self, items: Sequence[Volume]) -> str:
        """Say what the map is good for, or why there is none."""
        if not items:
            return ""
        last = items[-1]
        if last.map is None:
            return f"there is no 3D map: {last.note}" if last.note else ""
        kind = "preliminary" if last.preliminary else "first"
        text = (
            f"a {kind} 3D map with {last.symmetry} symmetry was made from {last.particles} "
            f"particles{_missing(last)}; its halves agree (FSC 0.143) to {last.reached}; "
            "its hand is not known"
        )
        uneven = f"; its views are uneven (efficiency {last.efficiency:.2f}): it may be wrong"
        return text if last.even else text + uneven

    def plot(self, items: Sequence[Volume]) -> Iterator[Figure]:
        """Correlation of the halves, and how likely each start was."""
        if not items or items[-1].fsc is None:
            return
        last = items[-1]
        curve = [float(value) for value in np.asarray(last.fsc)[1:]]
        frequency = np.arange(1, len(curve) + 1) / (last.box * last.pixel_size)
        yield Figure(
            "Fourier shell correlation of the halves (up to 25 Å they begin alike)",
            "scatter",
            curve,
            "FSC",
            x=[float(value) for value in frequency],
            x_label="spatial frequency / Å⁻¹",
        )
        if last.starts is not None and len(last.starts) > 1:
            told = sorted((float(value) for value in last.starts[:, 0]), reverse=True)
            yield Figure(
                "Likelihood of the starts",
                "series",
                told,
                "log-likelihood ratio",
                x_label="starts, the likeliest first",
            )
