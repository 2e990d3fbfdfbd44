"""Make a mask around the density of a map with RELION."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from icestream.model import Volume
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Pixel, Second
from icestream_relion.elsewhere import MASK
from icestream_relion.items import Mask
from icestream_relion.results import read_map
from icestream_relion.suite import AUTO_REFINE, FAILURES, refuse_ignored, relion
from icestream_relion.tables import link

__all__ = ["CreateMaskWithRelion", "RelionMaskParameters", "level_of"]

_DENSE = 99.9
"""Percentile of the voxels that stands for the density inside of the molecule."""
_LEVEL = 0.2
"""Part of that from which on a voxel is taken for a part of the molecule."""


class RelionMaskParameters(Parameters):
    """What belongs to the molecule, and how softly the mask ends."""

    threshold: float | None = None
    """Density from which on a voxel belongs to it (`--ini_threshold`). When empty, a fifth of what
    one voxel in a thousand of the filtered map exceeds: look at the picture, and set it where that
    was not good."""

    resolution: Annotated[Angstrom, Ge(0)] = 15.0
    """What the map is low-pass filtered to first (`--lowpass`); 0 does not."""

    extend: Annotated[Pixel, Ge(0)] = 3
    """Voxels by which it is made larger (`--extend_inimask`)."""

    edge: Annotated[Pixel, Ge(1)] = 3
    """Voxels over which it falls to 0 (`--width_soft_edge`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""


class CreateMaskWithRelion(ProgramProtocol[RelionMaskParameters]):
    """Make a soft mask around the density of a map with RELION."""

    name = "volume.relion_mask"
    title = "RELION mask"
    elsewhere = MASK
    cites = (AUTO_REFINE,)
    resources = Resources(cores=1, memory=4 * 2**30)
    program = relion("relion_mask_create")
    failures = FAILURES

    def prepare(self, work: Work, volume: Volume) -> None:
        if volume.map is None:
            raise ItemFailed(
                "there is no map to make a mask of" + (f": {volume.note}" if volume.note else ""),
                code="no-map",
            )
        link(volume.map, work, "map.mrc")

    def command(self, volume: Volume, work: Work) -> Command:
        wanted = self.parameters
        words = [
            *("--i", "map.mrc", "--o", "written.mrc", "--angpix", f"{volume.pixel_size:.7g}"),
            *("--ini_threshold", f"{self._threshold(volume):.7g}"),
            *("--extend_inimask", str(wanted.extend), "--width_soft_edge", str(wanted.edge)),
            *("--j", str(work.cores)),
        ]
        if wanted.resolution > 0:
            words += ["--lowpass", f"{wanted.resolution:g}"]
        return Command((self.program.executable, *words), timeout=wanted.timeout)

    def collect(self, volume: Volume, work: Work) -> Mask:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        path = work.path(f"mask_{volume.iteration:04d}.mrc")
        written = work.folder / "written.mrc"
        mask = read_map(written, volume.box)
        if mask.min() < -1e-3 or mask.max() > 1.001:
            raise BadOutput(
                f"the mask goes from {mask.min():g} to {mask.max():g}, not from 0 to 1",
                code="garbage-output",
            )
        return Mask(
            path=written.rename(path),
            box=volume.box,
            pixel_size=volume.pixel_size,
            threshold=self._threshold(volume),
            part=float(mask.mean()),
        )

    def _threshold(self, volume: Volume) -> float:
        wanted = self.parameters
        if wanted.threshold is not None or volume.map is None:
            return wanted.threshold or 0.0
        return level_of(_map(volume.map), wanted.resolution / volume.pixel_size)

    def methods(self) -> str:
        """Of what the mask was made."""
        return "A soft mask was made around the density with RELION."

    def summarize(self, items: Sequence[Mask]) -> str:
        if not items:
            return ""
        last = items[-1]
        return (
            f"a mask holds {100 * last.part:.1f} % of the box, made at a density of "
            f"{last.threshold:.3g}"
        )


def level_of(density: NDArray[np.float32], resolution: float) -> float:
    """A density that parts a molecule from its surroundings, see the parameter ``threshold``.

    Parameters
    ----------
    density
        ``(z, y, x)``.
    resolution
        What it is filtered to first, voxels; up to 2 changes nothing.
    """
    spectrum = np.fft.rfftn(density)
    axes = [np.fft.fftfreq(side) for side in density.shape[:2]]
    z, y, x = np.meshgrid(*axes, np.fft.rfftfreq(density.shape[2]), indexing="ij", sparse=True)
    spectrum[z * z + y * y + x * x > 1.0 / max(resolution, 2.0) ** 2] = 0.0
    smooth = np.fft.irfftn(spectrum, density.shape, axes=(0, 1, 2))
    return float(_LEVEL * np.percentile(smooth, _DENSE))


def _map(path: Path) -> NDArray[np.float32]:
    try:
        return read_map(path)
    except BadOutput as error:
        raise ItemFailed(str(error), code="no-map") from error
