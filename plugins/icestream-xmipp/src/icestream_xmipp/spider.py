"""Images in the format of SPIDER, which Xmipp writes into files named .xmp, .stk and .psd."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.protocol import BadOutput

__all__ = ["read_spider"]

_HEADER = 1024
_SLICES, _ROWS, _FORM, _COLUMNS, _RECORDS, _BYTES, _RECORD = 0, 1, 4, 11, 12, 21, 22
"""Places of the header's numbers, which are float32."""


def read_spider(path: Path) -> NDArray[np.float32]:
    """Read one image ``(y, x)``.

    Raises
    ------
    BadOutput
        If it is missing, cut off, no such image, or has no contrast.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    raw = path.read_bytes()
    if len(raw) < _HEADER:
        raise BadOutput(f"{path.name} ends within its header", code="half-output")
    order = next((each for each in "<>" if _is_image(np.frombuffer(raw, f"{each}f4", 23))), "")
    if not order:
        raise BadOutput(f"{path.name} is no image of SPIDER's format", code="garbage-output")
    header = np.frombuffer(raw, f"{order}f4", 23)
    shape, begins = (int(header[_ROWS]), int(header[_COLUMNS])), int(header[_BYTES])
    wanted = begins + 4 * shape[0] * shape[1]
    if len(raw) < wanted:
        raise BadOutput(
            f"{path.name} has {len(raw)} bytes, and an image of {shape[0]} x {shape[1]} pixels "
            f"needs {wanted}",
            code="half-output",
        )
    image = np.frombuffer(raw, f"{order}f4", shape[0] * shape[1], begins).astype(np.float32)
    if not np.all(np.isfinite(image)) or float(np.ptp(image)) == 0:
        raise BadOutput(
            f"{path.name} holds pixels that are no numbers, or all alike", code="garbage-output"
        )
    return image.reshape(shape)


def _is_image(header: NDArray[np.float32]) -> bool:
    """Whether these are numbers of a header of one image, read in the right order of bytes."""
    if not np.all(np.isfinite(header[[_ROWS, _COLUMNS, _RECORDS, _BYTES, _RECORD]])):
        return False
    return bool(
        header[_SLICES] == 1
        and header[_FORM] == 1
        and 1 <= header[_ROWS] < 1e6
        and 1 <= header[_COLUMNS] < 1e6
        and header[_BYTES] == header[_RECORDS] * header[_RECORD]
        and header[_BYTES] >= _HEADER
    )
