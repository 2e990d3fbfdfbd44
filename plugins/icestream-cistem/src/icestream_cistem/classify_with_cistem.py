"""Classify particles in 2D with cisTEM's refine2d, again as more of them come."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from icestream.model import Classes, Particles
from icestream.protocol import (
    Advanced,
    Batch,
    BatchProtocol,
    Figure,
    ItemFailed,
    Operational,
    Parameters,
    Program,
    Resources,
    Work,
    found_by,
)
from icestream.units import Angstrom, Degree, Pixel, Unit, Usual
from icestream_cistem.classes import Sorted, write_snapshot
from icestream_cistem.elsewhere import CLASSES
from icestream_cistem.rounds import MERGE, REFINE, Refinement, Settings, Stacked, schedule
from icestream_cistem.suite import GRANT, is_first
from icestream_cistem.tables import FOUND, ParticleTable

__all__ = ["CistemClassParameters", "CistemProgress", "ClassifyWithCistem"]

_SAME_SIZE = 0.02
"""Relative difference of the boxes' widths, in Å, that particles of one classification may have."""
_BEFORE = (0.0, 0.0, 0.0, 0.0, 100.0, 0.0, 10.0, 0.0)
"""What cisTEM says of particles that it has not seen."""


class CistemClassParameters(Parameters):
    """How many classes, of what, and how many rounds."""

    classes: Annotated[int, Ge(2), Le(1000)] = 50
    """Number of classes (`Number of classes`)."""

    batch: Annotated[int, Ge(1)] = 20_000
    """New particles after which all are classified again; the first classes are made of so many.
    cisTEM begins with 300 for each class."""

    most: Annotated[int, Ge(1), Advanced] | None = None
    """Particles that are classified, the first that come; all when empty."""

    iterations: Annotated[int, Ge(1), Le(200)] = 20
    """Rounds with the first particles. With 10 and more the first rounds take some of them."""

    iterations_later: Annotated[int, Ge(1), Le(200)] = 5
    """Rounds each time that more have come, which go on from the classes of before."""

    resolution: Annotated[Angstrom, Ge(2)] = 8.0
    """Finest detail that is compared in the last rounds (`High resolution limit`)."""

    resolution_start: Annotated[Angstrom, Ge(2), Advanced] = 40.0
    """The same in the first round."""

    resolution_low: Annotated[Angstrom, Ge(10), Advanced] = 300.0
    """Coarsest detail that is compared (`Low resolution limit`)."""

    mask: Annotated[Angstrom, Gt(0), Usual(20.0, 2000.0)] | None = None
    """Radius of the mask around class averages (`Mask radius`); 0.6 particle diameters when
    empty."""

    angle_step: Annotated[Degree, Gt(0), Le(90), Advanced] = 15.0
    """In-plane sampling (`Angular step`), from another angle in each round."""

    search_range: Annotated[Angstrom, Ge(0), Advanced] = 60.0
    """How far particles may lie from the middle of their boxes (`Search range`); 0: anywhere."""

    smoothing: Annotated[float, Ge(0.01), Le(10), Advanced] = 1.0
    """Below 1 likelihoods differ less, which keeps small classes (`Tuning parameter: smoothing
    factor`)."""

    exclude_edges: Annotated[bool, Advanced] = True
    """Pass over particles whose box has a blank edge (`Exclude images with blank edges`)."""

    auto_mask: Annotated[bool, Advanced] = False
    """Mask class averages along their outline (`Automatically mask class averages`); cisTEM 2 has
    it."""

    auto_center: Annotated[bool, Advanced] = False
    """Center class averages (`Automatically center class averages`); cisTEM 2 has it."""

    size: Annotated[Pixel, Ge(16), Le(1024)] = 128
    """Side of the images that are compared, at most: larger ones are cropped in Fourier space."""

    diameter: Annotated[Angstrom, Gt(0), Usual(30.0, 3000.0), Advanced] | None = None
    """Particle diameter; the picker's when empty."""

    jobs: Annotated[int, Ge(1), Le(256), Operational] = 2
    """Copies of refine2d that run at once, each with a part of the particles; their sums are merged
    after each round."""

    time: Annotated[float, Unit("h"), Gt(0), Operational, Advanced] = 12.0
    """Time after which a round is ended."""


