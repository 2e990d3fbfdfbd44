"""What RELION's STAR files hold of our items, and what of its results is one of ours.

Labels are those of RELION 3.1 and later; values are in RELION's units: Å, kV, mm, degrees, pixels.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from icestream.formats.errors import FormatError
from icestream.formats.numbers import shortened
from icestream.formats.star import Block, read_star
from icestream.model import Column, Motion, Optics, Particles, Picks, column

__all__ = [
    "RELION_VERSION",
    "loop",
    "optics_row",
    "particle_columns",
    "pick_columns",
    "read_motion",
    "single",
]

RELION_VERSION = "version 50001"
"""Comment above every block, by which RELION 5 knows the dialect; 3.1 ignores it."""
_NO_MERIT = -999.0
"""What RELION writes as the figure of merit of what has none, such as what a person picked."""
_NOT_ALIGNED = -9999.0
"""What RELION writes as the shifts of frames that it left out."""
_COEFFICIENTS = 18
"""Of each axis in RELION's model of the motion over the field, version 1."""


def loop(name: str, rows: Sequence[Mapping[str, object]]) -> Block:
    """A table of these rows; what a row does not have is ``None``, as RELION writes it."""
    labels = dict.fromkeys(label for row in rows for label in row)
    return Block(name, {label: [row.get(label, "None") for row in rows] for label in labels})


def single(name: str, values: Mapping[str, object]) -> Block:
    """A list of one value for each label."""
    return Block(name, {label: [value] for label, value in values.items()}, single=True)


def optics_row(
    group: int, name: str, optics: Optics, movie_pixel_size: float, mtf: str = ""
) -> dict[str, object]:
    """The optics group `group`; `optics` describe the micrograph, `mtf` is a file, if any."""
    return {
        "rlnOpticsGroupName": name,
        "rlnOpticsGroup": group,
        **({"rlnMtfFileName": mtf} if mtf else {}),
        "rlnMicrographOriginalPixelSize": movie_pixel_size,
        "rlnVoltage": optics.voltage,
        "rlnSphericalAberration": optics.spherical_aberration,
        "rlnAmplitudeContrast": optics.amplitude_contrast,
    }


def _merit(scores: Column) -> Column:
    """Scores of a picker; where it tells none or a person picked, what RELION writes there."""
    return column(np.where(np.isfinite(scores), scores, _NO_MERIT))


def pick_columns(picks: Picks) -> dict[str, object]:
    """The table of one micrograph's coordinates."""
    count = len(picks)
    return {
        "rlnCoordinateX": picks.x,
        "rlnCoordinateY": picks.y,
        "rlnAutopickFigureOfMerit": _merit(picks.score),
        "rlnClassNumber": [0] * count,
        "rlnAnglePsi": [0.0] * count,
    }


def particle_columns(
    particles: Particles, *, stack: str, micrograph: str, group: int
) -> dict[str, object]:
    """The rows of ``particles.star`` for the particles of one micrograph, of an optics group.

    `stack` and `micrograph` are what these files are called there.
    """
    count = len(particles)
    return {
        "rlnCoordinateX": particles.x,
        "rlnCoordinateY": particles.y,
        "rlnAutopickFigureOfMerit": _merit(particles.score),
        "rlnImageName": [f"{index:06d}@{stack}" for index in range(1, count + 1)],
        "rlnMicrographName": [micrograph] * count,
        "rlnOpticsGroup": [group] * count,
        "rlnCtfMaxResolution": [particles.ctf_resolution] * count,
        "rlnCtfFigureOfMerit": [particles.ctf_score] * count,
        "rlnDefocusU": particles.defocus_u,
        "rlnDefocusV": particles.defocus_v,
        "rlnDefocusAngle": particles.defocus_angle,
        "rlnCtfBfactor": [0.0] * count,
        "rlnCtfScalefactor": [1.0] * count,
        "rlnPhaseShift": [particles.phase_shift] * count,
    }


def read_motion(path: Path | str) -> Motion:
    """The motion of a movie, as RELION writes it and Bayesian polishing reads it.

    Frames that were not aligned are left out: those before the first that was, and behind the last.

    Raises
    ------
    FormatError
        If the file is no STAR file, has no shifts of the whole frames, or a shift is no number.
    """
    blocks = read_star(path)
    lacking = [name for name in ("general", "global_shift") if name not in blocks]
    if lacking:
        raise FormatError(
            path,
            expected=f"the motion of a movie, with data_{lacking[0]}",
            found=shortened(", ".join(f"data_{name}" for name in blocks), 200),
            advice="give the STAR file that RELION wrote of the movie",
        )
    general, shifts = blocks["general"], blocks["global_shift"]
    local = hot = None
    if "local_motion_model" in blocks:
        terms = blocks["local_motion_model"].floats("rlnMotionModelCoeff")
        if len(terms) == 2 * _COEFFICIENTS:
            local = column(np.stack([terms[_COEFFICIENTS:], terms[:_COEFFICIENTS]]))
    if "hot_pixels" in blocks:
        pixels = blocks["hot_pixels"]
        hot = column(np.column_stack([pixels.floats(f"rlnCoordinate{axis}") for axis in "YX"]))
    rows = np.column_stack([shifts.floats(f"rlnMicrographShift{axis}") for axis in "YX"])
    return Motion(
        shifts=column(rows[(rows != _NOT_ALIGNED).all(axis=1)]),
        local=local,
        pixel_size=float(general.floats("rlnMicrographOriginalPixelSize")[0]),
        first_frame=int(general.integers("rlnMicrographStartFrame")[0]),
        hot_pixels=hot,
    )
