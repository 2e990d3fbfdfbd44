"""What a micrograph is worth, at a glance: a class and a score."""

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["MICROGRAPH_CLASSES", "MicrographClass", "MicrographQuality"]

MicrographClass = Literal[
    "great",
    "decent",
    "contamination_or_drift",
    "crystalline_ice",
    "empty_no_ice",
    "vitreous_no_particles",
    "unclear",
]
MICROGRAPH_CLASSES: tuple[MicrographClass, ...] = get_args(MicrographClass)
"""Great and decent ones can be used; what is wrong with the others is their name. Of those that
are unclear neither is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrographQuality:
    """The verdict on one micrograph, and what it rests on."""

    exposure: str
    label: MicrographClass
    score: float
    """0 to 1; above 0.5 for those that can be used, 0.5 where that is unclear."""
    reason: str
    """What decided, in words."""
    texture: float
    """Power at 45 to 120 Å over that of the noise; 1 when there is nothing to see."""
    patches: float
    """The same at 180 to 300 Å: uneven ice, crystals, carbon."""
    objects: float
    """Part of the image that is far darker or brighter than the rest, 0 to 1."""
    skew: float
    """Skewness of the grey values between the objects: negative for dark particles, about 0 for
    a texture without particles. It depends on the specimen, and decides nothing."""
    covered: float = 0.0
    """Part of the image under carbon or drops of ice, 0 to 1."""
    stripes: float = 1.0
    """Power along rows and columns over that beside them; 1 without a pattern of the camera."""

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        return {
            "micrograph.score": self.score,
            "micrograph.texture": self.texture,
            "micrograph.objects": self.objects,
            "micrograph.stripes": self.stripes,
        }
