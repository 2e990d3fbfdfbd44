"""A map to begin with, in the box and pixels of the particles.

RELION refines in the pixels of the reference where these differ from those of the particles, and
reaches no detail that they cannot hold.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter

from icestream.formats import FormatError, read_mrc, read_mrc_header
from icestream.formats.mrc import write_mrc
from icestream.model import Volume
from icestream.protocol import ItemFailed, Work
from icestream_relion.items import RelionParticles
from icestream_relion.tables import link

__all__ = ["lay_reference", "resampled"]

_NAME = "reference.mrc"
_SAME_PIXEL = 0.0009
"""Å: from 0.001 on RELION refuses a reference."""


def lay_reference(
    path: Path | None,
    given: Volume | None,
    said: float | None,
    particles: RelionParticles,
    work: Work,
) -> float:
    """Put the reference into the task's folder as ``reference.mrc``; Å per voxel that it has there.

    Parameters
    ----------
    path
        The file, if there is any.
    given
        The map that the step is connected to, whose pixel size counts; None for a file alone.
    said
        Å per voxel of a file, where somebody said so.
    particles
        Whose box and pixels it gets.
    work
        The task.

    Raises
    ------
    ItemFailed
        If there is none, it cannot be read, or nobody knows its pixel size.
    """
    if path is None:
        why = given.note if given is not None else ""
        raise ItemFailed(
            "there is no map to begin with" + (f": {why}" if why else ""),
            advice="connect volume.relion_initial or volume.last, or set reference to a map",
            code="no-reference",
        )
    try:
        header = read_mrc_header(path)
        known = given.pixel_size if given is not None else said or header.pixel_size
        if not known:
            raise ItemFailed(
                f"the header of the reference {path} says no pixel size, or exactly 1 Å, which "
                "many programs write by default",
                advice="set reference_pixel_size",
                code="no-reference",
            )
        if len(set(header.shape)) != 1 or len(header.shape) != 3:
            raise ItemFailed(
                f"the reference {path} is {' x '.join(map(str, header.shape))}, and no cube",
                advice="give a map in a cubic box",
                code="no-reference",
            )
        near = abs(known - particles.pixel_size) < _SAME_PIXEL
        if header.shape[0] == particles.box and near:
            link(path, work, _NAME)
            return known
        density = read_mrc(path).astype(np.float32)
    except (OSError, FormatError) as error:
        raise ItemFailed(
            f"the reference cannot be read: {error}",
            advice="give a map as MRC",
            code="not-readable",
        ) from error
    laid = resampled(density, known, particles.box, particles.pixel_size)
    (work.folder / _NAME).unlink(missing_ok=True)
    write_mrc(work.folder / _NAME, laid, particles.pixel_size, volume=True)
    return particles.pixel_size


def resampled(
    density: NDArray[np.float32], voxel: float, box: int, pixel_size: float
) -> NDArray[np.float32]:
    """A map in another box of other voxels, around the same middle.

    Parameters
    ----------
    density
        ``(m, m, m)``; its middle is the voxel ``m // 2``.
    voxel
        Å per voxel of it.
    box
        Side of the new box, voxels; what is beyond the old one is 0.
    pixel_size
        Å per voxel of the new one.

    Returns
    -------
    NDArray[np.float32]
        ``(box, box, box)``.
    """
    scale = pixel_size / voxel
    if scale > 1:  # detail that the new voxels cannot hold would come back as other detail
        density = gaussian_filter(density, 0.5 * np.sqrt(scale**2 - 1))
    middle = len(density) // 2 - box // 2 * scale
    laid = affine_transform(
        density, [scale] * 3, offset=middle, output_shape=(box,) * 3, order=3, mode="constant"
    )
    return np.asarray(laid, np.float32)
