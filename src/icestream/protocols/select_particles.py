"""Keep the particles that are good enough, far enough apart, or in the right classes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import partial
from typing import Annotated, Any, Self

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from pydantic import model_validator

from icestream.formats.mrc import read_stack, write_mrc
from icestream.model import Particles, SelectedParticles, column, rank_scores
from icestream.protocol import InputFile, ItemProtocol, Parameters, Resources, Work
from icestream.protocols.assigned_particles import (
    IN_TABLE,
    AssignedParticles,
    classes_words,
    left_out_words,
    read_assigned,
)
from icestream.units import Angstrom, Micrometre, Usual

__all__ = ["SelectParticles", "SelectParticlesParameters"]

Mask = NDArray[np.bool_]


class SelectParticlesParameters(Parameters):
    """Limits; a particle must keep all that are set. An empty limit does not apply."""

    score_min: float | None = None
    """Smallest score of the picker. What a person picked by hand is kept, and what has no score,
    which the summary counts."""

    defocus_min: Annotated[Micrometre, Ge(0), Usual(0.0, 10.0)] | None = None
    """Smallest mean defocus at the place of the particle."""

    defocus_max: Annotated[Micrometre, Gt(0), Usual(0.1, 20.0)] | None = None
    """Largest mean defocus at the place of the particle."""

    assignments: InputFile | None = None
    """Table (.parquet) of a 2D classification of these particles, for `classes`. It may be older
    than the picks: particles are known by where they lie."""

    classes: tuple[Annotated[int, Ge(1)], ...] = ()
    """Numbers of the classes, as screens show them, whose particles are kept; all when empty."""

    distance_min: Annotated[Angstrom, Gt(0), Usual(10.0, 5000.0)] | None = None
    """Least distance between centres. Of two that are nearer, the one with the better score is
    kept; what other limits leave out is in nobody's way."""

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if bool(self.classes) != (self.assignments is not None):
            pair = ("classes", "assignments")
            given, missing = pair if self.classes else reversed(pair)
            raise ValueError(
                f"{given} were given without {missing}; a class is known by both: the table that "
                "says which particles it holds, and its number"
            )
        low, high = self.defocus_min, self.defocus_max
        if low is not None and high is not None and low >= high:
            raise ValueError(f"defocus_min {low:g} µm is not below defocus_max {high:g} µm")
        return self


class SelectParticles(ItemProtocol[SelectParticlesParameters]):
    """Keep particles by score, class, distance and local defocus; the stack has those alone."""

    name = "particles.select"
    title = "Selection of particles"
    version = 2
    resources = Resources(memory=1024 * 2**20)

    def process(self, particles: Particles, work: Work) -> SelectedParticles:
        table = self.parameters.assignments
        assigned = None if table is None else read_assigned(table, particles)
        limits = tuple(self._limits(assigned))
        kept = np.ones(len(particles), dtype=bool)
        left_out = []
        for _, keeps in limits:
            now = kept & keeps(particles, kept)
            left_out.append(int(kept.sum() - now.sum()))
            kept = now
        values: dict[str, Any] = {
            field.name: getattr(particles, field.name) for field in fields(Particles)
        }
        if not kept.all():
            values |= {name: column(np.asarray(values[name])[kept]) for name in _COLUMNS}
            values["stack"] = work.path(f"{particles.exposure}.mrcs")
            images = read_stack(particles.stack, np.flatnonzero(kept))
            if not len(images):  # the format cannot hold none
                images = np.zeros((1, particles.box, particles.box), np.float32)
            write_mrc(values["stack"], images, particles.optics.pixel_size)
        return SelectedParticles(
            **values,
            found=len(particles),
            limits=tuple(text for text, _ in limits),
            left_out=tuple(left_out),
            gone=0 if assigned is None else assigned.gone,
            not_judged=0 if self.parameters.score_min is None else _unscored(particles, kept),
        )

    def methods(self) -> str:
        """Which particles were kept."""
        told = "; ".join(text for text, _ in self._limits())
        return f"Particles were kept within limits: {told}." if told else ""

    def summarize(self, items: Sequence[SelectedParticles]) -> str:
        """Count what was kept, and what each limit left out."""
        if not items:
            return ""
        kept, found = sum(map(len, items)), sum(item.found for item in items)
        told = f"{kept} of {found} particles were kept{left_out_words(items)}"
        blind = sum(item.not_judged for item in items)
        return (
            f"{told}; {blind} of them have no score, and were not judged by it" if blind else told
        )

    def _limits(
        self, assigned: AssignedParticles | None = None
    ) -> Iterator[tuple[str, Callable[[Particles, Mask], Mask]]]:
        """Limits that are set, and what keeps each; the distance is between what is left."""
        wanted = self.parameters
        if wanted.score_min is not None:
            yield f"score {wanted.score_min:g} at least", self._scored
        if wanted.defocus_min is not None:
            yield f"local defocus {wanted.defocus_min:g} µm at least", self._deep
        if wanted.defocus_max is not None:
            yield f"local defocus {wanted.defocus_max:g} µm at most", self._shallow
        if wanted.classes:
            yield IN_TABLE, partial(_classified, assigned, ())
            yield classes_words(wanted.classes), partial(_classified, assigned, wanted.classes)
        if wanted.distance_min is not None:
            yield f"distance {wanted.distance_min:g} Å at least", self._apart

    def _scored(self, particles: Particles, _: Mask) -> Mask:
        # In the precision of the scores: one that is shown as 0.7 is no less than 0.7.
        # One that is not known says nothing against a particle.
        score = np.asarray(particles.score, dtype=np.float32)
        kept: Mask = (score >= np.float32(self.parameters.score_min or 0.0)) | np.isnan(score)
        return kept

    def _deep(self, particles: Particles, _: Mask) -> Mask:
        return _defocus(particles) >= (self.parameters.defocus_min or 0.0) * 1e4

    def _shallow(self, particles: Particles, _: Mask) -> Mask:
        return _defocus(particles) <= (self.parameters.defocus_max or np.inf) * 1e4

    def _apart(self, particles: Particles, kept: Mask) -> Mask:
        from scipy.spatial import cKDTree  # slow to load

        places = particles.places()
        score = rank_scores(particles.score)
        near = cKDTree(places) if len(places) else None
        apart = kept.copy()
        for index in np.lexsort((np.arange(len(score)), -score)):
            if near is not None and apart[index]:
                others = near.query_ball_point(places[index], self.parameters.distance_min or 0.0)
                distance = np.hypot(*(places[others] - places[index]).T)
                close = np.asarray(others)[distance < (self.parameters.distance_min or 0.0)]
                apart[close[close != index]] = False
        return apart


_COLUMNS = ("x", "y", "score", "defocus_u", "defocus_v", "defocus_angle")


def _classified(
    assigned: AssignedParticles | None, classes: Sequence[int], _: Particles, _kept: Mask
) -> Mask:
    """In the table, and in one of `classes` where some are given."""
    assert assigned is not None
    return assigned.in_classes(classes)


def _unscored(particles: Particles, kept: Mask) -> int:
    """How many of those that are kept have a score that nobody knows."""
    return int(np.isnan(np.asarray(particles.score)[kept]).sum())


def _defocus(particles: Particles) -> NDArray[np.float64]:
    """Mean defocus of each particle, Å."""
    sums: NDArray[np.float64] = np.add(particles.defocus_u, particles.defocus_v, dtype=np.float64)
    return sums / 2.0
