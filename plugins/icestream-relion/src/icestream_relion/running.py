"""Running `relion_refine`: with links to its particles, on granted GPUs, and on from where it was.

It writes all that it needs to go on after each iteration. These files lie in a folder that outlives
the attempt, so that a session that was killed goes on with the iteration that it was in.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from icestream.formats import FormatError, map_mrc, read_star
from icestream.model import Volume
from icestream.protocol import (
    Command,
    ItemFailed,
    Probe,
    Program,
    Work,
    found_by,
    run_program,
)
from icestream_relion.items import RelionParticles, Sharpening
from icestream_relion.suite import FAILURES, refuse_ignored, relion
from icestream_relion.tables import link

__all__ = [
    "MPIRUN",
    "REFINE",
    "REFINE_MPI",
    "Run",
    "gpu_words",
    "last_iteration",
    "lay_out",
    "link_reference",
    "run_refine",
]

REFINE = relion("relion_refine")
REFINE_MPI = relion("relion_refine_mpi")
MPIRUN = Program(
    "mpirun",
    package="Debian: openmpi-bin",
    probe=Probe(arguments=("--version",), pattern=r"(?i)(?:MPI|version)[^\n\d]*(\d+(?:\.\d+)+)"),
    licence="BSD-3-Clause (Open MPI)",
)
_OPEN_MPI = {
    # One process waits for the others, and cores are counted by threads here.
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    # RELION's container images run it as root; whether that is wise is not for a task to say.
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}
_ITERATION = re.compile(r"run(?:_ct\d+)?_it(\d+)_optimiser\.star")
_NAMED = (
    "rlnModelStarFile",
    "rlnModelStarFile2",
    "rlnExperimentalDataStarFile",
    "rlnOrientSamplingStarFile",
)
"""What an optimiser's table names, and RELION reads to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of `relion_refine`."""

    words: tuple[str, ...]
    """Arguments of a new run, without input, output and threads."""
    on: tuple[str, ...] = ()
    """Arguments of a run that goes on, in their stead."""
    processes: int = 1
    """MPI processes; 1 does without."""
    threads: int = 1
    """Of each."""
    gpus: tuple[int, ...] = ()
    timeout: float = 3600.0
    """Seconds."""


def lay_out(particles: RelionParticles, work: Work) -> str:
    """Link a table of particles and its stacks into the task's folder; the table's name there.

    Raises
    ------
    ItemFailed
        If there is no particle.
    """
    if not particles.particles:
        raise ItemFailed(
            "there is no particle in the table",
            advice="see why picking or extraction found none, or wait for more",
            code="no-particles",
        )
    for number, stack in enumerate(particles.stacks, start=1):
        link(stack, work, f"stacks/{number:06d}.mrcs")
    return link(particles.table, work, "particles.star")


def link_reference(volume: Volume, sharpening: Sharpening, work: Work) -> None:
    """Link the halves of a map, its mask and the table of their correlation into the folder.

    They are called ``half1.mrc``, ``half2.mrc``, ``mask.mrc`` and ``postprocess.star`` there.

    Raises
    ------
    ItemFailed
        If the map has no halves.
    """
    for source, name in (
        (volume.half1, "half1.mrc"),
        (volume.half2, "half2.mrc"),
        (sharpening.mask, "mask.mrc"),
        (sharpening.table, "postprocess.star"),
    ):
        if source is None:
            raise ItemFailed(
                "the map comes without its halves",
                advice="connect the map of volume.relion_postprocess",
                code="no-map",
            )
        link(source, work, name)


def run_refine(table: str, run: Run, work: Work) -> Path:
    """Run to its end, from where an earlier attempt was; the folder of its files ``run*``.

    Raises
    ------
    ItemFailed, TryAgain
        As `run_program`.
    BadOutput
        If the program passed over an option.
    """
    kept = work.kept if work.kept is not None else work.folder / "refine"
    kept.mkdir(parents=True, exist_ok=True)
    if kept != work.folder / "refine":
        link(kept, work, "refine")
    _run(table, run, work, last_iteration(work.folder / "refine"))
    return work.folder / "refine"


def _run(table: str, run: Run, work: Work, last: str) -> None:
    words = [*(("--continue", last, *run.on) if last else ("--i", table, *run.words))]
    words += ["--o", "refine/run", "--j", str(run.threads)]
    words += gpu_words(run.gpus, run.processes)
    program = REFINE
    argv: Sequence[str] = (REFINE.executable, *words)
    if run.processes > 1:
        program = REFINE_MPI
        mpirun, itself = found_by(MPIRUN, work).path, found_by(REFINE_MPI, work).path
        argv = (str(mpirun), "-n", str(run.processes), str(itself), *words)
    command = Command(tuple(argv), environment=_OPEN_MPI, timeout=run.timeout)
    refuse_ignored(run_program(program, command, work, FAILURES))


def last_iteration(folder: Path) -> str:
    """The newest table that RELION can go on from, as it is named to it; empty for none.

    The one that was being written when the program was killed may be half, and is passed over.
    """
    found = [
        (int(match[1]), path)
        for path in folder.glob("run*_optimiser.star")
        if (match := _ITERATION.fullmatch(path.name))
    ]
    for _, path in sorted(found, reverse=True):
        if all(_is_whole(named) for named in _named(path)):
            return f"{folder.name}/{path.name}"
    return ""


def _named(optimiser: Path) -> Iterator[Path | None]:
    """Tables that one names, and the maps or averages that the models name."""
    try:
        general = next(iter(read_star(optimiser).values()))
        for label in _NAMED:
            if label in general:
                named = optimiser.parent.parent / general.value(label)
                yield named
                if "Model" in label:
                    images = read_star(named)["model_classes"].text("rlnReferenceImage")
                    for image in images:
                        yield optimiser.parent.parent / image.rpartition("@")[2]
    except (FormatError, KeyError, OSError, StopIteration, ValueError):
        yield None


def _is_whole(path: Path | None) -> bool:
    if path is None:
        return False
    try:
        if path.suffix == ".star":
            return bool(read_star(path))
        map_mrc(path)  # refuses one that is shorter than its header says
    except (FormatError, OSError):
        return False
    return True


def gpu_words(gpus: Sequence[int], processes: int) -> list[str]:
    """How granted GPUs are named to RELION, to which the first is number 0; none: on the CPU."""
    if not gpus:
        return []
    numbers = [str(number) for number in range(len(gpus))]
    if processes <= 1:
        return ["--gpu", ",".join(numbers)]
    # The first process only leads.
    return ["--gpu", ":".join(numbers[n % len(numbers)] for n in range(processes - 1))]
