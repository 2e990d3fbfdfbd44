"""Particle images cut from one micrograph."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Column
from icestream.model.optics import Optics

__all__ = ["Particles", "SelectedParticles"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Particles:
    """A stack of particle images and one value per particle in each column.

    Contrast: particles are bright (positive) in the stack.
    """

    exposure: str
    stack: Path
    """MRC stack (.mrcs), float32, background mean 0 and standard deviation 1."""
    box: int
    """Side of the images in the stack, pixels."""
    optics: Optics
    """`pixel_size` is that of the stack."""
    micrograph: Path
    micrograph_pixel_size: float
    """Å per pixel of the micrograph that `x` and `y` count."""
    x: Column
    """``(n,)`` centre, pixels of the micrograph."""
    y: Column
    score: Column
    """``(n,)`` of the picker, as in `icestream.model.Picks`: NaN where it is not known, infinite
    for what a person picked. Results of before these were told apart have NaN for both."""
    defocus_u: Column
    """``(n,)`` Å."""
    defocus_v: Column
    defocus_angle: Column
    """``(n,)`` degrees."""
    phase_shift: float = 0.0
    """Degrees."""
    ctf_resolution: float = 0.0
    """Å."""
    ctf_score: float = 0.0
    group: int = 1
    """Exposure group (RELION's optics group)."""
    diameter: float = 0.0
    """Å."""
    diameter_known: bool = True
    """False: `diameter` is a placeholder, as of the picks."""
    phases_flipped: bool = False
    """All frequencies have the contrast of protein; False: as the microscope's CTF left them."""

    def __len__(self) -> int:
        return len(self.x)

    def places(self) -> NDArray[np.float64]:
        """``(n, 2)`` (x, y) of the centres, Å from the middle of the micrograph's first pixel.

        They hold whatever the size of the pixels is.
        """
        pixels = np.stack([np.asarray(self.x), np.asarray(self.y)], axis=1).astype(np.float64)
        return pixels * self.micrograph_pixel_size

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        return {"particles.count": float(len(self))}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectedParticles(Particles):
    """Particles that were kept, and how many were not, by the first limit that each breaks."""

    found: int
    """Particles that there were."""
    limits: tuple[str, ...] = ()
    """As people read them."""
    left_out: tuple[int, ...] = ()
    """Particles that broke each of the limits first."""
    gone: int = 0
    """Particles of the table of assignments, where there is one, that are not among those found:
    somebody took them away or moved them since."""
    not_judged: int = 0
    """Particles that were kept whatever the limit on their score, which is not known."""
