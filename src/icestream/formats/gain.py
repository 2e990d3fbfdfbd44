"""Gain references: what raw counts are multiplied by.

======================  =========================  ==================================
movie                   reference                  read as (settled against RELION)
======================  =========================  ==================================
MRC, TIFF               MRC                        multiplies; rows as stored
MRC, TIFF               TIFF                       multiplies; rows turned
EER                     ``.gain`` (a TIFF)         multiplies; rows as stored
EER                     MRC                        divides; rows as stored
EER                     TIFF                       divides; rows turned
MRC, TIFF               DM3, DM4                   multiplies; rows turned
EER                     DM3, DM4                   divides; rows turned
======================  =========================  ==================================

RELION does not read Gatan's files: they are read as RELION would read what IMOD's ``dm2mrc`` makes
of them. The reference is read so, then inverted, turned and flipped as an
`icestream.model.Orientation` says.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.gatan import read_gatan
from icestream.formats.kinds import is_tiff
from icestream.formats.mrc import read_stack, write_mrc
from icestream.formats.tiff import read_tiff
from icestream.model.gain import AS_IT_IS, Orientation

__all__ = ["read_detector_image", "read_factors", "read_gain", "write_gain"]


def read_gain(
    path: Path | str,
    shape: tuple[int, int],
    *,
    eer: bool = False,
    orientation: Orientation = AS_IT_IS,
) -> NDArray[np.float32]:
    """Read a gain reference as the factors of the frames ``(y, x)``.

    Parameters
    ----------
    path
        MRC, TIFF, Gatan's DM3 or DM4, or a Falcon's ``.gain``.
    shape
        (y, x) of the frames. A reference of half this size has each pixel repeated, one of twice
        this size is averaged over 2 x 2 pixels.
    eer
        The movie is EER: a reference that is not ``.gain`` then divides (and is normalized to a
        mean of 1), as in RELION.
    orientation
        How it is laid onto the frames.

    Returns
    -------
    NDArray
        float32. Pixels that the reference calls bad (zero, negative, not finite) are 0.

    Raises
    ------
    FormatError
        If the size does not fit; the message says both sizes, and when a turn by 90° would fit.
    """
    path = Path(path)
    factors = read_factors(path, eer=eer)
    if orientation.inverse:
        factors = _invert(factors)
    return _fit(path, np.ascontiguousarray(orientation.turn(factors)), shape)


def read_factors(path: Path | str, *, eer: bool = False) -> NDArray[np.float32]:
    """The same as the file holds it: of its own size, neither inverted nor turned nor flipped."""
    path = Path(path)
    stored = read_detector_image(path)
    multiplies = path.suffix.lower() == ".gain"
    if eer and multiplies:
        stored = stored[::-1]  # the TIFF reader turned the rows; those of EER are not turned
    factors = np.array(stored, dtype=np.float32)
    factors[~(np.isfinite(factors) & (factors > 0))] = 0.0
    if not factors.any():
        raise NotRead(
            path,
            expected="a gain reference",
            found="no positive number in it",
            advice="give the reference itself, or none",
        )
    return _invert(factors) if eer and not multiplies else factors


def write_gain(
    path: Path | str, factors: NDArray[np.float32], pixel_size: float, *, eer: bool = False
) -> Path:
    """Write factors as an MRC reference that `read_gain` reads as such, up to their mean.

    Parameters
    ----------
    path
        The file.
    factors
        ``(y, x)``: the raw counts are multiplied by them; 0 in bad pixels.
    pixel_size
        Å.
    eer
        For EER movies, of which an MRC reference divides.

    Returns
    -------
    `path`.
    """
    return write_mrc(path, _invert(factors) if eer else factors, pixel_size)


def _invert(divisors: NDArray[np.float32]) -> NDArray[np.float32]:
    good = divisors > 0
    mean = float(divisors[good].mean(dtype=np.float64)) if good.any() else 1.0
    return np.divide(np.float32(mean), divisors, out=np.zeros_like(divisors), where=good)


def read_detector_image(path: Path | str) -> NDArray[Any]:
    """One image of the camera's size from MRC, TIFF or DM ``(y, x)``; the first of several."""
    path = Path(path)
    if is_tiff(path):
        tiff = read_tiff(path)
        return tiff if tiff.ndim == 2 else tiff[0]
    if path.suffix.lower() in (".dm3", ".dm4"):
        return read_gatan(path)
    image: NDArray[Any] = read_stack(path, [0])[0]
    return image


def _fit(path: Path, factors: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    height, width = factors.shape
    if (height, width) == shape:
        return factors
    if (2 * height, 2 * width) == shape:
        return factors.repeat(2, axis=0).repeat(2, axis=1)
    if (height, width) == (2 * shape[0], 2 * shape[1]):
        blocks = factors.reshape(shape[0], 2, shape[1], 2)
        averaged: NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32)
        return averaged
    turned = (width, height) in (shape, (2 * shape[0], 2 * shape[1]))
    turned = turned or (2 * width, 2 * height) == shape
    advice = (
        "turn it: gain_rotation=90 or 270 (4 of the 8 orientations fit)"
        if turned
        else "none of the 8 flips and rotations fits: give the reference of this camera and mode"
    )
    raise FormatError(
        path,
        expected=f"a gain reference of {shape[0]} x {shape[1]} (y, x), or half or twice that",
        found=f"{height} x {width}",
        advice=advice,
    )
