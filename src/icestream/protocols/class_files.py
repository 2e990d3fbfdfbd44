"""The files of a snapshot of a 2D classification, see `icestream.model.Classes`."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from icestream.formats.mrc import write_mrc
from icestream.model import Particles
from icestream.processing.classify2d.growing import Growing
from icestream.processing.classify2d.online import Classification
from icestream.processing.classify2d.sample import spread_sample

__all__ = ["Origins", "write_assignments", "write_sample"]

_ORIGIN = np.dtype([("exposure", "i4"), ("index", "i4"), ("defocus", "f4", 4)])
_SAMPLE = 5000
"""Most images in a sample."""


@dataclass(slots=True)
class Origins:
    """Where each particle came from, in the order of arrival."""

    exposures: list[str] = field(default_factory=list)
    particles: Growing = field(default_factory=lambda: Growing.empty(_ORIGIN))
    """Place in `exposures`, place in the stack, and the defocus (u, v, angle, phase shift)."""

    def add(self, item: Particles) -> None:
        """Note the particles of one exposure."""
        rows = np.zeros(len(item), _ORIGIN)
        rows["exposure"], rows["index"] = len(self.exposures), np.arange(len(item))
        for place, values in enumerate((item.defocus_u, item.defocus_v, item.defocus_angle)):
            rows["defocus"][:, place] = values
        rows["defocus"][:, 3] = item.phase_shift
        self.exposures.append(item.exposure)
        self.particles.append(rows)


def write_assignments(path: Path, origins: Origins, done: Classification) -> None:
    """Parquet table of the latest pose of every particle."""
    _write_table(path, _columns(origins, done, np.arange(len(done))), origins.exposures)


def write_sample(stack: Path, table: Path, origins: Origins, done: Classification) -> None:
    """Stack and Parquet table of particle images for others to look at again."""
    kept = spread_sample(done, _SAMPLE)
    rows = done.kept.rows[kept]
    write_mrc(stack, done.kept.images(kept), done.plan.pixel_size)
    columns = _columns(origins, done, rows)
    names = ("defocus_u", "defocus_v", "defocus_angle", "phase_shift")
    for name, values in zip(names, origins.particles.rows["defocus"][rows].T, strict=True):
        columns[name] = np.ascontiguousarray(values)
    _write_table(table, columns, origins.exposures)


def _columns(
    origins: Origins, done: Classification, rows: NDArray[np.int64]
) -> dict[str, NDArray[np.generic]]:
    found, pixel_size = origins.particles.rows[rows], np.float32(done.plan.pixel_size)
    return {
        "exposure": np.ascontiguousarray(found["exposure"]),
        "index": np.ascontiguousarray(found["index"]),
        "class": done.group[rows] + np.int32(1),
        "angle": done.poses.angle[rows],
        "shift_y": -done.poses.shift[rows, 0] * pixel_size,
        "shift_x": -done.poses.shift[rows, 1] * pixel_size,
        "likelihood": done.poses.likelihood[rows],
    }


def _write_table(path: Path, columns: dict[str, NDArray[np.generic]], exposures: list[str]) -> None:
    """Write columns, the numbers of exposures replaced by their names."""
    rows = columns | {"row": np.arange(len(columns["exposure"]))}
    names = {"place": np.arange(len(exposures)), "name": np.array(exposures, dtype=object)}
    with duckdb.connect() as connection:
        connection.register("rows", rows)
        connection.register("names", names)
        connection.sql(
            "SELECT rows.* EXCLUDE (row) REPLACE (name AS exposure) "
            "FROM rows JOIN names ON exposure = place ORDER BY row"
        ).write_parquet(str(path))
