"""A map as screens show it: sections, a small cube of bytes, the curves and what is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from icestream.formats import FormatError
from icestream.formats.mrc import map_mrc
from icestream.model import Volume
from icestream.report.views.grey import to_grey
from icestream.report.views.images import as_png

__all__ = [
    "AXES",
    "MOST_VOXELS",
    "Axis",
    "Correlation",
    "Cube",
    "SymmetryTrial",
    "View",
    "VolumePart",
    "VolumeView",
    "cube_of_map",
    "part_of",
    "parts_of",
    "section_png",
    "volume_view",
]

Axis = Literal["x", "y", "z"]
VolumePart = Literal["map", "mirrored", "half1", "half2"]
AXES: tuple[Axis, ...] = ("z", "y", "x")
"""In the order of an array ``(z, y, x)``."""
_PARTS: tuple[VolumePart, ...] = ("map", "mirrored", "half1", "half2")
MOST_VOXELS = 128
"""Voxels along a side of a cube."""
_CLIPPED = (0.5, 99.9)
"""Percentiles of a map that become black and white: density fills little of the box."""
_SAMPLES = 64
_NO_EVIDENCE = 25.0
"""Å: up to here both halves began with the same map."""
_THRESHOLDS = (0.143, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Fourier shell correlation of the halves of a map."""

    frequency: tuple[float, ...]
    """1/Å of each shell."""
    correlation: tuple[float, ...]
    thresholds: tuple[float, ...] = _THRESHOLDS
    no_evidence: float = _NO_EVIDENCE
    """Å; up to this resolution both halves began with the same map, and it proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A direction from which particles are seen; a unit vector."""

    x: float
    y: float
    z: float
    particles: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SymmetryTrial:
    """A point group that was tried."""

    group: str
    likelihood: float
    """Log-likelihood ratio of a particle that was held out; higher is better."""
    correlation: float
    """Of a half of the map with the other turned by the group, over that with the other as it is.
    """
    taken: bool
    """Whether the map has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeView:
    """What is known of a map, without its voxels."""

    particles: int
    wanted: int
    """Particles that a map should have."""
    update: int
    """Number of the snapshot, from 1."""
    note: str
    """Why there is no map, or why it is not newer; empty when there is nothing to say."""
    alike: int
    """Particles in good classes of which there is no map: they are seen from too few sides."""
    there: bool
    """Whether there is a map."""
    preliminary: bool
    """Whether it was made of fewer particles than were asked for."""
    box: int
    pixel_size: float
    """Å per voxel."""
    diameter: float
    """Å, of the sphere that it is masked with."""
    symmetry: str
    resolution: float
    """Å; 0 where the halves agree nowhere."""
    reached: str
    """The resolution in words, with all that it does not say."""
    resolution_half: float
    """Å where the correlation falls below 0.5."""
    even: bool
    """Whether the views are even enough for one resolution to hold in all directions."""
    efficiency: float
    """How evenly the views fill Fourier space, 0 to 1."""
    hand: str
    """What is known of the hand."""
    parts: tuple[VolumePart, ...]
    """Which files there are: the map, its other hand, the halves."""
    fsc: Correlation | None
    views: tuple[View, ...]
    trials: tuple[SymmetryTrial, ...]
    starts: tuple[tuple[float, float], ...]
    """Of each random start, the chosen one first: log-likelihood ratio, and the correlation of its
    map with the first one."""


def volume_view(volume: Volume) -> VolumeView:
    """What is known of a map. Files are not looked into."""
    return VolumeView(
        particles=volume.particles,
        wanted=volume.wanted,
        update=volume.iteration,
        note=volume.note,
        alike=volume.alike,
        there=volume.map is not None,
        preliminary=volume.preliminary,
        box=volume.box,
        pixel_size=volume.pixel_size,
        diameter=volume.diameter,
        symmetry=volume.symmetry,
        resolution=volume.resolution,
        reached=volume.reached if volume.map is not None else "",
        resolution_half=volume.resolution_half,
        even=volume.even,
        efficiency=volume.efficiency,
        hand="unknown: projections do not tell it, so the map and its mirror image fit alike",
        parts=parts_of(volume),
        fsc=_correlation(volume),
        views=tuple(
            View(x=float(x), y=float(y), z=float(z), particles=float(count))
            for x, y, z, count in _rows(volume.directions)
        ),
        trials=_trials(volume),
        starts=tuple((float(one), float(other)) for one, other in _rows(volume.starts)),
    )


def _trials(volume: Volume) -> tuple[SymmetryTrial, ...]:
    """Point groups as they were tried; of one that was tried twice, the last was taken."""
    trials: list[SymmetryTrial] = []
    later: set[str] = set()
    tried = list(zip(volume.symmetries, _rows(volume.symmetry_trials), strict=False))
    for group, row in reversed(tried):
        taken = group == volume.symmetry and group not in later
        later.add(group)
        trials.append(
            SymmetryTrial(
                group=group, likelihood=float(row[0]), correlation=float(row[1]), taken=taken
            )
        )
    return tuple(reversed(trials))


def _rows(values: NDArray[np.float32] | None) -> Sequence[Any]:
    return () if values is None else np.asarray(values, dtype=np.float64).tolist()


def _correlation(volume: Volume) -> Correlation | None:
    if volume.fsc is None or len(volume.fsc) < 2 or volume.box * volume.pixel_size <= 0:
        return None
    step = 1.0 / (volume.box * volume.pixel_size)
    values = np.nan_to_num(np.asarray(volume.fsc[1:], dtype=np.float64))
    return Correlation(
        frequency=tuple(step * shell for shell in range(1, len(values) + 1)),
        correlation=tuple(float(value) for value in values),
    )


def parts_of(volume: Volume) -> tuple[VolumePart, ...]:
    """Which files a map has, whether they are still there or not."""
    return tuple(part for part in _PARTS if getattr(volume, part) is not None)


def part_of(volume: Volume, part: VolumePart) -> Path:
    """The file of one of the parts. LookupError says which there are."""
    path: Path | None = getattr(volume, part)
    if path is None:
        there = ", ".join(parts_of(volume)) or "none"
        why = f": {volume.note}" if volume.note else ""
        raise LookupError(f"no {part} in this snapshot{why}; there is {there}")
    return path


def section_png(path: Path, axis: Axis, at: int | None = None) -> bytes:
    """One section of a volume as PNG, in the greys of the whole volume.

    Parameters
    ----------
    path
        An MRC file.
    axis
        Across which it lies. Columns and rows are x and y, x and z, or y and z.
    at
        Its number from 0; the middle one by default.

    Raises
    ------
    LookupError
        If the volume has no such section.
    FormatError
        If the file is no volume.
    """
    volume = map_mrc(path)
    place = AXES.index(axis)
    count = volume.shape[place]
    at = count // 2 if at is None else at
    if not 0 <= at < count:
        raise LookupError(f"no section {at} across {axis}: the volume has 0 to {count - 1}")
    section = np.take(volume, at, axis=place)
    return as_png(to_grey(section, _limits(volume)))


def _limits(volume: NDArray[Any]) -> tuple[float, float]:
    """Values that are black and white in all sections, told from voxels all over the volume."""
    steps = tuple(slice(None, None, max(1, side // _SAMPLES)) for side in volume.shape)
    some = np.asarray(volume[steps], dtype=np.float64)
    known = some[np.isfinite(some)]
    if not len(known):
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(known, _CLIPPED))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """A volume as bytes, small enough for a browser to draw."""

    voxels: bytes
    """``(z, y, x)``, one byte each."""
    shape: tuple[int, int, int]
    low: float
    """Density of 0."""
    high: float
    """Density of 255."""
    voxel_size: float
    """Å."""
    whole: int
    """Voxels along the longest side of the volume itself."""

    def header(self) -> dict[str, Any]:
        """All but the voxels."""
        return {
            "shape": list(self.shape),
            "low": self.low,
            "high": self.high,
            "voxel_size": self.voxel_size,
            "whole": self.whole,
        }


def cube_of_map(path: Path, voxel_size: float, most: int = MOST_VOXELS) -> Cube:
    """A volume with at most so many voxels along a side; what is larger is averaged down.

    Parameters
    ----------
    path
        An MRC file.
    voxel_size
        Å of its voxels.
    most
        Voxels along the longest side.

    Raises
    ------
    FormatError
        If the file is no volume.
    """
    volume = map_mrc(path)
    longest = max(volume.shape)
    factor = -(-longest // most)
    if min(volume.shape) < factor:
        raise FormatError(
            path,
            expected="a volume of about as many voxels along each side",
            found=f"{' x '.join(map(str, volume.shape))} voxels",
            advice="look at the file itself",
        )
    small = _binned(volume, factor)
    known = small[np.isfinite(small)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    high = high if high > low else low + 1.0
    return Cube(
        voxels=to_grey(small, (low, high)).tobytes(),
        shape=(small.shape[0], small.shape[1], small.shape[2]),
        low=low,
        high=high,
        voxel_size=voxel_size * factor,
        whole=longest,
    )


def _binned(volume: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Means over cubes of voxels, a slab at a time; the rest at the edges is left out."""
    if factor == 1:
        return np.asarray(volume, dtype=np.float32)
    sides = [max(1, side // factor) for side in volume.shape]
    small = np.empty(sides, dtype=np.float32)
    for slab in range(sides[0]):
        part = np.asarray(volume[slab * factor : (slab + 1) * factor], dtype=np.float32).mean(0)
        part = part[: sides[1] * factor, : sides[2] * factor]
        small[slab] = part.reshape(sides[1], factor, sides[2], factor).mean((1, 3))
    return small
