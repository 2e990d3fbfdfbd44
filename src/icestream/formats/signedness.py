"""Whether the bytes of an MRC file in mode 0 are signed, where no stamp of IMOD's says so.

The standard of 2014 says that they are; most programs from before it, and some since, mean numbers
from 0 to 255. Read the wrong way, counts from 128 on become negative, or negative numbers counts.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats.within import inside

__all__ = ["are_signed"]

_PIECES = 16
_PIECE = 65536
"""Bytes of each of the pieces of the file that are looked at."""
_STANDARD = 20140
"""The year and revision from which on files state the standard that they keep."""
_RARE = 0.01
"""Share of bytes that may be hot pixels; what has negative numbers has more high ones."""


def are_signed(
    path: Path, statistics: tuple[float, float, float], version: int, start: int
) -> tuple[bool, str]:
    """Tell it from the statistics of the header, and where they do not from the bytes themselves.

    Parameters
    ----------
    path
        The file.
    statistics
        Minimum, maximum and mean of its header.
    version
        Of the standard, as the header says it; 0 in older files.
    start
        Where the images begin.

    Returns
    -------
    Whether they are signed, and in words why that is not sure; empty when it is.
    """
    low, high, mean = statistics
    if 0.0 <= low < high <= 255.0 and high >= 128.0:
        return False, ""
    if -128.0 <= low < 0.0 and low < high <= 127.0:
        return True, ""
    if version >= _STANDARD and high < low and mean < high:
        return True, ""  # who says by the standard that nothing was computed keeps it
    signed = _by_bytes(_sample(path, start))
    if signed is not None:
        return signed, ""
    return True, (
        f"{path.name} holds bytes (mode 0), and neither a stamp of IMOD's nor its statistics nor "
        "they themselves tell whether they are signed: those from 128 to 255 are taken as -128 to "
        "-1, as the standard says"
    )


def _sample(path: Path, start: int) -> NDArray[np.uint8]:
    """Bytes of pieces all over the images."""
    with inside(path).open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        step = max(_PIECE, (end - start) // _PIECES)
        places = range(start, end, step)
        pieces = [os.pread(file.fileno(), _PIECE, place) for place in places]
    return np.frombuffer(b"".join(pieces), np.uint8)


def _by_bytes(sample: NDArray[np.uint8]) -> bool | None:
    """Whether bytes are signed, from how often each occurs; None when that does not tell.

    Numbers around zero spill over into what is just below it, 255 and less; counts that pass 127 go
    on with 128. The ends of the range are left out: what is beyond it is often stored as they are.
    """
    counts = np.bincount(sample, minlength=256)
    high = int(counts[128:255].sum())
    below_zero, above_middle = int(counts[240:255].sum()), int(counts[129:144].sum())
    if not high and counts[255] <= _RARE * len(sample):
        return not counts[255]  # hot pixels that were cut off; without any it is all the same
    if below_zero > max(2 * above_middle + 2, _RARE * int(counts[:16].sum())):
        return True
    if above_middle > 2 * below_zero + 2 or high < _RARE * len(sample):
        return False
    return None
