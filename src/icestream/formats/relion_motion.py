"""The motion of one movie as RELION's STAR file, which Bayesian polishing reads."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from icestream.formats.relion import RELION_VERSION, single
from icestream.formats.star import Block, write_star
from icestream.model import Micrograph, Movie

__all__ = ["motion_general", "write_motion"]


def write_motion(
    path: Path,
    name: str,
    movie: Movie,
    micrograph: Micrograph,
    *,
    gain: str | None = None,
    defects: str | None = None,
) -> None:
    """Write shifts, local model and replaced pixels of `micrograph` to `path`.

    Parameters
    ----------
    path
        The file; its folder is made.
    name
        What the movie is called where RELION runs; that of an EER movie ends in ``.eer``.
    movie
        As it was read.
    micrograph
        The sum of it, with the motion.
    gain, defects
        What these files are called where RELION runs; None: there are none.
    """
    blocks = [single("general", motion_general(name, movie, micrograph, gain, defects))]
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


def motion_general(
    name: str, movie: Movie, micrograph: Micrograph, gain: str | None, defects: str | None
) -> Mapping[str, object]:
    """The block ``general`` of a movie's motion STAR file, which Bayesian polishing reads.

    RELION works on the movie itself: sizes are those before binning, of all its frames. `name`,
    `gain` and `defects` are what these files are called there.
    """
    height, width = movie.shape
    general: dict[str, object] = {
        "rlnImageSizeX": width,
        "rlnImageSizeY": height,
        "rlnImageSizeZ": movie.frames,
        "rlnMicrographMovieName": name,
    }
    if gain is not None:
        general["rlnMicrographGainName"] = gain
    if defects is not None:
        general["rlnMicrographDefectFile"] = defects
    general |= {
        "rlnMicrographBinning": micrograph.binning,
        "rlnMicrographOriginalPixelSize": movie.optics.pixel_size,
        "rlnMicrographDoseRate": micrograph.dose_per_frame,
        "rlnMicrographPreExposure": micrograph.pre_exposure,
        "rlnVoltage": micrograph.optics.voltage,
        "rlnMicrographStartFrame": micrograph.motion.first_frame if micrograph.motion else 1,
    }
    if name.endswith(".eer"):
        general |= {
            "rlnEERUpsampling": movie.eer_upsampling,
            "rlnEERGrouping": micrograph.eer_grouping,
        }
    local = micrograph.motion is not None and micrograph.motion.local is not None
    general["rlnMotionModelVersion"] = 1 if local else 0
    return general
