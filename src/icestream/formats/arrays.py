"""Arrays in NumPy's own format (``.npy``), from files that anybody may have written.

NumPy reads the header as an expression of Python: it executes nothing, and raises what Python's
parser raises. It believes the length of the header before it looks at it, and the shape before
there are numbers.
"""

import math
import os
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.within import inside

__all__ = ["map_array", "read_array"]

_MOST = 2**20
"""Bytes of a header that are believed: those of many columns are no 100 kB."""
_WIDTHS = {1: 2, 2: 4, 3: 4}
"""Bytes of the length of the header, by the version of the format."""


def map_array(path: Path | str) -> NDArray[Any]:
    """Map an array into memory; it is not written to.

    Raises
    ------
    FormatError
        If it is none, holds Python objects, or is cut off.
    """
    with inside(path).open("rb") as file:
        _check(path, file, os.fstat(file.fileno()).st_size)
    try:
        mapped: NDArray[Any] = np.load(
            inside(path), mmap_mode="r", allow_pickle=False, max_header_size=_MOST
        )
    except (ValueError, EOFError) as error:  # it is being written
        raise _unreadable(path, error) from error
    return mapped


def read_array(name: Path | str, file: IO[bytes], size: int) -> NDArray[Any]:
    """Read an array from an open file of so many bytes, such as a member of an archive.

    Parameters
    ----------
    name
        What the file is called in messages.

    Raises
    ------
    FormatError
        If it is none, holds Python objects, or is cut off.
    """
    _check(name, file, size)
    file.seek(0)
    read: NDArray[Any] = npy.read_array(file, allow_pickle=False, max_header_size=_MOST)
    return read


def _check(name: Path | str, file: IO[bytes], size: int) -> None:
    """Refuse a header that makes no sense, and one of more numbers than follow it."""
    try:
        version = npy.read_magic(file)
        length = file.read(_WIDTHS[version[0]])
        if int.from_bytes(length, "little") > min(_MOST, size):
            raise ValueError(f"its header would have {int.from_bytes(length, 'little')} bytes")
        file.seek(-len(length), 1)
        # The third has the names of columns in another encoding, and all else as the second.
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file, max_header_size=_MOST)
        if dtype.hasobject:
            raise ValueError("it holds objects of Python, which are not read")
        wanted, there = math.prod(shape) * dtype.itemsize, size - file.tell()
        if min(shape, default=0) < 0 or wanted > there:
            raise ValueError(f"{wanted} bytes of numbers are said, and {there} are there")
    except OSError:
        raise
    except Exception as error:  # Python's parser has many
        raise _unreadable(name, error) from error


def _unreadable(name: Path | str, error: Exception) -> FormatError:
    return FormatError(
        name,
        expected="an array of NumPy (.npy)",
        found=f"one that cannot be read ({error})",
        advice="copy it again, or write it again",
    )
