"""Sort the particles into 2D classes while they arrive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le, MultipleOf

from icestream.model import Classes, Optics, Particles, column
from icestream.processing.classify2d.averages import class_counts, class_quality
from icestream.processing.classify2d.online import Classification, ClassificationPlan
from icestream.processing.classify2d.scores import class_scores
from icestream.protocol import (
    Advanced,
    Batch,
    BatchProtocol,
    Figure,
    Parameters,
    Resources,
    Work,
)
from icestream.protocols.class_files import Origins, write_classes, write_no_classes
from icestream.protocols.incoming_particles import check_comparable, read_incoming
from icestream.units import Angstrom, Pixel, Usual

_GROWTH = 1.25
"""Factor by which the particles must have grown in number for another sample."""


class ClassifyParticlesParameters(Parameters):
    """How many classes, and how fine."""

    classes: Annotated[int, Ge(2), Le(200)] = 50
    """Most classes; one is opened for about every hundred particles, and ten at the start."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Particle diameter; what lies outside is masked. The picker's when empty."""

    resolution: Annotated[Angstrom, Ge(3), Le(30)] = 8.0
    """Finest detail that is compared."""

    max_shift: Annotated[Angstrom, Gt(0)] | None = None
    """How far particles may lie from the centers of their boxes; 0.15 diameters when empty."""

    batch: Annotated[int, Ge(50), Le(5000), Advanced] = 300
    """New particles after which the classes are improved and shown."""

    per_class: Annotated[int, Ge(10), Advanced] = 100
    """Particles for which one class is opened."""

    memory: Annotated[int, Ge(500), Advanced] = 10_000
    """Particle images kept for another look, 4 kB each; beyond, random ones are let go."""

    passes: Annotated[int, Ge(0), Le(50), Advanced] = 3
    """Looks at every kept particle when the session has ended."""

    box: Annotated[Pixel, Ge(32), Le(128), MultipleOf(2), Advanced] = 64
    """Side to which particles are reduced before they are compared."""

    use_ctf: Annotated[bool, Advanced] = True
    """Correct for the contrast transfer function of each particle."""

    seed: Annotated[int, Ge(0), Advanced] = 1
    """Of the random start: the same seed and particles give the same classes."""


@dataclass(slots=True)
class ClassificationProgress:
    """Classification so far, and where each of its particles came from."""

    classification: Classification | None = None
    """None until the first particle."""
    optics: Optics | None = None
    """Of the first particles, at the size that is compared."""
    diameter_known: bool = True
    """Whether the diameter that the first particles are compared within is more than a place for
    what comes."""
    origins: Origins = field(default_factory=Origins)
    snapshots: int = 0
    sampled: int = 0
    """Particles when a sample was last written."""
    samples: bool = False
    """Whether a sample is written with this snapshot."""


