"""The files of a gain that was estimated, see `icestream.model.Gain`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats.gain import write_gain
from icestream.formats.image import write_picture
from icestream.formats.mrc import write_mrc
from icestream.model import Image
from icestream.processing.grey import draw_thumbnail

__all__ = ["GainFiles", "write_estimate"]

_PICTURE = 512
"""Pixels along the longer side of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GainFiles:
    """Where an estimate is written."""

    estimate: Path
    bad: Path
    picture: Path

    @classmethod
    def of(cls, stem: Path) -> "GainFiles":
        """Files whose names begin alike."""
        return cls(
            estimate=stem.with_name(f"{stem.name}.mrc"),
            bad=stem.with_name(f"{stem.name}_bad.mrc"),
            picture=stem.with_name(f"{stem.name}.jpg"),
        )


def write_estimate(
    files: GainFiles, gain: Image, bad: NDArray[np.bool_], pixel_size: float, *, eer: bool = False
) -> None:
    """Write a gain, the map of its bad pixels, and a picture in which those are grey.

    With `eer` it is a reference of EER movies, of which an MRC divides.
    """
    write_gain(files.estimate, gain, pixel_size, eer=eer)
    write_mrc(files.bad, bad.astype(np.int8), pixel_size)
    shown = draw_thumbnail(np.where(bad, np.float32(1), gain), pixel_size, _PICTURE)
    write_picture(files.picture, shown)
