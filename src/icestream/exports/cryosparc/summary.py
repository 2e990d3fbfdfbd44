"""What was handed over to CryoSPARC and what was not, in words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from icestream.exports.left_out import LeftOut
from icestream.store.files import Damage

__all__ = ["CryosparcSummary", "cryosparc_sentences", "write_cryosparc_readme"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CryosparcSummary:
    """What an export wrote, and what it left out."""

    folder: Path
    movies: int
    exposures: int
    """Accepted micrographs that have a CTF."""
    rejected: int
    picks: int
    particles: int
    aligned: int
    """Particles in 2D classes."""
    classes: int
    volume: bool
    without_ctf: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)
    defects: int = 0
    """Movies whose defects were not handed over."""
    gains: int = 0
    """EER movies whose gain reference was not handed over."""
    flipped: int = 0
    """Particles whose phases are flipped, which were not handed over."""
    damages: tuple[Damage, ...] = ()
    """Files that are missing or cut; what needs them was left out."""
    state: tuple[str, ...] = ()
    """Which of the session's results these are, where there are several branches or steps wait."""


def cryosparc_sentences(summary: CryosparcSummary) -> Iterator[str]:
    """What was written, and all that was not, one sentence each."""
    yield (
        f"{summary.movies} movies, {summary.exposures} micrographs and {summary.rejected} rejected "
        f"ones, {summary.picks} picks, {summary.particles} particles, {summary.aligned} of them in "
        f"{summary.classes} 2D classes, {'a' if summary.volume else 'no'} map"
    )
    yield from summary.state
    if summary.without_ctf:
        yield f"{summary.without_ctf} micrographs have no CTF yet, and were left out"
    if summary.left_out.over_rim:
        yield (
            f"{summary.left_out.over_rim} picks are no particles: their boxes reach over the rim "
            "of the micrograph"
        )
    if summary.left_out.waiting:
        waiting = summary.left_out.waiting
        yield f"{waiting} picks are of micrographs whose particles were not cut out"
    if summary.movies and not summary.exposures + summary.rejected:
        yield "no micrograph was handed over: import the movies, and align them in CryoSPARC"
    if summary.gains:
        yield (
            f"gain references of {summary.gains} EER movies were left out: how CryoSPARC lays them "
            "onto the frames is not known here; give it the camera's own"
        )
    if summary.defects:
        yield f"defects of {summary.defects} movies were left out: give CryoSPARC the camera's own"
    if summary.flipped:
        yield (
            f"{summary.flipped} particles were left out, as their phases are flipped, which "
            "CryoSPARC cannot be told: cut them out again there, from the picks"
        )
    if summary.damages:
        yield f"{len(summary.damages)} files are missing or cut; what needs them was left out:"
        yield from (f"  {damage}" for damage in summary.damages)


def write_cryosparc_readme(summary: CryosparcSummary, session: str) -> None:
    """Write ``README.md`` of the folder: what is in it, and how CryoSPARC takes it in."""
    said = "\n".join(
        f"  * {one.strip()}" if one.startswith("  ") else f"* {one}"
        for one in cryosparc_sentences(summary)
    )
    (summary.folder / "README.md").write_text(
        f"# The session {session} for CryoSPARC\n\n"
        "Written by `icestream export cryosparc`; the same command brings it up to date.\n\n"
        f"## What is in it\n\n{said}\n\n"
        "## How to take it in\n\n"
        "In CryoSPARC, a job *Import Result Group* for each `.csg` file that you want: give the "
        "path of the file in this folder. Files are read where they are: keep the folder.\n\n"
        "`movies.csg` is there to begin anew. Its rows lie in CryoSPARC as they are stored, which "
        "for TIFF is upside down to these micrographs: do not join movies with these micrographs "
        "or particles.\n\n"
        "`provenance/` has the workflow, and program, version, parameters, inputs and files of "
        "every result.\n",
        encoding="utf-8",
    )
