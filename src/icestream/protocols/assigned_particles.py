"""Which class each particle has, by the table of assignments that a 2D classification wrote.

The table is older than the particles at hand may be: picks were corrected by hand since, or found
or cut again. So a particle is known by where it lies in its micrograph, never by its place in a
stack.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model import Column, Particles, SelectedParticles
from icestream.processing.same_places import SAME_PLACE, are_others, match_places
from icestream.protocol import ItemFailed

__all__ = ["IN_TABLE", "AssignedParticles", "classes_words", "left_out_words", "read_assigned"]

IN_TABLE = "a row in the table of assignments"
"""The limit that a particle breaks which the table does not have."""
_PLACES = ("x", "y")
_NEEDED = ("class", "shift_y", "shift_x")


@dataclass(frozen=True, slots=True, eq=False)
class AssignedParticles:
    """What the table says of each particle of an exposure."""

    classes: NDArray[np.int64]
    """``(n,)`` number of the class, from 1; 0 for one that the table does not have."""
    shift: Column
    """``(n, 2)`` (y, x) Å, see `icestream.model.Classes`; 0 for one that it does not have."""
    gone: int
    """Particles that it has of the exposure, and that are not among these."""

    def in_classes(self, chosen: Iterable[int] = ()) -> NDArray[np.bool_]:
        """``(n,)`` whether each is in one of these classes, or in any where none is given."""
        wanted = list(chosen)
        return np.isin(self.classes, wanted) if wanted else self.classes > 0


def read_assigned(path: Path, particles: Particles) -> AssignedParticles:
    """What the table of assignments `path` says of the particles of an exposure.

    Raises
    ------
    ItemFailed
        If the table cannot be read, does not say where its particles lie, or is of others.
    """
    columns = _read_rows(path, particles.exposure)
    places = np.column_stack([columns["x"], columns["y"]])
    pairs = match_places(places, particles.places())
    if are_others(len(pairs), len(places), len(particles)):
        raise ItemFailed(
            f"{path} has {len(places)} particles of {particles.exposure}, and of the "
            f"{len(particles)} that are here {len(pairs) or 'none'} lie where one of those did, "
            f"within {SAME_PLACE:g} Å: it is a table of other particles, or the pixel size of the "
            "micrograph is another now",
            advice="give the table of a classification of these particles; where they were picked "
            "or centered anew since, one that was written after that",
            code="other-particles",
        )
    classes = np.zeros(len(particles), dtype=np.int64)
    shift = np.zeros((len(particles), 2), dtype=np.float32)
    rows, here = pairs.T
    # By the number that screens show; an older table knows the place of the average alone.
    classes[here] = columns.get("number", columns["class"])[rows]
    shift[here, 0], shift[here, 1] = columns["shift_y"][rows], columns["shift_x"][rows]
    return AssignedParticles(classes, shift, gone=len(places) - len(pairs))


def classes_words(classes: Iterable[int]) -> str:
    """The limit that a particle breaks which is in none of these classes."""
    return f"classes {', '.join(map(str, classes))}"


def left_out_words(items: Iterable[SelectedParticles]) -> str:
    """How many particles of some exposures were left out, and why; empty where none was."""
    left_out: Counter[str] = Counter()
    gone = 0
    for item in items:
        left_out.update(dict(zip(item.limits, item.left_out, strict=True)))
        gone += item.gone
    words = "".join(f"; {count} left out by {text}" for text, count in left_out.items() if count)
    if gone:
        words += f"; {gone} that the table of assignments has are not there any more"
    return words


def _read_rows(path: Path, exposure: str) -> dict[str, NDArray[Any]]:
    """The rows of an exposure, in their order."""
    import duckdb  # slow to load

    asked = (
        "SELECT * EXCLUDE (file_row_number) FROM read_parquet(?, file_row_number = true) "
        "WHERE exposure = ? ORDER BY file_row_number"
    )
    try:
        with duckdb.connect() as connection:
            columns = connection.execute(asked, [str(path), exposure]).fetchnumpy()
    except duckdb.Error as error:
        raise _unreadable(path, str(error)) from error
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise _unreadable(path, f"it has no column {', '.join(missing)}")
    if not columns.keys() >= set(_PLACES):
        raise ItemFailed(
            f"the table of assignments {path} does not say where its particles lie (columns x and "
            "y), as an older icestream wrote it: which of the particles here are which of them "
            "cannot be told, since their picks may have been corrected",
            advice="give a table that a 2D classification of this version wrote: run the session "
            "again, which classifies the particles anew",
            code="old-assignments",
        )
    if any(np.ma.is_masked(columns[name]) for name in (*_PLACES, *_NEEDED)):
        raise _unreadable(path, f"a row of {exposure} lacks a value")
    return {name: np.ma.getdata(values) for name, values in columns.items()}


def _unreadable(path: Path, why: str) -> ItemFailed:
    return ItemFailed(
        f"the table of assignments {path} cannot be read: {why}",
        advice="give the .parquet table that a 2D classification wrote",
        code="bad-assignments",
    )
