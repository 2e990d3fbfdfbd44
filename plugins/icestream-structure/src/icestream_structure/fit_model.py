"""Lay a known atomic model into the map of the session."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import gemmi
import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from icestream.formats import read_mrc, write_mrc
from icestream.model import Volume
from icestream.processing.fourier import fourier_crop
from icestream.processing.volume.align import align, mirrored
from icestream.protocol import (
    Advanced,
    Figure,
    InputFile,
    ItemFailed,
    ItemProtocol,
    Parameters,
    Resources,
    Work,
)
from icestream.units import Angstrom, Usual
from icestream_structure.agreement import compared
from icestream_structure.atoms import Map, density_of, move_atoms, positions, read_model
from icestream_structure.items import AtomicModel

__all__ = ["FitModel", "ModelToFit", "Placed", "plot_agreement"]

_FEWEST = 4
"""Shells that are compared at least."""
_ALIKE = 0.05
"""Difference of two correlations that says nothing."""
_SMALLEST = 32
"""Voxels along a side of the maps that are compared, at least."""
_SAMPLES = 3.0
"""Voxels to the finest detail that is compared: more would take memory for nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """How a model is moved to lie in a map."""

    rotation: NDArray[np.float32]
    """``(3, 3)`` on x, y, z, around the origin; applied first."""
    shift: NDArray[np.float64]
    """``(3,)`` x, y, z, Å."""
    correlation: float


class ModelToFit(Parameters):
    """Which model, and how finely it is compared."""

    model: InputFile | None = None
    """Model (PDB or mmCIF, also .gz) of the particle or of a part of it."""

    assembly: Annotated[str, Advanced] = ""
    """Name of the biological assembly that is made of it first; the atoms as they are when
    empty."""

    resolution: Annotated[Angstrom, Ge(3), Le(40), Usual(5.0, 30.0), Advanced] = 10.0
    """Finest detail that is compared in the search; that of the map where it is worse."""

    hands: Annotated[bool, Advanced] = True
    """Try the mirrored map, too: projections cannot tell which of the two is right."""


