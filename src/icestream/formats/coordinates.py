"""Coordinates of the particles of one micrograph, from a STAR file of RELION or another program."""

import math
from collections.abc import Sequence
from pathlib import Path

from icestream.formats.errors import FormatError
from icestream.formats.star import Block, read_star
from icestream.model import safe_file_name

__all__ = ["read_coordinates"]

_X, _Y, _MICROGRAPH = "rlnCoordinateX", "rlnCoordinateY", "rlnMicrographName"


def read_coordinates(path: Path, exposure: str = "") -> tuple[tuple[float, float], ...]:
    """X and y of particles, pixels of the micrograph from the middle of its first pixel.

    Of a table of many micrographs, those of the one that is called as the `exposure` is.

    Raises
    ------
    FormatError
        If the file has no coordinates, or none of the exposure.
    """
    blocks = read_star(path).values()
    table = next((one for one in blocks if {_X, _Y} <= one.columns.keys()), None)
    if table is None:
        raise FormatError(
            path,
            expected=f"a table with _{_X} and _{_Y}",
            found="none",
            advice="give the coordinates of a micrograph, as a STAR file",
        )
    rows = _rows_of(path, table, exposure)
    try:
        places = [(float(table.columns[_X][row]), float(table.columns[_Y][row])) for row in rows]
    except ValueError as error:
        advice = "the columns hold numbers"
        raise FormatError(path, expected="numbers", found=str(error), advice=advice) from None
    wrong = next((place for place in places if not all(map(math.isfinite, place))), None)
    if wrong is not None:
        advice = "leave the row out"
        raise FormatError(path, expected="finite numbers", found=f"{wrong}", advice=advice)
    return tuple(places)


def _rows_of(path: Path, table: Block, exposure: str) -> Sequence[int]:
    """Rows of the micrograph of an exposure; all where there is one only."""
    count = len(table.columns[_X])
    names = [Path(str(name)).stem for name in table.columns.get(_MICROGRAPH, ())]
    if len(set(names)) < 2:
        return range(count)
    wanted = {exposure, safe_file_name(exposure)}
    rows = [row for row, name in enumerate(names) if name in wanted]
    if not rows:
        raise FormatError(
            path,
            expected=f"rows of the micrograph {exposure}",
            found=f"those of {len(set(names))} others, such as {names[0]}",
            advice="give a file with the coordinates of this exposure",
        )
    return rows
