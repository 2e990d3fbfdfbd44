"""The camera's modulation transfer function in a project."""

from pathlib import Path

from icestream.exports.place import place
from icestream.formats.errors import FormatError
from icestream.formats.star import read_star

__all__ = ["put_mtf"]

FOLDER = "MTF"
_FREQUENCY, _VALUE = "rlnResolutionInversePixel", "rlnMtfValue"


def put_mtf(project: Path, mtf: Path | None) -> str:
    """Put a file into a project, in the place of another; what it is called there.

    Where none is given it is the one of an earlier export, or none: an empty name.

    Raises
    ------
    FormatError
        If it is no STAR file with frequencies and values.
    """
    folder = project / FOLDER
    if mtf is None:
        there = sorted(folder.glob("*.star"))
        return f"{FOLDER}/{there[0].name}" if there else ""
    tables = read_star(mtf).values()
    if not any(_FREQUENCY in table and _VALUE in table and len(table) > 1 for table in tables):
        raise FormatError(
            mtf,
            expected=f"a table with {_FREQUENCY} and {_VALUE}",
            found="none",
            advice="give the file of your camera and voltage, as RELION's pages have it",
        )
    for other in folder.glob("*.star"):
        if other.name != mtf.name:
            other.unlink()
    place(mtf, folder / mtf.name)
    return f"{FOLDER}/{mtf.name}"
