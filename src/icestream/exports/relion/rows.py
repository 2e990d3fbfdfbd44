"""One row of each RELION table, from the items of a session.

Labels are those of RELION 3.1 and 5; values are in RELION's units: Å, kV, mm, degrees, pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from icestream.model import Ctf, Micrograph, Picks

__all__ = [
    "Names",
    "ctf_row",
    "micrograph_row",
    "picks_row",
]

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Names:
    """Where the files of one exposure are in the project, relative to it."""

    movie: str
    root: str
    """The movie's name without its ending: RELION's root of every later file."""
    imported: str = ""
    """The micrograph, where no movie was taken in; `root` is then its name."""

    @property
    def micrograph(self) -> str:
        return self.imported or f"MotionCorr/job002/{self.root}.mrc"

    @property
    def unweighted(self) -> str:
        return f"MotionCorr/job002/{self.root}_noDW.mrc"

    @property
    def motion(self) -> str:
        return f"MotionCorr/job002/{self.root}.star"

    @property
    def ctf(self) -> str:
        return f"CtfFind/job003/{self.root}.ctf"

    @property
    def picks(self) -> str:
        return f"AutoPick/job004/{self.root}_autopick.star"

    @property
    def stack(self) -> str:
        return f"Extract/job005/{self.root}.mrcs"


def micrograph_row(names: Names, micrograph: Micrograph, group: int) -> dict[str, object]:
    """A row of ``corrected_micrographs.star``; `group` is the optics group."""
    if names.imported:
        return {"rlnMicrographName": names.micrograph, "rlnOpticsGroup": group}
    row: dict[str, object] = {
        "rlnMicrographName": names.micrograph,
        "rlnMicrographMetadata": names.motion,
        "rlnOpticsGroup": group,
    }
    if micrograph.unweighted is not None:
        row["rlnMicrographNameNoDW"] = names.unweighted
    qualities = micrograph.qualities()
    for label, name in (
        ("rlnAccumMotionTotal", "motion.total"),
        ("rlnAccumMotionEarly", "motion.early"),
        ("rlnAccumMotionLate", "motion.late"),
    ):
        row[label] = qualities.get(name, 0.0)
    return row


def ctf_row(names: Names, ctf: Ctf) -> dict[str, object]:
    """What ``micrographs_ctf.star`` has in addition to the micrograph's row."""
    return {
        "rlnCtfImage": "None" if ctf.spectrum_image is None else f"{names.ctf}:mrc",
        "rlnDefocusU": ctf.defocus_u,
        "rlnDefocusV": ctf.defocus_v,
        "rlnCtfAstigmatism": ctf.astigmatism,
        "rlnDefocusAngle": ctf.angle,
        "rlnPhaseShift": ctf.phase_shift,
        "rlnCtfFigureOfMerit": ctf.score,
        "rlnCtfMaxResolution": ctf.resolution,
        "rlnCtfIceRingDensity": ctf.ice_ring,
    }


def picks_row(names: Names, picks: Picks) -> dict[str, object]:
    """A row of ``summary.star`` of a picking job."""
    known = np.asarray(picks.score)[np.isfinite(picks.score)]
    return {
        "rlnMicrographName": names.micrograph,
        "rlnAutopickFigureOfMerit": float(np.mean(known)) if len(known) else -999.0,
        "rlnGroupNrParticles": len(picks),
    }
