"""What a program wrote, read with suspicion: a program may say that all went well and be wrong."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.protocol.failure import ItemFailed

__all__ = ["BadOutput", "read_output"]


class BadOutput(ItemFailed):
    """A program ended as if all was well, and what it wrote cannot be used."""


def read_output(path: Path, shape: tuple[int, int] | None = None) -> NDArray[np.float32]:
    """Read an image that a program wrote, and refuse what is no result.

    Parameters
    ----------
    path
        MRC file of one image.
    shape
        (y, x) pixels that it must have; any when None.

    Returns
    -------
    NDArray
        float32 ``(y, x)``, all finite, and not all the same.

    Raises
    ------
    BadOutput
        If the file is missing, empty, cut off, no MRC file of one image, or of another size, or
        has pixels that are no numbers, or nothing but one value. Its `code` says which:
        ``no-output``, ``half-output`` or ``garbage-output``.
    """
    from icestream.formats import FormatError, read_mrc  # heavy, for all who only list protocols

    if not path.is_file():
        beside = (
            sorted(other.name for other in path.parent.glob("*")) if path.parent.exists() else []
        )
        found = ", ".join(beside[:8]) or "nothing"
        raise BadOutput(f"{path.name} was not written; there is {found}", code="no-output")
    if not path.stat().st_size:
        raise BadOutput(f"{path.name} was written empty; the disk may be full", code="half-output")
    try:
        image = read_mrc(path)
    except FormatError as error:
        raise BadOutput(f"{path.name} is not whole: {error}", code="half-output") from error
    if image.ndim != 2 or (shape is not None and image.shape != shape):
        wanted = "one image" if shape is None else f"one image of {shape[0]} x {shape[1]} pixels"
        found = " x ".join(map(str, image.shape))
        raise BadOutput(f"{path.name} should be {wanted}, and is {found}", code="garbage-output")
    pixels = image.astype(np.float32)
    lowest, highest = float(pixels.min()), float(pixels.max())
    if not np.isfinite(lowest + highest):
        bad = int(np.count_nonzero(~np.isfinite(pixels)))
        raise BadOutput(
            f"{bad} of {pixels.size} pixels of {path.name} are no numbers", code="garbage-output"
        )
    if lowest == highest:
        raise BadOutput(f"every pixel of {path.name} is {lowest:g}", code="garbage-output")
    return pixels
