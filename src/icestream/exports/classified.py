"""Which of the particles that are there a 2D classification took in, and what it made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.processing.same_places import are_others, match_places

__all__ = ["CutParticles", "assigned_particles"]


@dataclass(frozen=True, slots=True, eq=False)
class CutParticles:
    """The particles of an exposure, as the project has them."""

    places: NDArray[np.float32]
    """``(n, 2)`` (x, y) in the micrograph, Å."""
    classified: bool
    """Whether it was just these that the classification took in."""


def assigned_particles(table: Path, there: Mapping[str, CutParticles]) -> dict[str, NDArray[Any]]:
    """The rows of a table of assignments that are of particles that are there.

    Parameters
    ----------
    table
        As `icestream.model.Classes` has it.
    there
        Of each exposure.

    Returns
    -------
    Columns of the table; `index` is where the particles are in the stacks of now, from 0.
    """
    import duckdb  # slow to load

    with duckdb.connect() as connection:
        rows = connection.execute(
            'SELECT * FROM read_parquet(?) ORDER BY exposure, "index"', [str(table)]
        ).fetchnumpy()
    names = rows["exposure"]
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]])[: len(names)])
    kept, places = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for start, end in zip(starts, [*starts[1:], len(names)], strict=True):
        cut = there.get(str(names[start]))
        if cut is not None:
            of_one = {name: values[start:end] for name, values in rows.items()}
            listed, found = _joined(of_one, cut).T
            kept.append(start + listed)
            places.append(found)
    chosen = np.concatenate(kept)
    return {name: values[chosen] for name, values in rows.items()} | {
        "index": np.concatenate(places)
    }


def _joined(rows: Mapping[str, NDArray[Any]], cut: CutParticles) -> NDArray[np.intp]:
    """Which rows of an exposure are which of the particles that are there, ``(k, 2)``.

    Tables of before it was written where particles lie have their places in the stack alone: these
    mean something in the one that was classified, and in no other.
    """
    if "x" in rows and "y" in rows:
        listed = np.column_stack([rows["x"], rows["y"]])
        pairs = match_places(listed, cut.places)
        others = are_others(len(pairs), len(listed), len(cut.places))
        return np.zeros((0, 2), np.intp) if others else pairs
    index = np.asarray(rows["index"], dtype=np.intp)
    kept = np.flatnonzero((index < len(cut.places)) & cut.classified)
    return np.column_stack([kept, index[kept]])
