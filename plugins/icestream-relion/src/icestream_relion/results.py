"""What `relion_refine` leaves, as our items: classes, maps, and the particles with their poses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats import Block, FormatError, read_mrc, read_stack, read_star, write_picture
from icestream.formats.mrc import write_mrc
from icestream.formats.parquet import write_columns
from icestream.model import Classes, Optics, column
from icestream.processing.classify2d.scores import structure
from icestream.processing.volume.coverage import direction_histogram, sampling_efficiency
from icestream.processing.volume.picture import draw_volume
from icestream.processing.volume.symmetry import point_group
from icestream.protocol import BadOutput, Work
from icestream_relion.items import RelionParticles

__all__ = ["Views", "read_classes", "read_map", "read_table", "take_particles", "views_of"]

_STRUCTURED = 0.1
"""Structure beyond a blob that particles have, at the least."""
_DETAILED = 8.0
"""A class that shows an eighth of the particle's diameter shows enough."""
_DATA, _MODEL = "run_data.star", "run_model.star"


def read_table(path: Path, name: str) -> Block:
    """A table that RELION wrote.

    Raises
    ------
    BadOutput
        If the file is missing or half, or has no such table.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        return read_star(path)[name]
    except (FormatError, KeyError) as error:
        raise BadOutput(f"{path.name} cannot be read: {error}", code="half-output") from error


def read_map(path: Path, box: int = 0) -> NDArray[np.float32]:
    """A map that RELION wrote, ``(z, y, x)``.

    Raises
    ------
    BadOutput
        If it is missing, cut off, no cube of `box` voxels, has voxels that are no numbers, or
        nothing but one value.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        density = read_mrc(path).astype(np.float32)
    except FormatError as error:
        raise BadOutput(f"{path.name} is not whole: {error}", code="half-output") from error
    side = box or density.shape[-1]
    if density.shape != (side, side, side):
        found = " x ".join(map(str, density.shape))
        raise BadOutput(f"{path.name} is {found}, not a cube of {side}", code="garbage-output")
    if not np.isfinite(density).all() or float(density.min()) == float(density.max()):
        raise BadOutput(f"{path.name} holds nothing that can be used", code="garbage-output")
    return density


