"""The classes of a moment, as the rest of icestream reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats import write_mrc
from icestream.formats.parquet import write_columns
from icestream.model import Classes, Optics, column
from icestream.processing.classify2d.scores import structure
from icestream_cistem.tables import FOUND, ParticleTable

__all__ = ["Sorted", "write_snapshot"]

_STRUCTURED = 0.1
"""Structure beyond a blob that particles have, at the least."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sorted:
    """Particles and what has been found of them."""

    table: ParticleTable
    averages: NDArray[np.float32] | None
    """``(k, y, x)``; None where no particle has come."""
    exposures: Sequence[str]
    """In the order of the table."""
    counts: Sequence[int]
    """Particles of each exposure."""
    places: NDArray[np.float32]
    """``(n, 2)`` (x, y) in the micrograph, Å."""
    diameter: float
    """Of the particle, Å."""
    diameter_known: bool


def write_snapshot(folder: Path, number: int, done: Sorted) -> Classes:
    """Write averages and assignments of a snapshot, `number` from 1, into the folder of a task.

    Notes
    -----
    cisTEM turns and moves as RELION does, by its own export: psi is RELION's, a shift the opposite
    of RELION's origin. A particle that no round has taken has no class, and no row.
    """
    table, averages = done.table, done.averages
    path, target = folder / f"classes_{number:04d}.mrcs", folder / f"classes_{number:04d}.parquet"
    found = dict(zip(FOUND, table.found.T, strict=True))
    classes = np.abs(found["class"]).astype(np.int32)
    rows = np.flatnonzero(classes > 0)
    numbers = np.concatenate([np.arange(count) for count in (0, *done.counts)])
    columns: dict[str, NDArray[Any]] = {
        "exposure": np.repeat(np.arange(len(done.counts), dtype=np.int32), done.counts)[rows],
        "index": numbers.astype(np.int32)[rows],
        "x": np.ascontiguousarray(done.places[rows, 0]),
        "y": np.ascontiguousarray(done.places[rows, 1]),
        "class": classes[rows],
        "angle": -found["psi"][rows].astype(np.float32),
        "shift_y": -found["y"][rows].astype(np.float32),
        "shift_x": -found["x"][rows].astype(np.float32),
        "likelihood": np.clip(0.01 * found["occupancy"][rows], 0, 1).astype(np.float32),
    }
    write_columns(target, columns, {"exposure": list(done.exposures)})
    # The format cannot hold a stack of none.
    images = np.zeros((1, 8, 8), np.float32) if averages is None else averages
    pixel_size = table.pixel_size or 1.0
    write_mrc(path, images, pixel_size)
    radius = 0.5 * (done.diameter or images.shape[-1] * pixel_size) / pixel_size
    return Classes(
        averages=path,
        box=images.shape[-1],
        pixel_size=pixel_size,
        counts=column(np.bincount(classes[rows], minlength=len(images) + 1)[1:]),
        resolution=column(np.zeros(len(images))),
        score=column(np.minimum(structure(images, radius) / _STRUCTURED, 1.0)),
        assignments=target,
        particles=len(rows),
        iteration=number,
        diameter=done.diameter,
        diameter_known=done.diameter_known,
        optics=_optics(table),
    )


def _optics(table: ParticleTable) -> Optics | None:
    if not len(table):
        return None
    voltage, aberration, contrast = table.optics[0].tolist()
    return Optics(
        pixel_size=table.pixel_size,
        voltage=voltage,
        spherical_aberration=aberration,
        amplitude_contrast=contrast,
    )
