"""What Bayesian polishing reads: particles, and the movies that they are in.

Particles are named after their places in a table, movies after their exposures. A movie that is
missing or short is left out here, and said: RELION only prints it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats import Block, write_star
from icestream.formats.completeness import Whole, judge
from icestream.formats.relion import RELION_VERSION
from icestream.protocol import ItemFailed, Work
from icestream_relion.items import RelionMovies, RelionParticles
from icestream_relion.polish_parameters import RelionPolishParameters
from icestream_relion.results import places_of, read_table
from icestream_relion.tables import link

__all__ = ["Chosen", "choose", "left_out"]

_SAME = {
    "rlnMicrographOriginalPixelSize": "pixel size",
    "rlnMicrographBinning": "binning",
    "rlnImageSizeX": "width",
    "rlnImageSizeY": "height",
    "rlnEERUpsampling": "upsampling of EER",
    "rlnEERGrouping": "grouping of EER frames",
}
"""What RELION takes from the first movie, and believes of all."""
_QUIET = 600.0
"""Seconds, after which nobody writes on a movie that was aligned."""
_DOSES = 1.1
"""How much more dose than another a movie may have had, to be scaled by the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The particles that are polished."""

    particles: int
    places: frozenset[int]
    """Of their stacks in the table, from 0."""
    last_frame: int
    """From 1."""
    dose: float
    """Of a frame, e/Å²."""
    notes: tuple[str, ...]
    """Which particles are left out, and why."""


def choose(
    particles: RelionParticles, movies: RelionMovies, wanted: RelionPolishParameters, work: Work
) -> Chosen:
    """Lay out the table of those particles whose movies are there and long enough, and the movies.

    Raises
    ------
    ItemFailed
        If the particles have no angles, no movie is left, or the movies are not of one kind.
    """
    table = read_table(particles.table, "particles")
    if "rlnRandomSubset" not in table or "rlnAngleRot" not in table:
        raise ItemFailed(
            f"{particles.table.name} does not say which half and view each particle is of",
            advice="connect the particles of volume.relion_refine",
            code="no-angles",
        )
    place = places_of(table)[0]
    listed = read_table(movies.table, "micrographs")
    rows = {exposure: row for row, exposure in enumerate(movies.exposures)}
    known = {
        int(at): row
        for at in np.unique(place)
        if (row := rows.get(particles.exposures[at])) is not None
    }
    frames = listed.integers("rlnImageSizeZ")
    in_file = frames * listed.integers("rlnEERGrouping")
    row_of = {
        at: row for at, row in known.items() if _is_whole(movies.movies[row], int(in_file[row]))
    }
    if not row_of or 2 * len(row_of) < len(known):
        gone = next((row for at, row in known.items() if at not in row_of), None)
        raise ItemFailed(
            f"of {len(row_of)} of the {len(np.unique(place))} exposures of the particles the "
            "movies are there, and whole"
            + ("" if gone is None else f"; one that is not: {movies.movies[gone]}"),
            advice="see whether the disk of the movies is there, and connect movies.relion_join "
            "to the movies of these particles",
            code="no-movie",
        )
    notes = left_out(place, row_of, "of which no whole movie is there")
    last = wanted.last_frame or _usual([int(frames[row]) for row in row_of.values()])
    enough = {at: row for at, row in row_of.items() if frames[row] >= last}
    if not enough or last <= wanted.first_frame:
        raise ItemFailed(
            f"frames {wanted.first_frame} to {last} were asked for, and the longest movie has "
            f"{max(int(frames[row]) for row in row_of.values())}",
            advice="change first_frame and last_frame",
            code="few-frames",
        )
    within = np.isin(place, list(row_of))
    notes += left_out(place[within], enough, f"whose movies have fewer than {last} frames")
    dose = _check_same(movies, listed, sorted(enough.values()))
    kept = np.isin(place, list(enough))
    _write_particles(particles, table, kept, work)
    _lay_out(movies, listed, enough, work)
    return Chosen(
        particles=int(kept.sum()),
        places=frozenset(enough),
        last_frame=last,
        dose=dose,
        notes=tuple(notes),
    )


def _is_whole(path: Path, frames: int) -> bool:
    """Whether a movie can be read: one that cannot ends RELION, with all that it has done."""
    try:
        return isinstance(judge(path, usual_frames=frames, quiet=_QUIET), Whole)
    except OSError:
        return False


def _usual(counts: Sequence[int]) -> int:
    """The number that comes most often; the larger one of two that come as often."""
    known, times = np.unique(counts, return_counts=True)
    return int(known[len(times) - 1 - np.argmax(times[::-1])])


def left_out(place: NDArray[np.int64], kept: Collection[int], why: str) -> list[str]:
    """A sentence about the particles whose places are not among those that are kept, if any."""
    gone = place[~np.isin(place, list(kept))]
    if not len(gone):
        return []
    exposures = len(np.unique(gone))
    return [f"{len(gone)} particles of {exposures} exposures were left out, {why}"]


def _check_same(movies: RelionMovies, listed: Block, rows: Sequence[int]) -> float:
    """The dose of a frame, where all movies are of one kind."""
    for label, said in _SAME.items():
        values = listed.floats(label)[rows]
        other = int(np.argmax(np.abs(values - values[0])))
        if abs(values[other] - values[0]) > 1e-4 * abs(values[0]):
            raise ItemFailed(
                f"the {said} of {movies.exposures[rows[0]]} is {values[0]:g}, and that of "
                f"{movies.exposures[rows[other]]} {values[other]:g}: RELION takes one for all",
                advice="polish the particles of each kind of movie in a session of its own",
                code="movies-differ",
            )
    doses = listed.floats("rlnMicrographDoseRate")[rows]
    least, most = int(np.argmin(doses)), int(np.argmax(doses))
    if doses[most] > _DOSES * doses[least]:
        raise ItemFailed(
            f"frames of {movies.exposures[rows[least]]} had {doses[least]:g} e/Å², and those of "
            f"{movies.exposures[rows[most]]} {doses[most]:g}: RELION takes one dose for all",
            advice="polish the particles of each kind of movie in a session of its own",
            code="movies-differ",
        )
    return float(np.median(doses))


def _write_particles(
    particles: RelionParticles, table: Block, kept: NDArray[np.bool_], work: Work
) -> None:
    """Write the table of the particles that are kept, whose images are not read."""
    optics = read_table(particles.table, "optics")
    rows = {label: np.asarray(values)[kept] for label, values in table.columns.items()}
    write_star(work.path("particles.star"), [optics, Block("particles", rows)], RELION_VERSION)


def _lay_out(movies: RelionMovies, listed: Block, row_of: Mapping[int, int], work: Work) -> None:
    """Write the table of the movies at these places, and link all that it names."""
    places, rows = list(row_of), list(row_of.values())
    columns: dict[str, Any] = {
        label: np.asarray(values)[rows] for label, values in listed.columns.items()
    }
    columns["rlnMicrographName"] = [f"{at + 1:06d}.mrc" for at in places]
    micrographs = [read_table(movies.table, "optics"), Block("micrographs", columns)]
    write_star(work.path("corrected_micrographs.star"), micrographs, RELION_VERSION)
    names, motions = (listed.text(f"rlnMicrograph{name}") for name in ("MovieName", "Metadata"))
    for row in rows:
        link(movies.movies[row], work, names[row])
        link(movies.motions[row], work, motions[row])
    for path, name in zip(movies.camera, movies.camera_names, strict=True):
        link(path, work, name)