@dataclass(slots=True)
class CistemProgress:
    """Particles so far, and what the last round said of them."""

    exposures: list[str] = field(default_factory=list)
    stacks: list[str] = field(default_factory=list)
    """Of each exposure, seen from the folder of a task, so that a session may be moved."""
    counts: list[int] = field(default_factory=list)
    """Particles of each exposure."""
    places: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    """``(n, 2)`` (x, y) in the micrograph, Å, see `icestream.model.Particles.places`."""
    defocus: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    optics: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    found: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, len(FOUND))))
    """The last three as in `icestream_cistem.tables.ParticleTable`."""
    averages: NDArray[np.float32] | None = None
    """``(k, y, x)``; None until there was a round."""
    box: int = 0
    """Of the particles as they were extracted, pixels."""
    size: int = 0
    """Of the images that are compared, pixels."""
    pixel_size: float = 0.0
    """Å per pixel of the images that are compared."""
    diameter: float = 0.0
    diameter_known: bool = True
    snapshots: int = 0

    def __len__(self) -> int:
        return len(self.found)

    def table(self) -> ParticleTable:
        """What refine2d reads."""
        return ParticleTable(
            found=self.found,
            defocus=self.defocus,
            optics=self.optics,
            pixel_size=self.pixel_size,
        )


