"""Where the particles of one micrograph are."""

from dataclasses import dataclass

from icestream.model.arrays import Column

__all__ = ["Picks"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picks:
    """Centres of particles in one micrograph."""

    exposure: str
    x: Column
    """``(n,)`` pixels of the micrograph, origin at the centre of its first pixel."""
    y: Column
    """``(n,)`` pixels along the rows' index, as stored in the MRC file."""
    score: Column
    """``(n,)`` higher is better; comparable within one picker."""
    diameter: float
    """Particle diameter that was looked for, Å."""
    pixel_size: float
    """Å per pixel of the micrograph."""

    def __len__(self) -> int:
        return len(self.x)

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        return {"picks.count": float(len(self))}
