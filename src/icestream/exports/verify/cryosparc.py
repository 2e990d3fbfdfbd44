"""What groups for CryoSPARC hand over: their particles."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from icestream.exports.verify.handed import HandedList, HandedParticle, spread
from icestream.formats.cs import cs_text, read_cs
from icestream.formats.errors import FormatError

__all__ = ["is_cryosparc", "read_cryosparc"]

_PLACES = (
    "location/micrograph_uid",
    "location/micrograph_path",
    "location/micrograph_shape",
    "location/micrograph_psize_A",
    "location/center_x_frac",
    "location/center_y_frac",
)
_IMAGES = ("blob/path", "blob/idx", "blob/shape", "blob/psize_A", "blob/sign")
_SAYS = {
    "voltage": ("ctf/accel_kv", 1.0),
    "spherical aberration": ("ctf/cs_mm", 1.0),
    "amplitude contrast": ("ctf/amp_contrast", 1.0),
    "defocus u": ("ctf/df1_A", 1.0),
    "defocus v": ("ctf/df2_A", 1.0),
    "defocus angle": ("ctf/df_angle_rad", 180.0 / math.pi),
    "phase shift": ("ctf/phase_shift_rad", 180.0 / math.pi),
    "image pixel size": ("blob/psize_A", 1.0),
    "micrograph pixel size": ("location/micrograph_psize_A", 1.0),
}


def is_cryosparc(folder: Path) -> bool:
    """Whether a folder has groups for CryoSPARC."""
    return any(folder.glob("*.csg"))


def read_cryosparc(folder: Path, most: int) -> Iterator[HandedList]:
    """Particles, and picks without an image, of the groups of them, at most so many of each."""
    stained = _stained(folder)
    for group in sorted(folder.glob("*.csg")):
        text = group.read_text(encoding="utf-8")
        if not re.search(r"^  type: particle$", text, re.MULTILINE):
            continue
        imaged = re.search(r"^  blob:$", text, re.MULTILINE) is not None
        rows = read_cs(_table(group, text), (*_PLACES, *(_IMAGES if imaged else ())))
        _, first, which = np.unique(
            rows["location/micrograph_uid"], return_index=True, return_inverse=True
        )
        chosen = spread(len(rows), most)
        sample = [
            _particle(folder, rows[row], stained=stained)
            if imaged
            # Picks of one micrograph stand together, in the session's order.
            else _pick(folder, rows[row], row - int(first[which[row]]))
            for row in chosen
        ]
        of = "particles" if imaged else "picks"
        yield HandedList(name=group.stem, of=of, total=len(rows), sample=sample)


def _table(group: Path, text: str) -> Path:
    """The table of the places of a group."""
    found = re.search(r"^  location:\n    metafile: '>(.+)'$", text, re.MULTILINE)
    if found is None:
        raise FormatError(
            group,
            expected="a result location with its metafile",
            found="none",
            advice="give a group as CryoSPARC or icestream wrote it",
        )
    return group.parent / found.group(1)


def _stained(folder: Path) -> bool:
    path = folder / "exposures.cs"
    if not path.exists():
        return False
    rows = read_cs(path, ["mscope_params/neg_stain"])
    return bool(np.any(rows["mscope_params/neg_stain"]))


def _particle(folder: Path, row: np.void, stained: bool) -> HandedParticle:
    x, y = _place(row)
    index = int(row["blob/idx"])
    return HandedParticle(
        micrograph=folder / cs_text(row["location/micrograph_path"]),
        x=x,
        y=y,
        number=index,
        stack=folder / cs_text(row["blob/path"]),
        index=index,
        sign=float(row["blob/sign"]),
        dark=not stained,
        box=int(row["blob/shape"][0]),
        says=_said(row),
    )


def _pick(folder: Path, row: np.void, number: int) -> HandedParticle:
    x, y = _place(row)
    micrograph = folder / cs_text(row["location/micrograph_path"])
    return HandedParticle(micrograph=micrograph, x=x, y=y, number=number, says=_said(row))


def _place(row: np.void) -> tuple[float, float]:
    rows, columns = (int(side) for side in row["location/micrograph_shape"])
    x, y = row["location/center_x_frac"], row["location/center_y_frac"]
    return float(x) * columns, float(y) * rows


def _said(row: np.void) -> dict[str, float]:
    names = row.dtype.names or ()
    return {
        name: float(row[column]) * factor
        for name, (column, factor) in _SAYS.items()
        if column in names
    }
