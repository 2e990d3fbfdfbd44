"""What ASPIRE leaves of its class averages: which images are in each, and how they lie in it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.protocol import BadOutput
from icestream_aspire.program import read_array

__all__ = ["Neighbours", "assign", "read_neighbours"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """Averages of images and those that look alike."""

    averages: NDArray[np.float32]
    """``(k, box, box)``."""
    members: NDArray[np.int64]
    """``(k, m)`` images in each, that which it is of first."""
    distances: NDArray[np.float64]
    """``(k, m)`` how far each is from the first."""
    reflections: NDArray[np.bool_]
    """``(k, m)`` whether each is reflected."""
    rotations: NDArray[np.float64]
    """``(k, m)`` radians, as ASPIRE has them."""
    shifts: NDArray[np.float64]
    """``(k, m, 2)`` (x, y) pixels, as ASPIRE has them."""


def read_neighbours(folder: Path, images: int, box: int) -> Neighbours:
    """Read what the launcher wrote of so many images of `box` pixels.

    Raises
    ------
    BadOutput
        If something is missing, cut off, of another shape, or names images that there are not.
    """
    averages = read_array(folder / "averages.npy", (0, box, box))
    if not len(averages):
        raise BadOutput("averages.npy holds no average", code="garbage-output")
    members = read_array(folder / "members.npy", (len(averages), 0))
    both = members.shape
    if not members.size:
        raise BadOutput("members.npy names no image", code="garbage-output")
    if members.min() < 0 or members.max() >= images:
        raise BadOutput(
            f"members.npy names images from {members.min():g} to {members.max():g}, counted from "
            f"0, and there are {images}",
            code="garbage-output",
        )
    return Neighbours(
        averages=averages.astype(np.float32),
        members=members.astype(np.int64),
        distances=read_array(folder / "distances.npy", both),
        reflections=read_array(folder / "reflections.npy", both) > 0,
        rotations=read_array(folder / "rotations.npy", both),
        shifts=read_array(folder / "shifts.npy", (*both, 2)),
    )


def assign(
    found: Neighbours,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Images that are in any average, and the one that each is nearest to.

    Returns
    -------
    tuple of numpy.ndarray
        ``(n,)`` images, ascending; the average of each; its place among those of the average.
    """
    group, place = np.divmod(np.arange(found.members.size), found.members.shape[1])
    near = np.lexsort([found.distances.ravel(), found.members.ravel()])
    image, first = np.unique(found.members.ravel()[near], return_index=True)
    return image, group[near][first], place[near][first]
