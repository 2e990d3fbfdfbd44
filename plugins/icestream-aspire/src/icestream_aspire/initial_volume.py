"""Make a first 3D map of class averages by their common lines, with ASPIRE."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from numpy.typing import NDArray
from pydantic import AfterValidator

from icestream.formats import read_stack, write_picture
from icestream.formats.mrc import write_mrc
from icestream.model import Classes, Volume, column
from icestream.processing.fourier import fourier_crop
from icestream.processing.volume.align import mirrored
from icestream.processing.volume.coverage import direction_histogram, sampling_efficiency
from icestream.processing.volume.picture import draw_volume
from icestream.processing.volume.symmetry import point_group
from icestream.protocol import (
    Advanced,
    BadOutput,
    Batch,
    BatchProtocol,
    Failure,
    Figure,
    Operational,
    Parameters,
    Program,
    Resources,
    Work,
    run_program,
    shown_if,
)
from icestream.units import Pixel, Unit
from icestream_aspire.program import ASPIRE, FAILURES, call, read_array

__all__ = ["AspireMap", "AspireVolumeParameters", "InitialVolumeWithAspire"]

_FEWEST = 10
"""Averages below which common lines tell nothing."""
_SYMMETRIES = ("C1", "C2", "C3", "C4")
"""Of 40 averages of 32 pixels, ASPIRE's own for C5 would have taken half an hour or more, and that
for D2, of 30, took over 20 GB of memory."""
_IMAGES = "images.npy"
_FAILURES = (
    Failure(
        code="no-orientations",
        when=r"LinAlgError|did not converge|Array must not contain infs or NaNs",
        advice="wait for more and better averages, or choose them by hand",
    ),
    *FAILURES,
)


def _symmetry(text: str) -> str:
    name = text.strip().upper()
    if name not in _SYMMETRIES:
        raise ValueError(f"symmetry {text!r} is none of {', '.join(_SYMMETRIES)}")
    return name


class AspireVolumeParameters(Parameters):
    """What is known of the particle, and how common lines are looked for."""

    symmetry: Annotated[str, AfterValidator(_symmetry)] = "C1"
    """Point group, imposed: C1, C2, C3 or C4 (`CLSync3N`, `CLSymmetryC2`, `CLSymmetryC3C4`)."""

    estimator: Annotated[Literal["sync3n", "voting"], Advanced, shown_if("symmetry", "C1")] = (
        "sync3n"
    )
    """How orientations are found without symmetry (`CLSync3N`, `CLSyncVoting`)."""

    most: Annotated[int, Ge(_FEWEST), Le(500)] = 60
    """Averages that are used, those of the largest classes; the time goes with their third
    power."""

    box: Annotated[Pixel, Ge(16), Le(128), MultipleOf(2)] = 64
    """Side to which averages are brought, where they are larger (`downsample`)."""

    max_shift: Annotated[float, Unit("%"), Ge(0), Le(50)] = 10.0
    """How far averages may lie off the middle, as a part of the box (`max_shift`)."""

    shift_step: Annotated[float, Unit("px"), Gt(0), Le(8), Advanced] = 1.0
    """Steps of that search (`shift_step`)."""

    lines: Annotated[int, Ge(36), Le(720), MultipleOf(2), Advanced] = 72
    """Lines through each average that are compared (`n_theta`): 72 are 5° apart, ASPIRE's own 360
    take far longer."""

    tolerance: Annotated[float, Gt(0), Lt(1), Advanced] = 0.01
    """What is left of the averages when the map is finished (`tol`). Less takes longer, and makes
    noise of what few averages do not tell; ASPIRE itself stops at 0.00001."""

    seed: Annotated[int, Ge(0), Advanced] = 1
    """Of what is drawn (`seed`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores."""

    hours: Annotated[float, Gt(0), Operational, Advanced] = 12.0
    """Hours after which the program is ended."""


@dataclass(slots=True)
class AspireMap:
    """The map so far."""

    snapshots: int = 0
    density: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    """``(z, y, x)``; empty where there is none."""
    views: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    """``(n, 3)`` directions (x, y, z) from where the averages are seen."""
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """``(n,)`` particles in each average."""
    pixel_size: float = 0.0
    diameter: float = 0.0
    note: str = ""


class InitialVolumeWithAspire(BatchProtocol[AspireVolumeParameters, AspireMap]):
    """Make a first map of class averages: from where they are seen is told by common lines.

    It takes the averages of any classification, those that were selected where somebody has.
    Their noise is small and the particles behind them are not looked at, so that there are no
    halves to tell a resolution by.
    """

    name = "volume.aspire"
    title = "ASPIRE ab initio map"
    cites = (
        "Greenberg & Shkolnisky (2017) J. Struct. Biol. 200, 106, doi:10.1016/j.jsb.2017.09.007",
        "Pragier & Shkolnisky (2019) Inverse Problems 35, 124005, doi:10.1088/1361-6420/ab2fb2",
    )

    def programs(self) -> Sequence[Program]:
        return (ASPIRE,)

    def need(self) -> Resources:
        """Cores as asked; memory for all pairs of averages."""
        wanted = self.parameters
        pairs = 8 * wanted.most**2 * wanted.lines
        return Resources(cores=wanted.cores, memory=2 * 2**30 + 4 * pairs + 1000 * wanted.box**3)

    def batch_size(self) -> int:
        return 1

    def start(self, first: Batch[Classes], work: Work) -> AspireMap:
        return self.update(AspireMap(), first, work)

    def update(self, state: AspireMap, new: Batch[Classes], work: Work) -> AspireMap:
        state.snapshots += 1
        if new.items:
            state.note = self._make(state, new.items[-1], work)
        return state

    def _make(self, state: AspireMap, classes: Classes, work: Work) -> str:
        """Make the map of the newest averages; says why when that cannot be done."""
        wanted = self.parameters
        counts = np.asarray(classes.counts).astype(np.int64)
        good = counts > 0
        if classes.selected is not None:
            good &= np.asarray(classes.selected) > 0
        chosen = np.flatnonzero(good)
        if len(chosen) < _FEWEST:
            some = "1 good class" if len(chosen) == 1 else f"{len(chosen)} good classes"
            return f"{some}, {_FEWEST} are needed"
        chosen = np.sort(chosen[np.argsort(-counts[chosen], kind="stable")][: wanted.most])
        box = min(wanted.box, classes.box - classes.box % 2)
        averages = fourier_crop(read_stack(classes.averages, chosen), (box, box))
        spread = averages.std(axis=(1, 2), keepdims=True)
        np.save(work.path(_IMAGES), (averages / np.where(spread > 0, spread, 1)).astype(np.float32))
        state.pixel_size = classes.pixel_size * classes.box / box
        command = call(self.words(state.pixel_size), work, 3600.0 * wanted.hours)
        run_program(ASPIRE, command, work, _FAILURES)
        density = read_array(work.path("volume.npy"), (box, box, box))
        rotations = read_array(work.path("rotations.npy"), (len(chosen), 3, 3))
        if not density.std() > 0:
            raise BadOutput("the map that it made is empty", code="garbage-output")
        state.density = density.astype(np.float32)
        # A matrix of ASPIRE turns the view to the map, here it is the other way round.
        state.views = np.ascontiguousarray(rotations[:, :, 2], np.float32)
        state.counts = counts[chosen]
        state.diameter = classes.diameter
        return ""

    def words(self, pixel_size: float) -> tuple[str, ...]:
        """Arguments for averages of a pixel size (Å)."""
        wanted = self.parameters
        return (
            *("volume", "--images", _IMAGES, "--pixel_size", f"{pixel_size:.6g}"),
            *("--symmetry", wanted.symmetry, "--estimator", wanted.estimator),
            *("--n_theta", str(wanted.lines), "--max_shift", f"{wanted.max_shift / 100:g}"),
            *("--shift_step", f"{wanted.shift_step:g}", "--tol", f"{wanted.tolerance:g}"),
            *("--seed", str(wanted.seed)),
        )

    def snapshot(self, state: AspireMap, work: Work) -> Volume:
        if not state.density.size:
            return Volume(particles=0, iteration=state.snapshots, note=state.note)
        stem = f"volume_{state.snapshots:04d}"
        path, other = work.path(f"{stem}_map.mrc"), work.path(f"{stem}_mirrored.mrc")
        write_mrc(path, state.density, state.pixel_size, volume=True)
        write_mrc(other, mirrored(state.density), state.pixel_size, volume=True)
        symmetry = self.parameters.symmetry
        group = point_group(symmetry)
        views = np.repeat(state.views, state.counts, axis=0)
        seen = direction_histogram(views, group)
        # So few averages lie as far apart as this where they lie evenly over half a sphere.
        apart = math.degrees(math.sqrt(2.0 * math.pi / (len(state.views) * len(group))))
        return Volume(
            particles=int(state.counts.sum()),
            iteration=state.snapshots,
            note=state.note,
            map=path,
            mirrored=other,
            picture=write_picture(work.path(f"{stem}.png"), draw_volume(state.density)),
            box=len(state.density),
            pixel_size=state.pixel_size,
            diameter=state.diameter,
            symmetry=symmetry,
            directions=column(np.column_stack([seen.directions, seen.counts])),
            efficiency=sampling_efficiency(views, group, spacing=apart),
        )

    def methods(self) -> str:
        """How the map was made."""
        return (
            "A first 3D map was made by ASPIRE from class averages and their common lines, with "
            f"{self.parameters.symmetry} symmetry."
        )

    def summarize(self, items: Sequence[Volume]) -> str:
        """What the newest map was made of."""
        if not items:
            return ""
        last = items[-1]
        if last.map is None:
            return f"no map yet: {last.note}" if last.note else ""
        text = (
            f"a 3D map with {last.symmetry} symmetry was made of averages of {last.particles} "
            "particles; its resolution is not known"
        )
        uneven = f"; its views are uneven (efficiency {last.efficiency:.2f}): it may be wrong"
        return text if last.even else text + uneven

    def plot(self, items: Sequence[Volume]) -> Iterator[Figure]:
        """Particles behind the map."""
        counts = [float(item.particles) for item in items if item.map is not None]
        if counts:
            yield Figure("Particles behind the map", "series", counts, "particles")
