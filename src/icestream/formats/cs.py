"""Tables of CryoSPARC (``.cs``): structured arrays of NumPy, a row for each item.

A column is called ``slot/field``, such as ``blob/path``; `uid` alone is in every table. The layout
is NumPy's own (``.npy``), with texts of fixed length.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from icestream.formats.arrays import map_array
from icestream.formats.errors import FormatError, NotRead
from icestream.formats.within import inside

__all__ = ["CsWriter", "cs_text", "read_cs"]

Rows = NDArray[np.void]
_MAGIC = b"\x93NUMPY"
_STREAM = b"\x95CSDAT"


def read_cs(path: Path | str, needed: Sequence[str] = ()) -> Rows:
    """Map a table into memory, with all of its columns.

    Parameters
    ----------
    path
        The file.
    needed
        Columns that it must have.

    Raises
    ------
    FormatError
        If it is no such table, is cut off, or lacks a column; the message says which.
    """
    path = Path(path)
    with inside(path).open("rb") as file:
        start = file.read(len(_MAGIC))
    if start == _STREAM:
        raise NotRead(
            path,
            expected="a table of CryoSPARC in NumPy's format",
            found="its compressed format for streams",
            advice="export the group in CryoSPARC, or save it again with cryosparc-tools",
        )
    if start != _MAGIC:
        raise FormatError(
            path,
            expected="a table of CryoSPARC (.cs)",
            found=f"a file that begins with {start!r}",
            advice="give the .cs file of a job or of an exported group",
        )
    try:
        rows: Rows = map_array(path)
    except FormatError as error:
        raise FormatError(
            path,
            expected="a table of CryoSPARC (.cs)",
            found=error.found,
            advice="copy it again, or export the group again",
        ) from error
    missing = [name for name in needed if name not in (rows.dtype.names or ())]
    if missing or rows.ndim != 1:
        has = ", ".join(sorted({name.split("/")[0] for name in rows.dtype.names or ()}))
        raise FormatError(
            path,
            expected=f"rows with {', '.join(missing or needed) or 'named columns'}",
            found=f"columns of {has or 'no name'}",
            advice="give the table that has them: CryoSPARC keeps what a job has not made itself "
            "in its passthrough table, and an exported group has all",
        )
    return rows


def cs_text(value: Any) -> str:
    """A text of a table, without the sign by which an exported group marks paths beside itself."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.removeprefix(">")


class CsWriter:
    """A table that grows, in bounded memory; it appears under its name when it is closed.

    Parameters
    ----------
    path
        The file.
    columns
        Type of a row.
    """

    def __init__(self, path: Path, columns: np.dtype[Any]) -> None:
        self._path = path
        self._columns = columns
        # Of two who write it at once each writes its own, as `written_whole` does.
        self._growing = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        with self._growing.open("wb") as file:
            self._start = self._write_header(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close() if kind is None else self.drop()

    def extend(self, rows: Rows) -> None:
        """Append rows."""
        with self._growing.open("ab") as file:
            file.write(np.ascontiguousarray(rows, self._columns).tobytes())
        self.rows += len(rows)

    def close(self) -> None:
        """Write how many rows there are, and put the file under its name."""
        with self._growing.open("r+b") as file:
            if self._write_header(file) != self._start:  # NumPy leaves room for the number
                raise AssertionError(f"the header of {self._path} has grown")
            file.flush()
            os.fsync(file.fileno())
        self._growing.replace(self._path)

    def drop(self) -> None:
        """Give the table up; a file under its name is left alone."""
        self._growing.unlink(missing_ok=True)

    def _write_header(self, file: Any) -> int:
        about = {
            "descr": np.lib.format.dtype_to_descr(self._columns),
            "fortran_order": False,
            "shape": (self.rows,),
        }
        np.lib.format.write_array_header_2_0(file, about)
        return int(file.tell())
