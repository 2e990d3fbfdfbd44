"""What an export wrote and what it left out, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from icestream.store.files import Damage

__all__ = ["Summary", "sentences", "write_readme"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an export wrote, and what it left out."""

    project: Path
    version: str
    """Of RELION, for which it was written."""
    movies: int
    micrographs: int
    imported: bool = False
    """The session began with micrographs."""
    ctfs: int
    picked: int
    """Micrographs with picks."""
    picks: int
    particles: int
    classes: int
    over_rim: int = 0
    """Picks whose box reaches over the rim of their micrograph: they are no particles."""
    unexplained: int = 0
    """Other picks that are no particles although their micrograph's were extracted."""
    unselected: Mapping[str, int] = field(default_factory=dict)
    """Particles that a selection left out, by its limits."""
    waiting: int = 0
    """Picks of micrographs whose particles have not been extracted."""
    unclassified: int = 0
    """Particles that no class of the newest snapshot has."""
    rejected: int = 0
    """Exposures without picks and particles because they were rejected."""
    uneven: int = 0
    """Movies whose doses differ from frame to frame."""
    assumed: tuple[str, ...] = ()
    """What neither a person nor the metadata say of the optics, with where it is from."""
    diameter_known: bool = True
    """False: the boxes of the particles leave room for a diameter that nobody knows yet."""
    flipped: bool = False
    """Phases of the particles are flipped."""
    damages: tuple[Damage, ...] = ()
    """Files that are missing or cut; what needs them was left out."""
    steps: tuple[str, ...] = ()
    """Which step, protocol and parameters made each kind of item."""
    state: tuple[str, ...] = ()
    """Which of the session's results these are, where there are several branches or steps wait."""


def sentences(summary: Summary) -> Iterator[str]:
    """What was written, and all that was not, one sentence each."""
    movies = "" if summary.imported else f"{summary.movies} movies, "
    yield (
        f"{movies}{summary.micrographs} micrographs, {summary.ctfs} CTFs, "
        f"{summary.picks} picks on {summary.picked} micrographs, {summary.particles} particles, "
        f"{summary.classes} classes"
    )
    yield from summary.state
    if summary.rejected:
        were = "exposure was" if summary.rejected == 1 else "exposures were"
        yield f"{summary.rejected} {were} rejected: no picks and no particles"
    if summary.over_rim:
        yield (
            f"{summary.over_rim} of the {summary.picks} picks are not among the particles: their "
            "boxes reach over the rim of the micrograph (RELION's own Extract job keeps such "
            "boxes, and makes up what lies outside)"
        )
    if summary.unexplained:
        yield f"{summary.unexplained} more picks were left out by the step that cut the particles"
    if any(summary.unselected.values()):
        why = "; ".join(f"{count} by {text}" for text, count in summary.unselected.items())
        yield f"{sum(summary.unselected.values())} particles were left out by a selection: {why}"
    if summary.waiting:
        yield f"{summary.waiting} picks are of micrographs whose particles were not cut out"
    yield from _unclassified(summary)
    if summary.uneven:
        yield (
            f"doses differ from frame to frame in {summary.uneven} of the movies: here they were "
            "weighted by their own; RELION knows one dose, and is given their mean"
        )
    if summary.assumed:
        yield f"neither you nor the metadata said: {'; '.join(summary.assumed)}"
    if not summary.diameter_known:
        yield (
            "the diameter of the particles is not known yet: their boxes, and the mask of the "
            "classes, only leave room for it"
        )
    if summary.flipped:
        yield "phases of the particles are flipped: give RELION --ctf_phase_flipped"
    if summary.damages:
        count = len(summary.damages)
        are = "file is" if count == 1 else "files are"
        yield f"{count} {are} missing or cut; what needs what is not there was left out:"
        yield from (f"  {damage}" for damage in summary.damages)


def _unclassified(summary: Summary) -> Iterator[str]:
    if summary.unclassified and summary.classes:
        yield (
            f"{summary.unclassified} of the {summary.particles} particles are in no class of the "
            "newest snapshot: they are in Extract, and not in Class2D"
        )
    elif summary.unclassified:
        yield (
            "none of the particles is in a class of the newest snapshot, which is of others, or "
            "of these as they were cut before: no Class2D was written, and one of an earlier "
            "export is of the particles of then"
        )


def write_readme(summary: Summary, session: str, steps: Sequence[str]) -> None:
    """Write ``README.md`` of a project: where it is from, and what is in it and what is not."""
    said = "\n".join(
        f"  * {one.strip()}" if one.startswith("  ") else f"* {one}" for one in sentences(summary)
    )
    raw = "the micrographs in `Micrographs/`" if summary.imported else "the movies in `Movies/`"
    made = "\n".join(f"* {step}" for step in steps)
    (summary.project / "README.md").write_text(
        f"# RELION project of the session {session}\n\n"
        f"Written by `icestream export relion` for RELION {summary.version}; the same command "
        "brings it up to date, and keeps the jobs that were run here since.\n\n"
        f"## What is in it\n\n{said}\n\n"
        f"## How it was made\n\n{made}\n\n"
        "`provenance/` has the workflow, and program, version, parameters, inputs and files of "
        "every result.\n\nFiles here are the project's own: nothing that is written into them "
        f"reaches the session. Only {raw} are links to the raw data.\n",
        encoding="utf-8",
    )
