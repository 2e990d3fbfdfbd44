"""A model that was trained on the session's own particles."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["TopazModel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopazModel:
    """What Topaz has learnt of the particles so far, or why there is nothing yet."""

    iteration: int
    """Number of the snapshot, from 1."""
    micrographs: int = 0
    """Micrographs that it was trained on."""
    particles: int = 0
    """Particles in them that the classes show."""
    model: Path | None = None
    """As `topaz train` wrote it (.sav); None where there is none yet."""
    downscale: int = 0
    """Factor by which the micrographs were made smaller."""
    pixel_size: float = 0.0
    """Å per pixel of the small ones."""
    diameter: float = 0.0
    """Of the particle, Å."""
    precision: float | None = None
    """Average precision on micrographs that it was not trained on, by the particles that the
    classes show; None where there were too few micrographs to keep some back."""
    note: str = ""
    """Why there is no model, or why it is not newer; empty when there is nothing to say."""
