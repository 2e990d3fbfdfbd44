"""A first 3D map as of some moment of the session."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from icestream.model.arrays import Column
from icestream.model.picture import Picture

__all__ = ["Volume"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """A snapshot of the first 3D map, or why there is none yet."""

    particles: int
    """Particle images that made the map; 0 where there is none."""
    iteration: int
    """Number of the snapshot, from 1."""
    note: str = ""
    """Why there is no map, or why the map is not newer; empty when there is nothing to say."""
    map: Path | None = None
    """MRC volume, density positive, origin of the particle at voxel ``box // 2``."""
    mirrored: Path | None = None
    """The other hand of `map`: projections cannot tell which of the two is right."""
    half1: Path | None = None
    """Map from one half of the particles, refined without the other beyond 25 Å."""
    half2: Path | None = None
    picture: Annotated[
        Path | None,
        Picture(
            "Map",
            "Slices through the middle of the map across z, y and x; below, its projections "
            "along them",
        ),
    ] = None
    """PNG of slices and projections."""
    box: int = 0
    """Voxels along a side."""
    pixel_size: float = 0.0
    """Å per voxel."""
    diameter: float = 0.0
    """Of the sphere that the map is masked with, Å."""
    symmetry: str = ""
    """Point group, axes as in RELION."""
    resolution: float = 0.0
    """Å where the correlation of the halves falls below 0.143; 0 where it is nowhere above."""
    resolution_half: float = 0.0
    """Å where it falls below 0.5."""
    fsc: Column | None = None
    """``(shells,)`` Fourier shell correlation of the halves; shell s is at s / (box x pixel_size)
    in 1/Å. Up to 25 Å they began with the same map, and it is no evidence."""
    directions: Column | None = None
    """``(d, 4)`` x, y, z of a direction of view and the particles seen from there."""
    efficiency: float = 0.0
    """How evenly the views fill Fourier space: 1 evenly, 0 when a part was not seen."""
    starts: Column | None = None
    """``(s, 2)`` of each random start, the chosen one first: log-likelihood ratio of a held-out
    particle, and the correlation of its map with the first one."""
    symmetries: tuple[str, ...] = ()
    """Point groups that were tried."""
    symmetry_trials: Column | None = None
    """``(g, 2)`` of each of them: log-likelihood ratio of a held-out particle, and the correlation
    of a half of the map with the other turned by the group, over that with the other as it is."""

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        if self.map is None:
            return {}
        return {
            "volume.resolution": self.resolution,
            "volume.efficiency": self.efficiency,
            "volume.particles": float(self.particles),
        }
