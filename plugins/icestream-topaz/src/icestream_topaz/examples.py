"""Examples to learn from: where the particles of good classes lie in their micrographs."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import FormatError
from icestream.formats.parquet import read_columns
from icestream.protocol import ItemFailed

__all__ = ["read_examples", "spread"]

Points = NDArray[np.float64]

_NEEDED = ("exposure", "x", "y", "class", "shift_y", "shift_x")


def read_examples(path: Path, classes: Collection[int]) -> Mapping[str, Points]:
    """Centres of the particles of these classes, by exposure.

    Parameters
    ----------
    path
        Table of assignments of a 2D classification, see `icestream.model.Classes`.
    classes
        Numbers of the classes, from 1; all where there are none.

    Returns
    -------
    Mapping
        ``(n, 2)`` (x, y), Å from the middle of the micrograph's first pixel. They are where the
        classification has found the particles, not where the picker had put them.

    Raises
    ------
    ItemFailed
        If the file is no such table.
    """
    try:
        columns = read_columns(path)
    except (OSError, FormatError) as error:
        raise _unreadable(path, str(error)) from error
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise _unreadable(path, f"it has no column {', '.join(missing)}")
    # By the number that screens show; an older table knows the place of the average alone.
    class_ = np.ma.getdata(columns.get("number", columns["class"])).astype(np.int64)
    wanted = np.isin(class_, list(classes)) if classes else class_ > 0
    # A particle is moved by the shift to come into the middle of its image.
    places = np.column_stack([columns["x"] - columns["shift_x"], columns["y"] - columns["shift_y"]])
    wanted &= np.isfinite(places).all(axis=1)
    exposures = np.asarray(columns["exposure"])[wanted].astype(str)
    names, first = np.unique(exposures, return_inverse=True)
    kept = places[wanted].astype(np.float64)
    return {str(name): kept[first == number] for number, name in enumerate(names)}


def spread(names: Sequence[str], most: int) -> Sequence[str]:
    """So many of the names at most, evenly from the first to the last."""
    if len(names) <= most:
        return names
    return [names[place] for place in np.linspace(0, len(names) - 1, most).round().astype(int)]


def _unreadable(path: Path, why: str) -> ItemFailed:
    return ItemFailed(
        f"the table of assignments {path} cannot be read: {why}",
        advice="give the .parquet table that a 2D classification wrote",
        code="bad-assignments",
    )