def take_particles(
    written: Path, source: RelionParticles, work: Work, name: str
) -> RelionParticles:
    """The particles with what RELION found of them, in a table of the task's own."""
    table = read_table(written, "particles")
    if len(table) != source.particles:
        raise BadOutput(
            f"{written.name} has {len(table)} particles, and {source.particles} went in",
            code="garbage-output",
        )
    target = work.path(f"{name}_{source.iteration:04d}.star")
    target.write_bytes(written.read_bytes())
    return replace(source, table=target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """From where the particles are seen."""

    directions: NDArray[np.float32]
    """``(d, 4)`` x, y, z of a direction, and the particles seen from there."""
    efficiency: float


def views_of(table: Block, symmetry: str) -> Views:
    """Count the views of particles of which RELION has found the angles."""
    rot, tilt = (np.radians(table.floats(f"rlnAngle{name}")) for name in ("Rot", "Tilt"))
    views = np.stack([np.cos(rot) * np.sin(tilt), np.sin(rot) * np.sin(tilt), np.cos(tilt)], axis=1)
    group = point_group(symmetry)
    seen = direction_histogram(views.astype(np.float32), group)
    return Views(
        directions=np.column_stack([seen.directions, seen.counts]).astype(np.float32),
        efficiency=sampling_efficiency(views.astype(np.float32), group),
    )


def draw_map(density: NDArray[np.float32], path: Path) -> Path:
    """A picture of a map."""
    return write_picture(path, draw_volume(density))


def read_classes(run: Path, source: RelionParticles, diameter: float, work: Work) -> Classes:
    """The averages of a 2D classification and the class of each particle.

    `run` is the beginning of the names of its last files, as ``refine/run_it025``; `diameter` is
    that of the particle, Å.
    """
    stem = f"classes_{source.iteration:04d}"
    model = run.with_name(f"{run.name}_model.star")
    told = read_table(model, "model_classes")
    images = _averages(run.with_name(f"{run.name}_classes.mrcs"), len(told))
    general = read_table(model, "model_general")
    pixel_size = float(general.value("rlnPixelSize"))
    data = run.with_name(f"{run.name}_data.star")
    table, optics = read_table(data, "particles"), read_table(data, "optics")
    numbers = table.integers("rlnClassNumber")
    counts = np.bincount(numbers - 1, minlength=len(told))[: len(told)]
    resolution = told.floats("rlnEstimatedResolution")
    known = np.isfinite(resolution) & (resolution > 0) & (resolution < 999) & (counts > 0)
    resolution = np.where(known, resolution, 0.0)
    averages, assignments = work.path(f"{stem}.mrcs"), work.path(f"{stem}.parquet")
    write_mrc(averages, images, pixel_size)
    _write_assignments(assignments, table, optics, source)
    first = {label: optics.floats(f"rln{label}")[0] for label in _OPTICS}
    return Classes(
        averages=averages,
        box=images.shape[-1],
        pixel_size=pixel_size,
        counts=column(counts),
        resolution=column(resolution),
        score=column(score_of(images, resolution, diameter, pixel_size)),
        assignments=assignments,
        particles=len(table),
        iteration=source.iteration,
        diameter=diameter,
        diameter_known=source.diameter_known,
        optics=Optics(
            pixel_size=pixel_size,
            voltage=first["Voltage"],
            spherical_aberration=first["SphericalAberration"],
            amplitude_contrast=first["AmplitudeContrast"],
        ),
    )


_OPTICS = ("Voltage", "SphericalAberration", "AmplitudeContrast")


def score_of(
    images: NDArray[np.float32], resolution: NDArray[np.float64], diameter: float, pixel_size: float
) -> NDArray[np.float32]:
    """``(k,)`` from 0 to 1: whether an average shows more than a blob, and in detail.

    RELION blanks what is outside of the mask, so that nothing can be said of the surroundings.
    """
    shown = np.minimum(structure(images, 0.5 * diameter / pixel_size) / _STRUCTURED, 1.0)
    with np.errstate(divide="ignore"):
        fine = np.where(resolution > 0, diameter / (_DETAILED * resolution), 0.0)
    return np.asarray(shown * np.minimum(fine, 1.0), dtype=np.float32)


def _averages(path: Path, count: int) -> NDArray[np.float32]:
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    try:
        images = np.asarray(read_stack(path), dtype=np.float32)
    except FormatError as error:
        raise BadOutput(f"{path.name} is not whole: {error}", code="half-output") from error
    if len(images) != count or not np.isfinite(images).all():
        raise BadOutput(
            f"{path.name} has {len(images)} averages, of which "
            f"{int(np.isfinite(images).all(axis=(1, 2)).sum())} are numbers, and the model names "
            f"{count}",
            code="garbage-output",
        )
    return images


def _write_assignments(path: Path, table: Block, optics: Block, source: RelionParticles) -> None:
    place, image = places_of(table)
    sizes = optics.floats("rlnMicrographPixelSize")[table.integers("rlnOpticsGroup") - 1]
    columns: Mapping[str, NDArray[Any]] = {
        "exposure": place.astype(np.int32),
        "index": (image - 1).astype(np.int32),
        "x": (table.floats("rlnCoordinateX") * sizes).astype(np.float32),
        "y": (table.floats("rlnCoordinateY") * sizes).astype(np.float32),
        "class": table.integers("rlnClassNumber").astype(np.int32),
        "angle": (-table.floats("rlnAnglePsi")).astype(np.float32),
        "shift_y": table.floats("rlnOriginYAngst").astype(np.float32),
        "shift_x": table.floats("rlnOriginXAngst").astype(np.float32),
        "likelihood": table.floats("rlnMaxValueProbDistribution").astype(np.float32),
    }
    write_columns(path, columns, {"exposure": list(source.exposures)})


def places_of(table: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``(n,)`` place of each particle's stack, from 0, and its image in it, from 1."""
    parts = [name.partition("@") for name in table.text("rlnImageName")]
    place = [int(Path(stack).stem) - 1 for _, _, stack in parts]
    return np.array(place, np.int64), np.array([int(number) for number, _, _ in parts], np.int64)
