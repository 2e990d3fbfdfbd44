"""The contrast transfer function fitted to one micrograph."""

from dataclasses import dataclass
from pathlib import Path

from icestream.model.arrays import Column
from icestream.model.optics import Optics

__all__ = ["Ctf"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ctf:
    """Defocus, astigmatism and how far the Thon rings could be followed.

    ``CTF(s) = -sin(chi)`` with underfocus positive; `defocus_u` >= `defocus_v`.
    """

    exposure: str
    optics: Optics
    """Of the image that the spectrum was taken from."""
    defocus_u: float
    """Larger defocus, Å."""
    defocus_v: float
    """Smaller defocus, Å."""
    angle: float
    """Direction of `defocus_u` in degrees, in (-90, 90], from +x towards +y of the stored array
    (row index increasing): RELION's and CTFFIND's angle when they read the same MRC."""
    phase_shift: float = 0.0
    """Degrees, additional to the amplitude contrast."""
    score: float = 0.0
    """Weighted correlation of the spectrum with the fitted function, -1 to 1."""
    resolution: float = 0.0
    """Å up to which the rings agree with the fit."""
    ice_ring: float = 0.0
    """Excess of power near 1/3.7 Å over the background; about 0 for vitreous ice."""
    spectrum: Path | None = None
    """Picture: measured spectrum, with the fit in one half (PNG)."""
    spectrum_image: Path | None = None
    """The same as numbers (MRC), RELION's `rlnCtfImage`."""
    curve: Column | None = None
    """``(3, n)``: spatial frequency 1/Å, measured equi-phase average, fitted CTF squared."""
    defocus_error: float | None = None
    """Standard error of the mean defocus, Å, where the estimator gives one."""

    @property
    def defocus(self) -> float:
        """Mean defocus, Å."""
        return 0.5 * (self.defocus_u + self.defocus_v)

    @property
    def astigmatism(self) -> float:
        """`defocus_u` - `defocus_v`, Å."""
        return self.defocus_u - self.defocus_v

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        return {
            "ctf.defocus": self.defocus,
            "ctf.astigmatism": self.astigmatism,
            "ctf.angle": self.angle,
            "ctf.phase_shift": self.phase_shift,
            "ctf.resolution": self.resolution,
            "ctf.score": self.score,
            "ctf.ice_ring": self.ice_ring,
        }
