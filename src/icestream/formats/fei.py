"""The extended headers FEI1 and FEI2 of MRC: what the microscope knew about an image."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from mrcfile.dtypes import get_ext_header_dtype

from icestream.formats.numbers import (
    ANGLE,
    ANY,
    DEFOCUS,
    DOSE,
    MAGNIFICATION,
    PIXEL_SIZE,
    PLACE,
    TIME,
    VOLTAGE,
    Bounds,
    CheckedNumbers,
)

__all__ = ["FeiMetadata", "read_fei"]

_TILT, _STAGE = 1 << 7, 0b111 << 9
"""Bits of the first mask: which values were set. A tilt of 0 is one, when its bit is there."""
_PHASE_PLATE = 1 << 6
"""The bit of the third mask."""


@dataclass(frozen=True, slots=True)
class FeiMetadata:
    """What a microscope by FEI or Thermo Fisher writes about one image (FEI1 and FEI2)."""

    pixel_size: float | None
    """Å."""
    voltage: float | None
    """kV."""
    dose: float | None
    """e/Å²."""
    defocus: float | None
    """Asked of the microscope, Å, underfocus positive."""
    magnification: float | None
    exposure_time: float | None
    """s."""
    stage: tuple[float, float, float] | None
    """(x, y, z), µm."""
    tilt: float | None
    """Degrees."""
    camera: str
    phase_plate: bool | None = None


def read_fei(kind: str, order: str, raw: bytes, numbers: CheckedNumbers) -> FeiMetadata | None:
    """The first record of an extended header; lengths in metres, as written by FEI.

    Parameters
    ----------
    kind
        Its type in the main header; None is returned for any but FEI1 and FEI2.
    order
        Byte order, ``<`` or ``>``.
    raw
        The extended header, or its beginning.
    numbers
        Takes note of values that make no sense.
    """
    layout = get_ext_header_dtype(kind.encode(), order)
    if layout is None or len(raw) < layout.itemsize:
        return None
    record = np.frombuffer(raw, dtype=layout, count=1)[0]

    def number(name: str, limits: Bounds = ANY, scale: float = 1.0) -> float | None:
        value = float(record[name])
        return numbers.real(name, value, limits, scale) if value != 0 else None

    return FeiMetadata(
        pixel_size=number("Pixel size X", PIXEL_SIZE, 1e10),
        voltage=number("HT", VOLTAGE, 1e-3),
        dose=number("Dose", DOSE, 1e-20),
        defocus=number("Applied defocus", DEFOCUS, -1e10) or number("Defocus", DEFOCUS, -1e10),
        magnification=number("Magnification", MAGNIFICATION),
        exposure_time=number("Integration time", TIME),
        stage=_stage(record, numbers),
        tilt=_set(record, "Alpha tilt", _TILT, numbers, ANGLE),
        camera=record["Camera name"].decode("ascii", "replace").strip("\0 "),
        phase_plate=bool(record["Phase Plate"]) if record["Bitmask 3"] & _PHASE_PLATE else None,
    )


def _set(
    record: Any, name: str, bit: int, numbers: CheckedNumbers, limits: Bounds, scale: float = 1.0
) -> float | None:
    """A value whose 0 counts when its bit of the mask says that it was set."""
    value = float(record[name])
    known = bool(record["Bitmask 1"] & bit) or value != 0
    return numbers.real(name, value, limits, scale) if known else None


def _stage(record: Any, numbers: CheckedNumbers) -> tuple[float, float, float] | None:
    names = [f"{axis}-Stage" for axis in "XYZ"]
    if not record["Bitmask 1"] & _STAGE and not any(record[name] for name in names):
        return None
    x, y, z = (numbers.real(name, float(record[name]), PLACE, 1e6) for name in names)
    return None if x is None or y is None or z is None else (x, y, z)
