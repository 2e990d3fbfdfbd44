"""What groups for CryoSPARC hand over: their particles."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.exports.verify.handed import HandedList, HandedParticle, spread
from icestream.formats.cs import cs_text, read_cs
from icestream.formats.errors import FormatError

__all__ = ["is_cryosparc", "read_cryosparc"]

_NEEDED = (
    "blob/path",
    "blob/idx",
    "blob/shape",
    "blob/psize_A",
    "blob/sign",
    "location/micrograph_path",
    "location/micrograph_shape",
    "location/micrograph_psize_A",
    "location/center_x_frac",
    "location/center_y_frac",
)
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
    """Particles of the groups of particles, at most so many of each."""
    stained = _stained(folder)
    for group in sorted(folder.glob("*.csg")):
        text = group.read_text(encoding="utf-8")
        if not re.search(r"^  type: particle$", text, re.MULTILINE):
            continue
        rows = read_cs(_table(group, text), _NEEDED)
        names = rows.dtype.names or ()
        sample = [_particle(folder, rows[row], names, stained) for row in spread(len(rows), most)]
        yield HandedList(name=group.stem, of="particles", total=len(rows), sample=sample)


def _table(group: Path, text: str) -> Path:
    """The table of the images of a group."""
    found = re.search(r"^  blob:\n    metafile: '>(.+)'$", text, re.MULTILINE)
    if found is None:
        raise FormatError(
            group,
            expected="a result blob with its metafile",
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


def _particle(folder: Path, row: np.void, names: tuple[str, ...], stained: bool) -> HandedParticle:
    shape: NDArray[np.uint32] = row["location/micrograph_shape"]
    index = int(row["blob/idx"])
    return HandedParticle(
        micrograph=folder / cs_text(row["location/micrograph_path"]),
        x=float(row["location/center_x_frac"]) * int(shape[1]),
        y=float(row["location/center_y_frac"]) * int(shape[0]),
        number=index,
        stack=folder / cs_text(row["blob/path"]),
        index=index,
        sign=float(row["blob/sign"]),
        dark=not stained,
        box=int(row["blob/shape"][0]),
        says={
            name: float(row[column]) * factor
            for name, (column, factor) in _SAYS.items()
            if column in names
        },
    )
