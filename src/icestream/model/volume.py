"""A first 3D map as of some moment of the session."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from icestream.model.arrays import Column
from icestream.model.picture import Picture

__all__ = ["Volume"]

_EVEN = 0.3
"""Efficiency below which views leave a part of Fourier space all but unseen. Of simulated
particles of which 80 % lay on one side (0.34) maps were as good as of views from everywhere; of
90 % (0.2) they were worse than their halves said, and of 95 % (0.1) wrong."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """A snapshot of the first 3D map, or why there is none yet."""

    particles: int
    """Particle images that made the map; 0 where there is none."""
    iteration: int
    """Number of the snapshot, from 1."""
    wanted: int = 0
    """Particles that a map should have; see `preliminary`."""
    note: str = ""
    """Why there is no map, or why the map is not newer; empty when there is nothing to say."""
    alike: int = 0
    """Particles in good classes of which there is no map, since these classes are too few: they
    are seen from few sides, or look alike from all; 0 where that is not so."""
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
    resolution_is_limit: bool = False
    """Whether it is nowhere below: `resolution` is then the finest detail that was compared, and
    the true one may be better."""
    resolution_half: float = 0.0
    """Å where it falls below 0.5."""
    resolution_half_is_limit: bool = False
    """As `resolution_is_limit`."""
    fsc: Column | None = None
    """``(shells,)`` Fourier shell correlation of the halves; shell s is at s / (box x pixel_size)
    in 1/Å. Up to 25 Å they began with the same map, and it is no evidence."""
    directions: Column | None = None
    """``(d, 4)`` x, y, z of a direction of view and the particles seen from there."""
    efficiency: float = 0.0
    """How evenly the views fill Fourier space: 1 evenly, 0 when a part was not seen; see `even`."""
    starts: Column | None = None
    """``(s, 2)`` of each random start, the chosen one first: log-likelihood ratio of a held-out
    particle, and the correlation of its map with the first one."""
    symmetries: tuple[str, ...] = ()
    """Point groups that were tried."""
    symmetry_trials: Column | None = None
    """``(g, 2)`` of each of them: log-likelihood ratio of a held-out particle, and the correlation
    of a half of the map with the other turned by the group, over that with the other as it is."""

    @property
    def preliminary(self) -> bool:
        """Whether the map was made of fewer particles than were asked for."""
        return self.map is not None and self.particles < self.wanted

    @property
    def even(self) -> bool:
        """Whether the views are even enough for one resolution to hold in all directions."""
        return self.efficiency >= _EVEN

    @property
    def reached(self) -> str:
        """The resolution in words, with all that it does not say."""
        return self._words(self.resolution, is_limit=self.resolution_is_limit)

    @property
    def reached_half(self) -> str:
        """`resolution_half` in words."""
        return self._words(self.resolution_half, is_limit=self.resolution_half_is_limit)

    def _words(self, resolution: float, *, is_limit: bool) -> str:
        if resolution <= 0.0:
            return "nowhere"
        words = f"{resolution:.1f} Å"
        if is_limit:
            # Shells end a few before those that the pixels hold.
            sampled = self.fsc is not None and len(self.fsc) >= self.box // 2 - 3
            by = f"pixels of {self.pixel_size:.2f} Å" if sampled else "what was compared"
            words += f" or better, the limit of {by}"
        return words if self.even else f"{words}, in directions that are seen"

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`.

        The resolution is left out where views are uneven: no one number holds in all directions.
        """
        if self.map is None:
            return {}
        measured = {
            "volume.efficiency": self.efficiency,
            "volume.particles": float(self.particles),
        }
        return {"volume.resolution": self.resolution, **measured} if self.even else measured
