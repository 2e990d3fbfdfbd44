"""Sort particles into 2D classes with RELION, by expectation maximization or by VDAM."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.model import Classes, column
from icestream.protocol import (
    Advanced,
    Figure,
    ItemProtocol,
    Operational,
    Program,
    Resources,
    Work,
    shown_if,
)
from icestream.units import Angstrom, Degree, Pixel
from icestream_relion.elsewhere import CLASSES
from icestream_relion.items import RelionParticles
from icestream_relion.rank_classes import CLASS_RANKER, rank_classes, ranker_lacking
from icestream_relion.refine_parameters import ROOM, RefineParameters
from icestream_relion.results import read_classes, take_particles
from icestream_relion.running import MPIRUN, REFINE, REFINE_MPI, Run, lay_out, run_refine
from icestream_relion.suite import BAYESIAN, gpus_lacking, version_numbers, version_of

__all__ = ["ClassifiedParticles", "ClassifyWithRelion", "RelionClassParameters"]

_VDAM = (4,)
"""The version from which it is there."""
_ROUNDS, _VDAM_ROUNDS = 25, 200
"""Iterations, or mini-batches."""
_MODEL = re.compile(r"run(?:_ct\d+)?_it(\d+)_model\.star")
"""A number of three digits, or of more."""


class RelionClassParameters(RefineParameters):
    """How many classes, and how."""

    classes: Annotated[int, Ge(2), Le(1000)] = 50
    """Number of classes (`--K`)."""

    vdam: bool = False
    """Use the VDAM algorithm (`--grad`), which is faster; RELION has it from version 4 on."""

    iterations: Annotated[int, Ge(1), Le(999)] | None = None
    """Iterations (`--iter`); when empty 25, and 200 mini-batches with VDAM, as RELION has them."""

    regularisation: Annotated[float, Gt(0), Le(100)] = 2.0
    """Weight of the data against the prior (`--tau2_fudge`, T): higher shows more detail, and
    noise."""

    resolution: Annotated[Angstrom, Ge(1), Advanced] | None = None
    """Finest detail that is compared (`--strict_highres_exp`); no limit when empty."""

    angle_step: Annotated[Degree, Gt(0), Le(90), Advanced] = 6.0
    """In-plane sampling (`--psi_step` is twice that, before oversampling)."""

    offset_range: Annotated[Pixel, Ge(1), Advanced] = 5
    """How far particles may lie from where they were (`--offset_range`)."""

    offset_step: Annotated[Pixel, Ge(1), Advanced] = 1
    """Steps of that search (`--offset_step` is twice that, before oversampling)."""

    scores: Literal["own", "class_ranker"] = "own"
    """Who says how good a class is: icestream, or RELION's network (`relion_class_ranker`), which
    RELION has from version 4 on, and which needs PyTorch."""

    center: Annotated[bool, Advanced] = True
    """Center the averages (`--center_classes`); RELION has it from version 4 on."""

    processes: Annotated[int, Ge(1), Operational, Advanced, shown_if("vdam", False)] = 1
    """MPI processes, of which the first only leads; 1 does without MPI."""

    @model_validator(mode="after")
    def check_scores(self) -> Self:
        """Refuse what the class ranker refuses."""
        if self.scores == "class_ranker" and not self.use_ctf:
            raise ValueError("scores is class_ranker, which wants classes with use_ctf on")
        return self


class ClassifiedParticles(NamedTuple):
    """Classes, and the particles with the class and place of each."""

    classes: Classes
    particles: RelionParticles


class ClassifyWithRelion(ItemProtocol[RelionClassParameters]):
    """Classify the particles of a table in 2D with RELION."""

    name = "classes2d.relion"
    title = "RELION 2D classification"
    elsewhere = CLASSES
    cites = (BAYESIAN, "Kimanius et al. (2021) Biochem. J. 478, 4169, doi:10.1042/BCJ20210708")

    def programs(self) -> Sequence[Program]:
        """Without MPI, or with it, and what scores the classes."""
        refining = (REFINE_MPI, MPIRUN) if self._processes() > 1 else (REFINE,)
        return (*refining, CLASS_RANKER) if self._is_ranked() else refining

    def need(self) -> Resources:
        """Threads of all that compute, and GPUs as asked."""
        return self.parameters.need(max(1, self._processes() - 1))

    def _iterations(self) -> int:
        return self.parameters.iterations or (_VDAM_ROUNDS if self.parameters.vdam else _ROUNDS)

    def _processes(self) -> int:
        return 1 if self.parameters.vdam else self.parameters.processes

    def _is_ranked(self) -> bool:
        return self.parameters.scores == "class_ranker"

    def lacking(self) -> Sequence[str]:
        """GPUs, VDAM and the ranking of classes, where this RELION does not have them."""
        wanted, program = self.parameters, self.programs()[0]
        said = list(gpus_lacking(program, wanted.gpus))
        version = program.version()
        if wanted.vdam and version and version_numbers(version) < _VDAM:
            said.append(
                f"vdam is on, and RELION {version} at {program.find()} does not have it: set vdam "
                "to false, or install RELION 4 or newer"
            )
        return [*said, *(ranker_lacking(version) if self._is_ranked() else ())]

    def process(self, particles: RelionParticles, work: Work) -> ClassifiedParticles:
        wanted = self.parameters
        table = lay_out(particles, work)
        mask = wanted.mask_of(particles)
        run = Run(
            words=tuple(self.words(mask, version_of(self.programs()[0], work))),
            on=tuple(wanted.always()),
            processes=self._processes(),
            threads=wanted.threads,
            gpus=work.gpus,
            timeout=3600.0 * wanted.time,
        )
        last = last_run(run_refine(table, run, work))
        classes = read_classes(last, particles, mask / ROOM, work)
        if wanted.diameter is not None:
            classes = replace(classes, diameter_known=True)
        if self._is_ranked():
            classes = replace(classes, score=column(rank_classes(last, len(classes.counts), work)))
        data = last.with_name(f"{last.name}_data.star")
        return ClassifiedParticles(classes, take_particles(data, particles, work, "classified"))

    def words(self, mask: float, version: tuple[int, ...]) -> list[str]:
        """Arguments of a new run, for a version of RELION."""
        wanted = self.parameters
        said = ["--K", str(wanted.classes), "--iter", str(self._iterations()), "--pad", "2"]
        said += ["--tau2_fudge", f"{wanted.regularisation:g}"]
        said += ["--psi_step", f"{2 * wanted.angle_step:g}"]
        said += ["--offset_range", str(wanted.offset_range)]
        said += ["--offset_step", str(2 * wanted.offset_step)]
        if wanted.resolution is not None:
            said += ["--strict_highres_exp", f"{wanted.resolution:g}"]
        if wanted.vdam:
            said += ["--grad", "--class_inactivity_threshold", "0.1", "--grad_write_iter", "10"]
        if wanted.center and version >= _VDAM:
            said.append("--center_classes")
        return [*said, *wanted.words(mask)]

    def methods(self) -> str:
        """Into how many classes, and how."""
        wanted = self.parameters
        how = "VDAM" if wanted.vdam else "expectation maximization"
        how += ", and scored by its class ranker" if self._is_ranked() else ""
        return (
            f"Particles were classified in 2D with RELION into {wanted.classes} classes, by "
            f"{self._iterations()} iterations of {how}."
        )

    def summarize(self, items: Sequence[Classes]) -> str:
        if not items:
            return ""
        last = items[-1]
        used = int((np.asarray(last.counts) > 0).sum())
        text = f"{last.particles} particles were sorted into {used} 2D classes"
        known = np.asarray(last.resolution)[np.asarray(last.resolution) > 0]
        return f"{text}, the best at {known.min():.1f} Å" if len(known) else text

    def plot(self, items: Sequence[Classes]) -> Iterator[Figure]:
        if items:
            counts = sorted((float(n) for n in items[-1].counts), reverse=True)
            label = "classes, the most populated first"
            yield Figure("Particles in each class", "series", counts, "particles", x_label=label)


def last_run(folder: Path) -> Path:
    """What the names of the last iteration's files begin with."""
    found = [
        (int(match[1]), path)
        for path in folder.glob("run*_model.star")
        if (match := _MODEL.fullmatch(path.name))
    ]
    if not found:
        return folder / "run_it000"
    _, last = max(found)
    return last.with_name(last.name.removesuffix("_model.star"))
