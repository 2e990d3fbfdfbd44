"""The motion of one movie as RELION's STAR file, which Bayesian polishing reads."""

from pathlib import Path

import numpy as np

from icestream.exports.relion.rows import Names, motion_general
from icestream.formats.relion import RELION_VERSION, single
from icestream.formats.star import Block, write_star
from icestream.model import Micrograph, Movie

__all__ = ["write_motion"]


def write_motion(
    path: Path,
    names: Names,
    movie: Movie,
    micrograph: Micrograph,
    *,
    gain: str | None = None,
    defects: str | None = None,
) -> None:
    """Write shifts, local model and replaced pixels of `micrograph` to `path`.

    `gain` and `defects` are the names of those files in the project.
    """
    blocks = [single("general", motion_general(names, movie, micrograph, gain, defects))]
    motion = micrograph.motion
    if motion is not None:
        shifts = np.asarray(motion.shifts)
        blocks.append(
            Block(
                "global_shift",
                {
                    "rlnMicrographFrameNumber": motion.first_frame + np.arange(len(shifts)),
                    "rlnMicrographShiftX": shifts[:, 1],
                    "rlnMicrographShiftY": shifts[:, 0],
                },
            )
        )
        if motion.local is not None:
            coefficients = np.concatenate([motion.local[1], motion.local[0]])
            blocks.append(
                Block(
                    "local_motion_model",
                    {
                        "rlnMotionModelCoeffsIdx": np.arange(coefficients.size),
                        "rlnMotionModelCoeff": coefficients,
                    },
                )
            )
        if motion.hot_pixels is not None and len(motion.hot_pixels):
            blocks.append(
                Block(
                    "hot_pixels",
                    {
                        "rlnCoordinateX": motion.hot_pixels[:, 1],
                        "rlnCoordinateY": motion.hot_pixels[:, 0],
                    },
                )
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_star(path, blocks, RELION_VERSION)
