"""Maps that RELION makes, as our volumes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from icestream.formats.mrc import write_mrc
from icestream.model import Volume, column
from icestream.processing.volume.fsc import AGREED, at_limit, resolution_at
from icestream.processing.volume.symmetry import point_group
from icestream.protocol import Figure, Work
from icestream_relion.items import RelionParticles
from icestream_relion.results import draw_map, read_map, read_table, views_of

__all__ = ["Symmetry", "make_volume", "plot_volume", "resolutions", "summarize_volume"]


def _symmetry(text: str) -> str:
    point_group(text)
    return text.strip().upper()


Symmetry = Annotated[str, AfterValidator(_symmetry)]
"""A point group whose axes lie as RELION has them."""


def resolutions(shells: NDArray[np.float64], box: int, pixel_size: float) -> dict[str, Any]:
    """What a `Volume` holds of the correlation of its halves, that of the origin first."""
    correlation = shells.astype(np.float32)
    extent = box * pixel_size
    return {
        "fsc": column(correlation),
        "resolution": resolution_at(correlation, AGREED, extent),
        "resolution_is_limit": at_limit(correlation, AGREED),
        "resolution_half": resolution_at(correlation, 0.5, extent),
        "resolution_half_is_limit": at_limit(correlation, 0.5),
    }


def make_volume(
    folder: Path, stem: str, particles: RelionParticles, symmetry: str, work: Work
) -> dict[str, Any]:
    """What a `Volume` holds of a run: its map, its halves where it has them, views and a picture.

    Parameters
    ----------
    folder
        Of the run's last files: ``run_model.star``, or those of an iteration.
    stem
        What the names of its files begin with, as ``run``.
    particles
        What went in.
    symmetry
        Point group that was imposed.
    work
        Where the files of the task go.
    """
    written = folder / f"{stem}_class001.mrc"
    density = read_map(written)
    model = folder / f"{stem}_model.star"
    pixel_size = float(read_table(model, "model_general").value("rlnPixelSize"))
    target = work.path(f"volume_{particles.iteration:04d}")
    views = views_of(read_table(folder / f"{stem}_data.star", "particles"), symmetry)
    path = target.with_name(f"{target.name}_map.mrc")
    write_mrc(path, density, pixel_size, volume=True)
    return {
        "particles": particles.particles,
        "iteration": particles.iteration,
        "map": path,
        "picture": draw_map(density, target.with_name(f"{target.name}.png")),
        "box": density.shape[0],
        "pixel_size": pixel_size,
        "diameter": particles.diameter,
        "symmetry": symmetry,
        "directions": column(views.directions),
        "efficiency": views.efficiency,
    }


def summarize_volume(items: Sequence[Volume], how: str) -> str:
    """What the newest map is good for."""
    if not items or items[-1].map is None:
        return ""
    last = items[-1]
    text = f"a 3D map with {last.symmetry} symmetry was {how} from {last.particles} particles"
    if last.fsc is not None:
        text += f"; its halves agree (FSC 0.143) to {last.reached}"
    uneven = f"; its views are uneven (efficiency {last.efficiency:.2f}): it may be wrong"
    return text if last.even else text + uneven


def plot_volume(items: Sequence[Volume]) -> Iterator[Figure]:
    """Correlation of the halves of the newest map."""
    if not items or items[-1].fsc is None:
        return
    last = items[-1]
    curve = [float(value) for value in np.asarray(last.fsc)[1:]]
    frequency = np.arange(1, len(curve) + 1) / (last.box * last.pixel_size)
    yield Figure(
        "Fourier shell correlation of the halves",
        "scatter",
        curve,
        "FSC",
        x=[float(value) for value in frequency],
        x_label="spatial frequency / Å⁻¹",
    )