class ClassifyParticles(BatchProtocol[ClassifyParticlesParameters, ClassificationProgress]):
    """Classify particles in 2D as they come, revisiting earlier ones as the classes improve."""

    name = "classes2d.online"
    title = "Streaming 2D classification"
    version = 4
    cites = (
        "Sigworth (1998) J. Struct. Biol. 122, 328, doi:10.1006/jsbi.1998.4014",
        "Cappé & Moulines (2009) J. R. Stat. Soc. B 71, 593, doi:10.1111/j.1467-9868.2009.00698.x",
        "Scheres (2012) J. Struct. Biol. 180, 519, doi:10.1016/j.jsb.2012.09.006",
    )
    resources = Resources(cores=1, memory=1024 * 2**20)

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Particles], work: Work) -> ClassificationProgress:
        return self.update(ClassificationProgress(), first, work)

    def update(
        self, state: ClassificationProgress, new: Batch[Particles], work: Work
    ) -> ClassificationProgress:
        taken = [item for item in new if len(item)]
        state.snapshots += 1
        if taken:
            if state.classification is None:
                self._begin(state, taken[0])
            self._add(state, taken)
        if state.classification is not None:
            if new.final:
                state.classification.consolidate(self.parameters.passes)
                state.classification.settle()
            grown = len(state.classification) >= _GROWTH * state.sampled
            state.samples = new.final or grown
            if state.samples:
                state.sampled = len(state.classification)
        return state

    def _begin(self, state: ClassificationProgress, first: Particles) -> None:
        """Fix what the first particles decide for all that follow."""
        wanted = self.parameters
        box = min(wanted.box, first.box)
        extent = first.box * first.optics.pixel_size
        diameter = wanted.diameter or first.diameter or extent / 1.5
        plan = ClassificationPlan(
            box=box,
            pixel_size=extent / box,
            diameter=diameter,
            resolution=wanted.resolution,
            classes_min=min(10, wanted.classes),
            classes_max=wanted.classes,
            per_class=wanted.per_class,
            max_shift=wanted.max_shift or 0.15 * diameter,
            memory=wanted.memory,
            seed=wanted.seed,
        )
        state.classification = Classification(plan)
        state.diameter_known = wanted.diameter is not None or first.diameter_known
        state.optics = replace(first.optics, pixel_size=plan.pixel_size)

    def _add(self, state: ClassificationProgress, taken: Sequence[Particles]) -> None:
        """Classify the particles of some exposures."""
        assert state.classification is not None
        plan = state.classification.plan
        for item in taken:
            check_comparable(item, plan)
        use_ctf = self.parameters.use_ctf
        incoming = [read_incoming(item, plan, use_ctf=use_ctf) for item in taken]
        for item in taken:
            state.origins.add(item)
        state.classification.add(
            np.concatenate([each.images for each in incoming]),
            np.concatenate([each.contrast for each in incoming]),
        )

    def snapshot(self, state: ClassificationProgress, work: Work) -> Classes:
        if state.classification is None:
            return _no_classes(state.snapshots, work)
        done = state.classification
        files = write_classes(
            work.folder, state.snapshots, state.origins, done, sampled=state.samples
        )
        return Classes(
            averages=files.averages,
            box=done.plan.box,
            pixel_size=done.plan.pixel_size,
            counts=column(class_counts(done)),
            resolution=column(class_quality(done).resolution),
            score=column(class_scores(done).score),
            assignments=files.assignments,
            particles=len(done),
            iteration=state.snapshots,
            diameter=done.plan.diameter,
            diameter_known=state.diameter_known,
            optics=state.optics,
            numbers=column(done.numbers),
            parents=column(done.parents),
            sample=files.sample,
            sample_table=files.sample_table,
        )

    def methods(self) -> str:
        """Into how many classes, and how."""
        wanted = self.parameters
        ctf = "corrected for the CTF, " if wanted.use_ctf else ""
        return (
            f"Particles were classified in 2D as they came, {ctf}into up to {wanted.classes} "
            f"classes at a resolution of {wanted.resolution:g} Å, by online expectation "
            "maximization."
        )

    def summarize(self, items: Sequence[Classes]) -> str:
        """Say how many particles are in how many classes."""
        if not items:
            return ""
        last = items[-1]
        if not last.particles:
            return "no particle has come to classify: see why picking or extraction found none"
        used = int((np.asarray(last.counts) > 0).sum())
        text = f"{last.particles} particles were sorted into {used} 2D classes"
        resolutions = np.asarray(last.resolution)
        return (
            f"{text}, the best at {resolutions[resolutions > 0].min():.1f} Å"
            if resolutions.any()
            else text
        )

    def plot(self, items: Sequence[Classes]) -> Iterator[Figure]:
        """Population and resolution of the latest classes."""
        if items:
            counts = sorted((float(n) for n in items[-1].counts), reverse=True)
            yield Figure(
                "Particles in each class",
                "series",
                counts,
                "particles",
                x_label="classes, the most populated first",
            )
            known = np.asarray(items[-1].resolution) > 0
            yield Figure(
                "Resolution of the classes",
                "scatter",
                [float(r) for r in np.asarray(items[-1].resolution)[known]],
                "resolution / Å",
                x=[float(n) for n in np.asarray(items[-1].counts)[known]],
                x_label="particles",
            )


def _no_classes(number: int, work: Work) -> Classes:
    """Of micrographs without a particle."""
    files = write_no_classes(work.folder, number)
    nothing = column(np.zeros(1))
    return Classes(
        averages=files.averages,
        box=8,
        pixel_size=1.0,
        counts=nothing,
        resolution=nothing,
        score=nothing,
        assignments=files.assignments,
        particles=0,
        iteration=number,
    )
