"""The tilts of the images of an MRC stack, as its extended header gives them, image by image.

A tilt series says them so (Tomography by Thermo Fisher in FEI1 and FEI2, SerialEM in SERI). The
frames of a movie have one tilt.
"""

import numpy as np
from mrcfile.dtypes import get_ext_header_dtype

from icestream.formats.numbers import ANGLE

__all__ = ["TILT_RECORD", "tilts_of_images"]

TILT_RECORD = 1024
"""Bytes that the record of an image may take."""
_TILT = 1 << 7
"""The bit of FEI's first mask that says that a tilt was set."""
_HUNDREDTHS = 0.01
"""Degrees of a unit of SerialEM's."""


def tilts_of_images(
    kind: str, order: str, raw: bytes, images: int, record: tuple[int, int]
) -> tuple[float, float] | None:
    """The lowest and the highest tilt, degrees; None where not every image has one.

    Parameters
    ----------
    kind
        Type of the extended header.
    order
        Byte order, ``<`` or ``>``.
    raw
        The extended header.
    images
        In the stack.
    record
        Of SERI: the bytes of each image, and the bits that say what is in them.
    """
    layout = get_ext_header_dtype(kind.encode(), order)
    if layout is not None and len(raw) >= images * layout.itemsize:
        records = np.frombuffer(raw, layout, images)
        tilts = records["Alpha tilt"].astype(np.float64)
        known = bool(np.all((records["Bitmask 1"] & _TILT != 0) | (tilts != 0)))
    elif kind == "SERI" and record[0] >= 2 and record[1] & 1 and len(raw) >= images * record[0]:
        first = np.frombuffer(raw[: images * record[0]], np.uint8).reshape(images, record[0])[:, :2]
        tilts = first.copy().view(f"{order}i2")[:, 0] * _HUNDREDTHS
        known = True
    else:
        return None
    low, high = float(tilts.min()), float(tilts.max())
    return (low, high) if known and ANGLE.holds(low) and ANGLE.holds(high) else None
