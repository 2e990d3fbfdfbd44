"""Xmipp's metadata files (.xmd, .pos, .ctfparam): STAR files of its own dialect."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import Block, FormatError, read_star
from icestream.protocol import BadOutput

__all__ = ["read_block", "read_column", "read_value", "write_block"]

_FIRST = "# XMIPP_STAR_1 * \n"
"""The programs take no file for metadata that begins otherwise."""


def write_block(
    path: Path, labels: Sequence[str], rows: Iterable[Sequence[str]], block: str = "noname"
) -> Path:
    """Write one table.

    Parameters
    ----------
    path
        Replaced, if it is there.
    labels
        Without the leading underscore.
    rows
        A value for each of them; none may hold a blank.
    block
        Name of the table.

    Returns
    -------
    `path`.
    """
    text = f"{_FIRST}data_{block}\nloop_\n" + "".join(f" _{label}\n" for label in labels)
    path.write_text(text + "".join(f"{' '.join(row)} \n" for row in rows), encoding="ascii")
    return path


def read_block(path: Path, name: str = "") -> Block:
    """One table of a file; its first one where no name is given.

    Raises
    ------
    BadOutput
        If the file is missing, or cut off, or has no such table.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    if not path.stat().st_size:
        raise BadOutput(f"{path.name} was written empty; the disk may be full", code="half-output")
    try:
        blocks = read_star(path)
    except (FormatError, UnicodeDecodeError) as error:
        raise BadOutput(f"{path.name} cannot be read: {error}", code="half-output") from error
    if not name and blocks:
        return next(iter(blocks.values()))
    if name not in blocks:
        raise BadOutput(
            f"{path.name} has no table {name!r}, but {', '.join(blocks) or 'none at all'}",
            code="half-output",
        )
    return blocks[name]


def read_column(block: Block, label: str, where: Path) -> NDArray[np.float64]:
    """A column as numbers, all of which are finite.

    Raises
    ------
    BadOutput
        If it is not there, or holds what is no finite number.
    """
    try:
        values = block.floats(label)
    except KeyError as error:
        raise BadOutput(str(error), code="half-output") from error
    except (FormatError, ValueError) as error:
        raise BadOutput(f"{where.name}: {error}", code="garbage-output") from error
    if not np.all(np.isfinite(values)):
        raise BadOutput(
            f"{where.name} has values of _{label} that are not finite", code="garbage-output"
        )
    return values


def read_value(block: Block, label: str, where: Path) -> float:
    """The first value of a column; raises as `read_column` does."""
    values = read_column(block, label, where)
    if not len(values):
        raise BadOutput(f"{where.name} has no row", code="half-output")
    return float(values[0])