class FitModel(ItemProtocol[ModelToFit]):
    """Lay a model into each map in the best of all directions, and tell the map's hand by it.

    The whole model is moved as one. All rotations are tried, and the map's other hand; what is
    kept is the one whose shells correlate best. The correlation of the map and the model by
    resolution is the first check of both. Where both hands fit alike the result says so.
    """

    name = "model.fit"
    title = "Fit of a model"
    cites = (
        "Wojdyr (2022) J. Open Source Softw. 7, 4200, doi:10.21105/joss.04200",
        "Rosenthal & Henderson (2003) J. Mol. Biol. 333, 721, doi:10.1016/j.jmb.2003.07.013",
    )
    resources = Resources(cores=1, memory=2 * 2**30)

    def process(self, volume: Volume, work: Work) -> AtomicModel:
        wanted = self.parameters
        if wanted.model is None:
            raise ItemFailed(
                "no model was given", advice="set the parameter model", code="no-model"
            )
        if volume.map is None:
            return AtomicModel(iteration=volume.iteration, note=volume.note or "there is no map")
        structure = read_model(wanted.model, wanted.assembly)
        density = read_mrc(volume.map).astype(np.float32)
        box, pixel_size = len(density), volume.pixel_size
        _check_size(structure_extent(positions(structure)), box * pixel_size, wanted.model)
        maps = [density, mirrored(density)][: 1 + self.parameters.hands]
        found = self._search(structure, maps, volume)
        best = int(found[-1].correlation > found[0].correlation) if len(found) > 1 else 0
        placed = found[best]
        move_atoms(structure, placed.rotation, placed.shift)
        known = AtomicModel(
            iteration=volume.iteration,
            mirrored=bool(best),
            box=box,
            pixel_size=pixel_size,
            resolution=volume.resolution,
            particles=volume.particles,
            correlation=placed.correlation,
            other_hand=found[1 - best].correlation if len(found) > 1 else 0.0,
            **_files(volume, work, turned=bool(best)),
        )
        laid = compared(known, structure, maps[best], work.path(f"fit_{volume.iteration:04d}"))
        return laid if laid.note else replace(laid, note=_unsure(found))

    def _search(
        self, structure: gemmi.Structure, maps: Sequence[Map], volume: Volume
    ) -> list[Placed]:
        """How the model is to be moved, as it is, to lie in each of the maps."""
        extent = len(maps[0]) * volume.pixel_size
        finest = max(self.parameters.resolution, volume.resolution, 2.1 * volume.pixel_size)
        rings = max(_FEWEST, int(extent / finest))
        box = min(len(maps[0]), max(_SMALLEST, 2 * math.ceil(_SAMPLES / 2 * extent / finest)))
        voxel = extent / box
        # In the middle of the box, where every way of turning it has room.
        home, middle = np.full(3, box // 2 * voxel), positions(structure).mean(axis=0)
        move_atoms(structure, np.eye(3), home - middle)
        modelled = density_of(structure, box, voxel)
        move_atoms(structure, np.eye(3), middle - home)
        found = []
        for one in maps:
            aligned = align(_cropped(one, box), modelled, rings, hands=False)
            shift = home + aligned.shift[::-1] * voxel - aligned.rotation @ middle
            found.append(Placed(aligned.rotation, shift, aligned.correlation))
        return found

    def methods(self) -> str:
        """How the model was laid."""
        return (
            "An atomic model was laid into the map by correlation to "
            f"{self.parameters.resolution:g} Å, over all rotations."
        )

    def summarize(self, items: Sequence[AtomicModel]) -> str:
        """Say how well it lies."""
        if not items:
            return ""
        last = items[-1]
        if last.model is None:
            return f"no model was laid: {last.note}" if last.note else ""
        hand = "the mirrored map" if last.mirrored else "the map"
        text = f"the model lies in {hand} with a correlation of {last.correlation:.2f}"
        if last.other_hand:
            text += f" ({last.other_hand:.2f} in the other hand)"
        agreed = f"they agree (FSC 0.5) to {last.agreement:.1f} Å" if last.agreement else ""
        return "; ".join(part for part in (text, agreed, last.note) if part)

    def plot(self, items: Sequence[AtomicModel]) -> Iterator[Figure]:
        """Correlation of the map and the model."""
        yield from plot_agreement(items)


def plot_agreement(items: Sequence[AtomicModel]) -> Iterator[Figure]:
    """Correlation of the map and the newest model, by spatial frequency."""
    if not items or items[-1].fsc is None:
        return
    last = items[-1]
    curve = [float(value) for value in np.asarray(last.fsc)[1:]]
    frequency = [shell / (last.box * last.pixel_size) for shell in range(1, len(curve) + 1)]
    yield Figure(
        "Map and model",
        "scatter",
        curve,
        "FSC",
        x=frequency,
        x_label="spatial frequency / Å⁻¹",
    )


def _cropped(volume: Map, box: int) -> Map:
    """A volume with larger voxels, by cutting its spectrum; the first voxel stays where it is."""
    flat = fourier_crop(volume, (box, box))
    return np.ascontiguousarray(
        np.moveaxis(fourier_crop(np.moveaxis(flat, 0, -1), (box, box)), -1, 0)
    )


def structure_extent(points: NDArray[np.float64]) -> float:
    """Diameter of the sphere around the middle of a model that holds it, Å."""
    return 2.0 * float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())


def _unsure(found: Sequence[Placed]) -> str:
    """That both hands fit alike, as in a map that is too coarse to have one; empty else."""
    if len(found) < 2 or abs(found[0].correlation - found[1].correlation) >= _ALIKE:
        return ""
    return (
        "which hand the map has cannot be told: the model lies in both alike "
        f"({found[0].correlation:.2f} and {found[1].correlation:.2f} mirrored)"
    )


def _check_size(diameter: float, extent: float, path: Path) -> None:
    if diameter > extent:
        raise ItemFailed(
            f"the model {path} is {diameter:.0f} Å across, and the map {extent:.0f} Å wide",
            advice="give the model of this particle, or larger boxes of particles",
            code="model-too-large",
        )


def _files(volume: Volume, work: Work, *, turned: bool) -> dict[str, Any]:
    """The map and its halves in the hand that fits; those of the other are written anew."""
    if not turned:
        return {"map": volume.map, "half1": volume.half1, "half2": volume.half2}
    written: dict[str, Any] = {}
    for name, path in (("map", volume.map), ("half1", volume.half1), ("half2", volume.half2)):
        written[name] = None
        if path is not None:
            body = mirrored(read_mrc(path).astype(np.float32))
            target = work.path(f"fit_{volume.iteration:04d}_{name}.mrc")
            written[name] = write_mrc(target, body, volume.pixel_size, volume=True)
    return written
