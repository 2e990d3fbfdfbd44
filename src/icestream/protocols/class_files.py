"""The files of a snapshot of a 2D classification, see `icestream.model.Classes`."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats.mrc import read_stack, write_mrc
from icestream.formats.parquet import read_columns, write_columns
from icestream.model import Column, Particles, Stack
from icestream.processing.classify2d.averages import class_averages
from icestream.processing.classify2d.growing import GrowingRows
from icestream.processing.classify2d.online import Classification
from icestream.processing.classify2d.sample import spread_sample

__all__ = [
    "ClassFiles",
    "Origins",
    "ParticleSample",
    "read_sample",
    "write_assignments",
    "write_classes",
    "write_no_classes",
    "write_sample",
]

_ORIGIN = np.dtype([("exposure", "i4"), ("index", "i4"), ("defocus", "f4", 4)])
_SAMPLE = 5000
"""Most images in a sample."""


@dataclass(slots=True)
class Origins:
    """Where each particle came from, in the order of arrival."""

    exposures: list[str] = field(default_factory=list)
    particles: GrowingRows = field(default_factory=lambda: GrowingRows.empty(_ORIGIN))
    """Place in `exposures`, place in the stack, and the defocus (u, v, angle, phase shift)."""
    places: GrowingRows = field(default_factory=lambda: GrowingRows.empty(np.float32, (2,)))
    """(x, y) in the micrograph, Å, see `Particles.places`."""

    def add(self, item: Particles) -> None:
        """Note the particles of one exposure."""
        rows = np.zeros(len(item), _ORIGIN)
        rows["exposure"], rows["index"] = len(self.exposures), np.arange(len(item))
        for column, values in enumerate((item.defocus_u, item.defocus_v, item.defocus_angle)):
            rows["defocus"][:, column] = values
        rows["defocus"][:, 3] = item.phase_shift
        self.exposures.append(item.exposure)
        self.particles.append(rows)
        self.places.append(item.places().astype(np.float32))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFiles:
    """Where the parts of a snapshot were written."""

    averages: Path
    assignments: Path
    sample: Path | None = None
    """None where no sample was written."""
    sample_table: Path | None = None


def write_classes(
    folder: Path, number: int, origins: Origins, done: Classification, *, sampled: bool
) -> ClassFiles:
    """Write the averages, every particle's assignment, and, where `sampled`, images to look at.

    `number` is that of the snapshot.
    """
    files = ClassFiles(
        averages=folder / f"classes_{number:04d}.mrcs",
        assignments=folder / f"classes_{number:04d}.parquet",
    )
    write_mrc(files.averages, class_averages(done), done.plan.pixel_size)
    write_assignments(files.assignments, origins, done)
    if not sampled:
        return files
    sample = folder / f"sample_{number:04d}.mrcs"
    table = folder / f"sample_{number:04d}.parquet"
    write_sample(sample, table, origins, done)
    return replace(files, sample=sample, sample_table=table)


def write_no_classes(folder: Path, number: int) -> ClassFiles:
    """Write what there is without a particle: a blank average, and a table without rows.

    The MRC format cannot hold a stack of none.
    """
    files = ClassFiles(
        averages=folder / f"classes_{number:04d}.mrcs",
        assignments=folder / f"classes_{number:04d}.parquet",
    )
    write_mrc(files.averages, np.zeros((1, 8, 8), np.float32), 1.0)
    columns: dict[str, NDArray[np.generic]] = {
        name: np.zeros(0, np.int32) for name in ("exposure", "index", "class", "number")
    }
    for name in ("x", "y", "angle", "shift_y", "shift_x", "likelihood"):
        columns[name] = np.zeros(0, np.float32)
    write_columns(files.assignments, columns, {"exposure": []})
    return files


def write_assignments(path: Path, origins: Origins, done: Classification) -> None:
    """Parquet table of every particle: where it lies, and its latest class and pose."""
    columns = _columns(origins, done, np.arange(len(done)))
    write_columns(path, columns, {"exposure": origins.exposures})


def write_sample(stack: Path, table: Path, origins: Origins, done: Classification) -> None:
    """Stack and Parquet table of particle images for others to look at again."""
    kept = spread_sample(done, _SAMPLE)
    rows = done.kept.rows[kept]
    write_mrc(stack, done.kept.images(kept), done.plan.pixel_size)
    columns = _columns(origins, done, rows)
    names = ("defocus_u", "defocus_v", "defocus_angle", "phase_shift")
    for name, values in zip(names, origins.particles.rows["defocus"][rows].T, strict=True):
        columns[name] = np.ascontiguousarray(values)
    write_columns(table, columns, {"exposure": origins.exposures})


def _columns(
    origins: Origins, done: Classification, rows: NDArray[np.int64]
) -> dict[str, NDArray[np.generic]]:
    rows_, pixel_size = origins.particles.rows[rows], np.float32(done.plan.pixel_size)
    places = origins.places.rows[rows]
    return {
        "exposure": np.ascontiguousarray(rows_["exposure"]),
        "index": np.ascontiguousarray(rows_["index"]),
        "x": np.ascontiguousarray(places[:, 0]),
        "y": np.ascontiguousarray(places[:, 1]),
        "class": done.group[rows] + np.int32(1),
        "number": done.numbers[done.group[rows]],
        "angle": done.poses.angle[rows],
        "shift_y": -done.poses.shift[rows, 0] * pixel_size,
        "shift_x": -done.poses.shift[rows, 1] * pixel_size,
        "likelihood": done.poses.likelihood[rows],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticleSample:
    """Particle images that a classification left for others to look at again."""

    images: Stack
    """``(n, box, box)``."""
    shift: Column
    """``(n, 2)`` (y, x) Å by which an image is moved to bring its particle into the middle."""
    defocus: NDArray[np.float64]
    """``(n,)`` Å, the mean of both directions; 0 where it is not known."""
    phase_shift: Column
    """``(n,)`` degrees."""

    def __len__(self) -> int:
        return len(self.images)


def read_sample(
    stack: Path, table: Path, chosen: NDArray[np.bool_], most: int, seed: int
) -> ParticleSample:
    """Read what `write_sample` wrote of the `chosen` classes ``(k,)``.

    Where there are more than `most`, so many of them at random, always the same for a `seed`.
    """
    columns = read_columns(table)
    rows = np.flatnonzero(chosen[columns["class"].astype(np.int64) - 1])
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    columns_ = {name: values[rows] for name, values in columns.items()}
    return ParticleSample(
        images=read_stack(stack, rows),
        shift=np.column_stack([columns_["shift_y"], columns_["shift_x"]]),
        defocus=0.5 * (columns_["defocus_u"] + columns_["defocus_v"]).astype(np.float64),
        phase_shift=columns_["phase_shift"],
    )
