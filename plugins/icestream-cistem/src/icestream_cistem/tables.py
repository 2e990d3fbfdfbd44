"""Tables of particles as refine2d reads and writes them.

cisTEM 2 has STAR files with labels of its own, cisTEM 1 the fixed columns of Frealign. Both hold
the same, with two differences: a phase shift is in degrees in the one and in radians in the other,
and the other has the class in the column that Frealign has for the film.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import Block, FormatError, read_star
from icestream.protocol import BadOutput

__all__ = ["FOUND", "ParticleTable", "read_found", "write_table"]

Numbers = NDArray[np.float64]

FOUND = ("class", "psi", "x", "y", "occupancy", "logp", "sigma", "score")
"""What refine2d finds of a particle. The class counts from 1; it is 0 before the first round, and
negative in rounds that passed over the particle. psi in degrees, x and y in Å, occupancy in %."""

_LABELS = {
    "class": "cisTEMBest2DClass",
    "psi": "cisTEMAnglePsi",
    "x": "cisTEMXShift",
    "y": "cisTEMYShift",
    "occupancy": "cisTEMOccupancy",
    "logp": "cisTEMLogP",
    "sigma": "cisTEMSigma",
    "score": "cisTEMScore",
}
_POSITION = "cisTEMPositionInStack"
_OPTICS = ("cisTEMMicroscopeVoltagekV", "cisTEMMicroscopeCsMM", "cisTEMAmplitudeContrast")
_DEFOCUS = ("cisTEMDefocus1", "cisTEMDefocus2", "cisTEMDefocusAngle", "cisTEMPhaseShift")
_FREALIGN = 17
"""Columns: number, psi, theta, phi, x, y, magnification, class, two defoci, their angle, phase
shift, occupancy, log(p), sigma, score, change."""
_AT = (7, 1, 4, 5, 12, 13, 14, 15)
"""Where those of `FOUND` are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParticleTable:
    """Particles of one stack, in its order."""

    found: Numbers
    """``(n, 8)``, see `FOUND`."""
    defocus: Numbers
    """``(n, 4)``: two defoci in Å, the angle of the first and the phase shift in degrees."""
    optics: Numbers
    """``(n, 3)``: kV, mm, and amplitude contrast."""
    pixel_size: float
    """Å per pixel of the stack."""

    def __len__(self) -> int:
        return len(self.found)


def write_table(path: Path, table: ParticleTable, *, first: bool) -> None:
    """Write what refine2d reads; `first`: that of cisTEM 1."""
    numbers = np.arange(1, len(table) + 1)
    if first:
        rows = np.zeros((len(table), _FREALIGN))
        rows[:, 0], rows[:, list(_AT)] = numbers, table.found
        rows[:, 8:11], rows[:, 11] = table.defocus[:, :3], np.radians(table.defocus[:, 3])
        # It knows a table of another kind by its shorter lines: the widths are Frealign's.
        form = (
            "%7d %7.2f %7.2f %7.2f %9.2f %9.2f %7.0f %5d %8.1f %8.1f %7.2f %7.2f %7.2f %9d "
            "%10.4f %7.2f %7.2f"
        )
        np.savetxt(path, rows, form)
        return
    columns = {_POSITION: numbers, **dict(zip(_LABELS.values(), table.found.T, strict=True))}
    columns |= dict(zip(_DEFOCUS, table.defocus.T, strict=True))
    columns["cisTEMPixelSize"] = np.full(len(table), table.pixel_size)
    columns |= dict(zip(_OPTICS, table.optics.T, strict=True))
    whole = (_POSITION, _LABELS["class"])
    # The blank behind a label is how it is told from one that begins alike.
    head = "".join(f"_{label} #{place}\n" for place, label in enumerate(columns, start=1))
    form = " ".join("%d" if label in whole else "%.5f" for label in columns)
    begins = f"\ndata_\n\nloop_\n{head}".rstrip()
    np.savetxt(path, np.column_stack(list(columns.values())), form, header=begins, comments="")


def read_found(path: Path, first: int, last: int, *, frealign: bool) -> Numbers:
    """What refine2d found of the particles `first` to `last` of the stack, from 1.

    Parameters
    ----------
    path
        The table that it wrote.
    first, last
        Which particles it was told to take.
    frealign
        The table is that of cisTEM 1.

    Returns
    -------
    NDArray
        ``(last - first + 1, 8)``, see `FOUND`.

    Raises
    ------
    BadOutput
        If the table is missing, half, or of other particles, or has what is no number.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    position, found = _read_frealign(path) if frealign else _read_star(path)
    wanted = np.arange(first, last + 1)
    if not np.array_equal(position, wanted):
        raise BadOutput(
            f"{path.name} has {len(position)} particles, and {len(wanted)} were to be classified",
            code="half-output" if len(position) < len(wanted) else "garbage-output",
        )
    if not np.isfinite(found).all():
        raise BadOutput(f"{path.name} has what is no number", code="garbage-output")
    return found


def _read_star(path: Path) -> tuple[Numbers, Numbers]:
    try:
        blocks = read_star(path)
        table = next((one for one in blocks.values() if _POSITION in one), Block("", {}))
        columns = [table.floats(label) for label in (_POSITION, *_LABELS.values())]
    except (FormatError, KeyError, ValueError) as error:
        raise BadOutput(f"{path.name} cannot be read: {error}", code="half-output") from error
    return columns[0], np.column_stack(columns[1:])


def _read_frealign(path: Path) -> tuple[Numbers, Numbers]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    words = [line.split() for line in lines if line.strip() and not line.startswith("C")]
    try:
        rows = np.array([[float(word) for word in line] for line in words]).reshape(-1, _FREALIGN)
    except ValueError as error:
        raise BadOutput(f"{path.name} cannot be read: {error}", code="half-output") from error
    return rows[:, 0], rows[:, list(_AT)]
