"""An atomic model in a map of the session."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from icestream.model import Column, Picture

__all__ = ["AtomicModel", "why_not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomicModel:
    """A model that lies in a map, or why there is none yet."""

    iteration: int
    """Number of the map's snapshot, from 1."""
    note: str = ""
    """Why there is no model, or what to doubt; empty when there is nothing to say."""
    model: Path | None = None
    """mmCIF. Coordinates are Å from the middle of the first voxel of `map`."""
    map: Path | None = None
    """The map that it lies in: of the hand that it fits."""
    half1: Path | None = None
    """Map from one half of the particles, of the same hand; None where the map came without."""
    half2: Path | None = None
    mirrored: bool = False
    """Whether the map is the mirrored one of what the session made."""
    box: int = 0
    """Voxels along a side."""
    pixel_size: float = 0.0
    """Å per voxel."""
    resolution: float = 0.0
    """Of the map, Å, by its halves; 0 where it is not known."""
    particles: int = 0
    """Particle images that made the map."""
    atoms: int = 0
    residues: int = 0
    correlation: float = 0.0
    """How well the model lies where it was laid: mean correlation of shells up to the resolution of
    the search, without what fits in every direction; 1 at best."""
    other_hand: float = 0.0
    """The same in the map's other hand."""
    fsc: Column | None = None
    """``(shells,)`` Fourier shell correlation of the map and the model's density; shell s is at
    s / (box x pixel_size) in 1/Å."""
    agreement: float = 0.0
    """Å where that falls below 0.5; 0 where it is nowhere above."""
    bond_deviation: float | None = None
    """Å, root mean square, of the lengths of bonds from the ideal; None where nobody has said."""
    angle_deviation: float | None = None
    """Degrees, the same of angles."""
    picture: Annotated[
        Path | None,
        Picture(
            "Model in the map",
            "Slices and projections of the map on the left, of the model's density on the right",
        ),
    ] = None

    def qualities(self) -> dict[str, float]:
        """Measured qualities; the names are this plugin's own."""
        if self.model is None:
            return {}
        return {"model.correlation": self.correlation, "model.agreement": self.agreement}


def why_not(known: AtomicModel, resolution: float, worst: float) -> str:
    """Why a model is not refined, for people; empty where it can be.

    The first maps of a session are coarse: that is no failure.

    Parameters
    ----------
    known
        The model, if there is one.
    resolution, worst
        Å: of the map, 0 where nobody knows it, and beyond which there is nothing to hold on to.
    """
    if known.model is None or known.map is None:
        return known.note or "there is no model to refine"
    if resolution <= 0:
        return "the model is not refined: nobody knows the resolution of the map"
    if resolution > worst:
        return (
            f"the model is not refined: the map's resolution is {resolution:.1f} Å, worse than "
            f"{worst:g} Å"
        )
    return ""
