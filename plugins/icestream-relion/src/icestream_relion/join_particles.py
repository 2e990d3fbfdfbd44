"""Gather the particles of all exposures into one table, for programs that want all at once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from icestream.formats import Block, write_star
from icestream.formats.relion import RELION_VERSION, loop, optics_row, particle_columns
from icestream.model import Optics, Particles
from icestream.protocol import Advanced, Batch, BatchProtocol, ItemFailed, Parameters, Work
from icestream_relion.elsewhere import JOINED
from icestream_relion.items import RelionParticles

__all__ = ["JoinParticles", "JoinParticlesParameters", "JoinedParticles"]

_NUMBERS = (
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnAutopickFigureOfMerit",
    "rlnCtfMaxResolution",
    "rlnCtfFigureOfMerit",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnCtfBfactor",
    "rlnCtfScalefactor",
    "rlnPhaseShift",
)
"""Columns of the table that differ from particle to particle."""


class JoinParticlesParameters(Parameters):
    """When there is a table."""

    batch: Annotated[int, Ge(1)] = 50_000
    """New particles after which there is a new table, and all that follows is done again; there
    always is one at the end."""

    most: Annotated[int, Ge(1), Advanced] | None = None
    """Particles in a table, the first that came; all when empty."""


@dataclass(slots=True)
class JoinedParticles:
    """The particles so far."""

    exposures: list[str] = field(default_factory=list)
    stacks: list[str] = field(default_factory=list)
    """Seen from the folder of a task, so that a session may be moved."""
    groups: list[list[float]] = field(default_factory=list)
    """Optics groups: exposure group, pixel sizes of micrograph and image, box, and the optics."""
    place: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """``(n,)`` place in `stacks`."""
    image: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """``(n,)`` image in the stack, from 1."""
    group: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """``(n,)`` optics group, from 1."""
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, len(_NUMBERS))))
    """``(n, columns)``."""
    diameter: float = 0.0
    diameter_known: bool = True
    snapshots: int = 0


class JoinParticles(BatchProtocol[JoinParticlesParameters, JoinedParticles]):
    """Gather the particles of all exposures into one table, again as more come."""

    name = "particles.relion_join"
    title = "Table of particles"
    elsewhere = JOINED

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Particles], work: Work) -> JoinedParticles:
        return self.update(JoinedParticles(), first, work)

    def update(self, state: JoinedParticles, new: Batch[Particles], work: Work) -> JoinedParticles:
        state.snapshots += 1
        taken = [item for item in new if len(item)]
        if taken and not state.exposures:
            state.diameter, state.diameter_known = taken[0].diameter, taken[0].diameter_known
        parts = [self._take(state, item, work) for item in taken]
        if parts:
            place, image, group, numbers = zip(*parts, strict=True)
            state.place = np.concatenate([state.place, *place])
            state.image = np.concatenate([state.image, *image])
            state.group = np.concatenate([state.group, *group])
            state.numbers = np.concatenate([state.numbers, *numbers])
        return state

    def _take(
        self, state: JoinedParticles, item: Particles, work: Work
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """The rows of one exposure."""
        if item.phases_flipped:
            raise ItemFailed(
                f"the phases of the particles of {item.exposure} were flipped, and RELION would "
                "correct for the CTF a second time",
                advice="set flip_phases=false in the step that extracts them",
                code="phases-flipped",
            )
        traits = _traits(item)
        if traits not in state.groups:
            state.groups.append(traits)
        count, here = len(item), len(state.stacks)
        columns = particle_columns(item, stack="", micrograph="", group=1)
        numbers = np.column_stack([np.asarray(columns[label], np.float64) for label in _NUMBERS])
        state.exposures.append(item.exposure)
        state.stacks.append(os.path.relpath(item.stack, work.folder))
        return (
            np.full(count, here, np.int32),
            np.arange(1, count + 1, dtype=np.int32),
            np.full(count, state.groups.index(traits) + 1, np.int32),
            numbers,
        )

    def snapshot(self, state: JoinedParticles, work: Work) -> RelionParticles:
        rows = np.arange(len(state.place))[: self.parameters.most]
        path = work.path(f"particles_{state.snapshots:04d}.star")
        columns: dict[str, Any] = {
            label: state.numbers[rows, place] for place, label in enumerate(_NUMBERS)
        }
        both = zip(state.image[rows].tolist(), state.place[rows].tolist(), strict=True)
        columns["rlnImageName"] = [f"{n:06d}@stacks/{at + 1:06d}.mrcs" for n, at in both]
        columns["rlnMicrographName"] = [f"{at + 1:06d}.mrc" for at in state.place[rows].tolist()]
        columns["rlnOpticsGroup"] = state.group[rows]
        optics = [_optics(n, traits) for n, traits in enumerate(state.groups, start=1)]
        write_star(path, [loop("optics", optics), Block("particles", columns)], RELION_VERSION)
        first = state.groups[0] if state.groups else [1.0, 1.0, 1.0, 0.0]
        return RelionParticles(
            table=path,
            stacks=tuple(
                Path(os.path.normpath(work.folder.absolute() / stack)) for stack in state.stacks
            ),
            exposures=tuple(state.exposures),
            particles=len(rows),
            box=int(first[3]),
            pixel_size=first[2],
            diameter=state.diameter,
            diameter_known=state.diameter_known,
            iteration=state.snapshots,
        )

    def summarize(self, items: Sequence[RelionParticles]) -> str:
        if not items:
            return ""
        last = items[-1]
        return f"{last.particles} particles of {len(last.exposures)} exposures are in one table"


def _traits(item: Particles) -> list[float]:
    """What particles of one optics group have in common."""
    optics = item.optics
    return [
        float(item.group),
        item.micrograph_pixel_size,
        optics.pixel_size,
        float(item.box),
        optics.voltage,
        optics.spherical_aberration,
        optics.amplitude_contrast,
    ]


def _optics(number: int, traits: Sequence[float]) -> Mapping[str, object]:
    _, micrograph, image, box, voltage, aberration, amplitude = traits
    optics = Optics(
        pixel_size=image,
        voltage=voltage,
        spherical_aberration=aberration,
        amplitude_contrast=amplitude,
    )
    return {
        **optics_row(number, f"opticsGroup{number}", optics, micrograph),
        "rlnMicrographPixelSize": micrograph,
        "rlnImagePixelSize": image,
        "rlnImageSize": int(box),
        "rlnImageDimensionality": 2,
        "rlnCtfDataAreCtfPremultiplied": 0,
    }
