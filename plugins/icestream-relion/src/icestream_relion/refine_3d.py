"""Refine a 3D map in two halves with RELION's auto-refine."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator

from icestream.formats.mrc import write_mrc
from icestream.model import Volume
from icestream.protocol import (
    Advanced,
    BadOutput,
    Figure,
    InputFile,
    ItemProtocol,
    Operational,
    Program,
    Resources,
    Work,
)
from icestream.units import Angstrom, Pixel
from icestream_relion.elsewhere import REFINED
from icestream_relion.items import RelionParticles
from icestream_relion.references import lay_reference
from icestream_relion.refine_parameters import RefineParameters
from icestream_relion.results import read_map, read_table, take_particles
from icestream_relion.running import MPIRUN, REFINE_MPI, Run, lay_out, run_refine
from icestream_relion.suite import AUTO_REFINE, BAYESIAN, gpus_lacking, version_of
from icestream_relion.tables import link
from icestream_relion.volumes import (
    Symmetry,
    make_volume,
    plot_volume,
    resolutions,
    summarize_volume,
)

__all__ = ["RefineWithRelion", "RefinedParticles", "RelionRefineParameters"]

_CORRECTED = (4,)
"""The version from which references are taken to be corrected for the CTF without being told."""
_FEWEST = 3
"""MPI processes: one leads, and each half has one."""


def _odd(processes: int) -> int:
    if processes % 2 == 0:
        near = f"{processes - 1} or {processes + 1}" if processes > _FEWEST else str(_FEWEST)
        raise ValueError(
            f"{processes} is even: one process leads, and each half of the particles has as many "
            f"of the others, so RELION takes odd numbers alone; set it to {near}"
        )
    return processes


class RelionRefineParameters(RefineParameters):
    """Where to begin, and how finely to look."""

    symmetry: Symmetry = "C1"
    """Point group (`--sym`), imposed; its axes lie as RELION has them."""

    reference: InputFile | None = None
    """Map to begin with (`--ref`), where the step is connected to none; MRC."""

    reference_pixel_size: Annotated[Angstrom, Gt(0), Advanced] | None = None
    """Voxel of the file `reference` (`--ref_angpix`); what its header says when empty."""

    reference_resolution: Annotated[Angstrom, Gt(0)] = 60.0
    """What the reference is low-pass filtered to first (`--ini_high`); finer for round and hollow
    particles, which have no direction at 60 Å."""

    absolute: Annotated[bool, Advanced] = False
    """The map to begin with is on RELION's scale of greys, as its own maps are before they are
    sharpened (without `--firstiter_cc`)."""

    mask: Annotated[InputFile | None, Advanced] = None
    """Mask for the reference (`--solvent_mask`); a sphere when empty."""

    solvent_fsc: Annotated[bool, Advanced] = False
    """Correct the FSC for the mask while refining (`--solvent_correct_fsc`); needs `mask`."""

    healpix_order: Annotated[int, Ge(0), Le(6), Advanced] = 2
    """First angular sampling (`--healpix_order`): 1 is 30°, 2 is 15°, 3 is 7.5°; halved by
    oversampling."""

    local_healpix_order: Annotated[int, Ge(1), Le(8), Advanced] = 4
    """Sampling from which on angles are searched locally (`--auto_local_healpix_order`)."""

    offset_range: Annotated[Pixel, Ge(1), Advanced] = 5
    """How far particles may lie from where they were (`--offset_range`)."""

    offset_step: Annotated[Pixel, Ge(1), Advanced] = 1
    """Steps of that search (`--offset_step` is twice that, before oversampling)."""

    join_halves: Annotated[Angstrom, Gt(0), Advanced] = 40.0
    """Detail up to which the halves are kept alike (`--low_resol_join_halves`)."""

    padding: Annotated[int, Ge(1), Le(2), Advanced] = 2
    """Padding of the maps (`--pad`); 1 takes an eighth of the memory."""

    iterations_most: Annotated[int, Ge(1), Le(999), Advanced] = 999
    """Iteration at which to stop at the latest (`--auto_iter_max`); it mostly converges before."""

    processes: Annotated[int, Ge(_FEWEST), AfterValidator(_odd), Operational, Advanced] = _FEWEST
    """MPI processes: an odd number, of which the first only leads."""


class RefinedParticles(NamedTuple):
    """The map, and the particles with the angles and place of each."""

    volume: Volume
    particles: RelionParticles


class RefineWithRelion(ItemProtocol[RelionRefineParameters]):
    """Refine a 3D map of the particles of a table in two independent halves with RELION."""

    name = "volume.relion_refine"
    title = "RELION 3D refinement"
    version = 2
    elsewhere = REFINED
    cites = (BAYESIAN, AUTO_REFINE)

    def programs(self) -> Sequence[Program]:
        """Halves are refined by processes of their own, so that MPI is needed."""
        return (REFINE_MPI, MPIRUN)

    def need(self) -> Resources:
        """Threads of all that compute, and GPUs as asked."""
        return self.parameters.need(self.parameters.processes - 1)

    def lacking(self) -> Sequence[str]:
        """GPUs, where this RELION was not built for them."""
        return gpus_lacking(REFINE_MPI, self.parameters.gpus)

    def process(
        self, particles: RelionParticles, reference: Volume | None, work: Work
    ) -> RefinedParticles:
        wanted = self.parameters
        table = lay_out(particles, work)
        begun = self._reference(reference, work, particles)
        if wanted.mask is not None:
            link(wanted.mask, work, "mask.mrc")
        mask = wanted.mask_of(particles)
        run = Run(
            words=(*begun, *self.words(mask, version_of(REFINE_MPI, work))),
            on=(*wanted.always(), "--auto_iter_max", str(wanted.iterations_most)),
            processes=wanted.processes,
            threads=wanted.threads,
            gpus=work.gpus,
            timeout=3600.0 * wanted.time,
        )
        folder = run_refine(table, run, work)
        if not (folder / "run_class001.mrc").is_file():
            # It stopped at the last iteration that was allowed, before all particles are put
            # together. What it printed until then is kept.
            for kind in ("command.log", "log"):
                work.path(f"relion_refine_mpi.{kind}").rename(work.path(f"iterations.{kind}"))
            last = ("--auto_iter_max", str(wanted.iterations_most + 1), "--force_converge")
            run_refine(table, replace(run, on=(*wanted.always(), *last)), work)
        volume = self._volume(folder, particles, work)
        refined = take_particles(folder / "run_data.star", particles, work, "refined")
        return RefinedParticles(volume, refined)

    def _reference(self, given: Volume | None, work: Work, particles: RelionParticles) -> list[str]:
        """Lay out the map to begin with, and say what it is."""
        wanted = self.parameters
        path = wanted.reference if given is None else given.map
        voxel = lay_reference(path, given, wanted.reference_pixel_size, particles, work)
        said = ["--ref", "reference.mrc", "--ref_angpix", f"{voxel:.7g}"]
        return [*said, *([] if wanted.absolute else ["--firstiter_cc"])]

    def words(self, mask: float, version: tuple[int, ...]) -> list[str]:
        """Arguments of a new run besides the reference, for a version of RELION."""
        wanted = self.parameters
        said = ["--auto_refine", "--split_random_halves", "--sym", wanted.symmetry]
        said += ["--ini_high", f"{wanted.reference_resolution:g}", "--pad", str(wanted.padding)]
        said += ["--low_resol_join_halves", f"{wanted.join_halves:g}"]
        said += ["--healpix_order", str(wanted.healpix_order)]
        said += ["--auto_local_healpix_order", str(wanted.local_healpix_order)]
        said += ["--offset_range", str(wanted.offset_range)]
        said += ["--offset_step", str(2 * wanted.offset_step)]
        said += ["--auto_iter_max", str(wanted.iterations_most)]
        if wanted.use_ctf and version < _CORRECTED:
            said.append("--ctf_corrected_ref")
        if wanted.mask is not None:
            said += ["--solvent_mask", "mask.mrc"]
            said += ["--solvent_correct_fsc"] if wanted.solvent_fsc else []
        return [*said, *wanted.words(mask)]

    def _volume(self, folder: Path, particles: RelionParticles, work: Work) -> Volume:
        symmetry = self.parameters.symmetry
        made = make_volume(folder, "run", particles, symmetry, work)
        shells = read_table(folder / "run_model.star", "model_class_1")
        correlation = shells.floats("rlnGoldStandardFsc")
        if not np.isfinite(correlation).all():
            raise BadOutput("the FSC is no number in some shells", code="garbage-output")
        halves: dict[str, Any] = {}
        for name in ("half1", "half2"):
            half = read_map(folder / f"run_{name}_class001_unfil.mrc", made["box"])
            halves[name] = work.path(f"volume_{particles.iteration:04d}_{name}.mrc")
            write_mrc(halves[name], half, made["pixel_size"], volume=True)
        return Volume(**made, **halves, **resolutions(correlation, made["box"], made["pixel_size"]))

    def methods(self) -> str:
        """How the map was refined."""
        return (
            "A 3D map was refined with RELION's auto-refine in two independent halves, with "
            f"{self.parameters.symmetry} symmetry."
        )

    def summarize(self, items: Sequence[Volume]) -> str:
        return summarize_volume(items, "refined")

    def plot(self, items: Sequence[Volume]) -> Iterator[Figure]:
        yield from plot_volume(items)
