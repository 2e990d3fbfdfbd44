"""2D class averages as of some moment of the session."""

from dataclasses import dataclass
from pathlib import Path

from icestream.model.arrays import Column
from icestream.model.optics import Optics

__all__ = ["Classes"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Classes:
    """A snapshot of a streaming 2D classification."""

    averages: Path
    """MRC stack (.mrcs) of the class averages, class 1 first."""
    box: int
    """Side of an average, pixels."""
    pixel_size: float
    """Å per pixel of the averages."""
    counts: Column
    """``(k,)`` particles in each class."""
    resolution: Column
    """``(k,)`` Å, half-set FRC 0.5 (0 when it cannot be told)."""
    score: Column
    """``(k,)`` higher looks more like a particle."""
    assignments: Path
    """Parquet table: exposure, index in the stack that was classified (from 0), x, y, class (its
    place in `averages`, from 1), number (see `numbers`; where there is none, the same), angle,
    shift_y, shift_x (Å), likelihood. x and y are where the particle's centre was, Å from
    the middle of the micrograph's first pixel: they tell which particle it is when the micrograph's
    are picked or cut again. Tables of before icestream wrote them lack x and y."""
    particles: int
    """Particles classified so far."""
    iteration: int
    """Number of the snapshot, from 1."""
    diameter: float = 0.0
    """Particle diameter that the mask was made for, Å; 0 when nobody said."""
    diameter_known: bool = True
    """False: `diameter` is a placeholder, as of the picks."""
    optics: Optics | None = None
    """Of the averages and of `sample`: `pixel_size` is theirs."""
    selected: Column | None = None
    """``(k,)`` 1 for classes of particles, 0 for junk; None when nobody has judged."""
    numbers: Column | None = None
    """``(k,)`` number of each class, ascending. A class keeps its number from snapshot to
    snapshot for as long as it is there, and no other ever gets it. None: 1 to k."""
    parents: Column | None = None
    """``(m,)`` of every number ever given, 1 first: the number of the class that it was split
    from, or 0. None: no class was split."""
    sample: Path | None = None
    """MRC stack (.mrcs) of particle images to look at again, `box` pixels, bright, background
    standard deviation 1: at most some thousands, spread over the classes. None where this
    snapshot wrote none."""
    sample_table: Path | None = None
    """Parquet table with a row for each image of `sample`: the columns of `assignments`, then
    defocus_u, defocus_v (Å), defocus_angle and phase_shift (degrees)."""

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        return {"classes.particles": float(self.particles)}