class ClassifyWithCistem(BatchProtocol[CistemClassParameters, CistemProgress]):
    """Sort particles into 2D classes with cisTEM, again as more come."""

    name = "classes2d.cistem"
    title = "cisTEM 2D classification"
    cites = (
        GRANT,
        "Sigworth (1998) J. Struct. Biol. 122, 328, doi:10.1006/jsbi.1998.4014",
        "Scheres et al. (2005) J. Mol. Biol. 348, 139, doi:10.1016/j.jmb.2005.02.031",
    )
    elsewhere = CLASSES

    def programs(self) -> Sequence[Program]:
        """What runs the rounds, and what merges their sums."""
        return (REFINE, MERGE)

    def need(self) -> Resources:
        """A core for each job."""
        jobs = self.parameters.jobs
        return Resources(cores=jobs, memory=(1 + jobs) * 2**30)

    def lacking(self) -> Sequence[str]:
        """Masks and centers that cisTEM 1 does not make."""
        version, wanted = REFINE.version(), self.parameters
        if not version or not is_first(version):
            return ()
        given = [name for name in ("auto_mask", "auto_center") if getattr(wanted, name)]
        return [
            f"{name} is on, and refine2d {version} at {REFINE.find()}, of cisTEM 1, does not have "
            f"it: set {name} to false, or install cisTEM 2"
            for name in given
        ]

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Particles], work: Work) -> CistemProgress:
        return self.update(CistemProgress(), first, work)

    def update(self, state: CistemProgress, new: Batch[Particles], work: Work) -> CistemProgress:
        state.snapshots += 1
        before = len(state)
        for item in new:
            if len(item) and len(state) < (self.parameters.most or np.inf):
                self._take(state, item, work)
        if len(state) > before:
            self._classify(state, work)
        return state

    def _take(self, state: CistemProgress, item: Particles, work: Work) -> None:
        """The particles of one exposure."""
        if not state.box:
            self._begin(state, item)
        _refuse(state, item)
        count = len(item)
        if self.parameters.most is not None:
            count = min(count, self.parameters.most - len(state))
        state.exposures.append(item.exposure)
        state.stacks.append(os.path.relpath(item.stack, work.folder))
        state.counts.append(count)
        shift = np.full(len(item), item.phase_shift)
        told = np.column_stack([item.defocus_u, item.defocus_v, item.defocus_angle, shift])
        seen = item.optics
        optics = [seen.voltage, seen.spherical_aberration, seen.amplitude_contrast]
        places = item.places().astype(np.float32)[:count]
        state.places = np.concatenate([state.places, places])
        state.defocus = np.concatenate([state.defocus, told.astype(np.float64)[:count]])
        state.optics = np.concatenate([state.optics, np.tile(optics, (count, 1))])
        state.found = np.concatenate([state.found, np.tile(_BEFORE, (count, 1))])

    def _begin(self, state: CistemProgress, item: Particles) -> None:
        """Fix what the first particles decide for all that follow."""
        wanted = self.parameters
        extent = item.box * item.optics.pixel_size
        state.box, state.size = item.box, min(item.box, wanted.size)
        state.pixel_size = extent / state.size
        state.diameter = wanted.diameter or item.diameter or extent / 1.5
        state.diameter_known = wanted.diameter is not None or item.diameter_known

    def _classify(self, state: CistemProgress, work: Work) -> None:
        """All rounds of this batch, from where an attempt of before was."""
        wanted = self.parameters
        first = is_first(found_by(REFINE, work).version)
        if first and len(np.unique(state.optics, axis=0)) > 1:
            raise ItemFailed(
                "the particles have different voltages, aberrations or amplitude contrasts, and "
                "refine2d of cisTEM 1 takes one for all",
                advice="classify them apart, or install cisTEM 2",
                code="different-optics",
            )
        again = state.averages is not None
        start = wanted.resolution if again else wanted.resolution_start
        rounds = schedule(
            wanted.iterations_later if again else wanted.iterations,
            max(start, wanted.resolution),
            wanted.resolution,
            wanted.classes,
            len(state),
        )
        done = Refinement(state.table(), state.averages, self._settings(state), work, first=first)
        here = work.folder.absolute()
        files = [Path(os.path.normpath(here / stack)) for stack in state.stacks]
        images = Stacked(stacks=tuple(zip(files, state.counts, strict=True)), size=state.size)
        about: dict[str, int | str] = {
            "particles": len(state),
            "snapshot": state.snapshots,
            "size": state.size,
        }
        reached = done.begin(about, wanted.classes, images)
        for number, (finest, share) in enumerate(rounds, start=1):
            if number > reached:
                done.run(number, finest, share)
        state.found, state.averages = done.table.found, done.averages

    def _settings(self, state: CistemProgress) -> Settings:
        wanted = self.parameters
        return Settings(
            mask=wanted.mask or 0.6 * state.diameter,
            resolution_low=wanted.resolution_low,
            angle_step=wanted.angle_step,
            search_range=wanted.search_range,
            smoothing=wanted.smoothing,
            exclude_edges=wanted.exclude_edges,
            auto_mask=wanted.auto_mask,
            auto_center=wanted.auto_center,
            jobs=wanted.jobs,
            timeout=3600.0 * wanted.time,
        )

    def snapshot(self, state: CistemProgress, work: Work) -> Classes:
        done = Sorted(
            table=state.table(),
            averages=state.averages,
            exposures=state.exposures,
            counts=state.counts,
            places=state.places,
            diameter=state.diameter,
            diameter_known=state.diameter_known,
        )
        return write_snapshot(work.folder, state.snapshots, done)

    def methods(self) -> str:
        """Into how many classes, and how."""
        wanted = self.parameters
        return (
            f"Particles were classified in 2D with cisTEM into {wanted.classes} classes by maximum "
            f"likelihood, in {wanted.iterations} rounds up to a resolution of "
            f"{wanted.resolution:g} Å, and {wanted.iterations_later} more whenever more had come."
        )

    def summarize(self, items: Sequence[Classes]) -> str:
        if not items:
            return ""
        last = items[-1]
        if not last.particles:
            return "no particle has come to classify: see why picking or extraction found none"
        used = int((np.asarray(last.counts) > 0).sum())
        return f"{last.particles} particles were sorted into {used} 2D classes by cisTEM"

    def plot(self, items: Sequence[Classes]) -> Iterator[Figure]:
        if items:
            counts = sorted((float(n) for n in items[-1].counts), reverse=True)
            label = "classes, the most populated first"
            yield Figure("Particles in each class", "series", counts, "particles", x_label=label)


def _refuse(state: CistemProgress, item: Particles) -> None:
    """Refuse particles that cannot be classified, or not with those before them."""
    extent, wanted = item.box * item.optics.pixel_size, state.size * state.pixel_size
    if item.box != state.box or abs(extent / wanted - 1.0) > _SAME_SIZE:
        raise ItemFailed(
            f"the particles of {item.exposure} are {item.box} pixels of "
            f"{item.optics.pixel_size:.4g} Å wide, those before them were {state.box} pixels and "
            f"{wanted:.0f} Å wide",
            advice="extract all particles with the same box",
            code="boxes-differ",
        )
    if item.phases_flipped:
        raise ItemFailed(
            f"the phases of the particles of {item.exposure} were flipped, and cisTEM would "
            "correct for the CTF a second time",
            advice="set flip_phases=false in the step that extracts them",
            code="phases-flipped",
        )
