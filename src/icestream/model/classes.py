"""2D class averages as of some moment of the session."""

from dataclasses import dataclass
from pathlib import Path

from icestream.model.arrays import Column

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
    """Parquet table: exposure, index in its stack (from 0), class (from 1), angle, shift_y,
    shift_x (Å), likelihood."""
    particles: int
    """Particles classified so far."""
    iteration: int
    """Number of the snapshot, from 1."""

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        return {"classes.particles": float(self.particles)}
