"""The contrast transfer function fitted to one micrograph."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Column, column
from icestream.model.optics import Optics
from icestream.model.picture import Picture

__all__ = ["LEAST_TILT", "Ctf", "CtfAgreement"]

LEAST_TILT = 15.0
"""Degrees below which no tilt is claimed. Of five micrographs of specimens that nobody tilted the
defocus changed over the image as if they were by 6 to 14.5 degrees, often by far more than noise:
grids are not flat, and rings are bent by more than tilts."""

_ANGLE_KNOWN = 10.0
"""Degrees of standard error above which a direction of astigmatism means nothing: there the
astigmatism is less than three times its own error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CtfAgreement:
    """How several estimates of the CTF of one micrograph agree."""

    members: tuple[str, ...]
    """Steps whose estimates agree and were averaged."""
    outvoted: tuple[str, ...]
    """Steps whose estimates do not agree with those."""
    resolution: float
    """Å up to which the members agree, averaged over directions: where the phases of the two that
    differ most come to differ by 90°."""
    worst: float
    """Å, in the direction that differs first."""


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
    doubt: str = ""
    """Why the fit is not to be believed, or only roughly; empty where there is nothing to say."""
    spectrum: Annotated[
        Path | None,
        Picture(
            "Power spectrum",
            "Power spectrum of the micrograph with the fitted Thon rings in the right half",
        ),
    ] = None
    """Picture: measured spectrum, with the fit in one half (PNG)."""
    spectrum_image: Path | None = None
    """The same as numbers (MRC), RELION's `rlnCtfImage`."""
    curve: Column | None = None
    """``(3, n)``: spatial frequency 1/Å, measured equi-phase average, fitted CTF squared."""
    defocus_error: float | None = None
    """Standard error of the mean defocus, Å, where the estimator gives one."""
    astigmatism_error: float | None = None
    """Standard error of the astigmatism, Å."""
    angle_error: float | None = None
    """Standard error of the angle, degrees; see `angle_known`."""
    phase_shift_error: float | None = None
    """Standard error of the phase shift, degrees, where it was fitted."""
    gradient: tuple[float, float] | None = None
    """Å of defocus per Å along (y, x) of the stored array, where the specimen was found to be
    tilted by `LEAST_TILT` or more; None where it lies flat as far as can be seen. `defocus_u` and
    `defocus_v` are then those of the center of the image."""
    gradient_error: float | None = None
    """Standard error of each component of the gradient; None where no tilt was looked for."""
    shape: tuple[int, int] | None = None
    """(y, x) pixels of the image that the CTF was fitted to."""
    thickness: float | None = None
    """Of the ice, Å, from the node of the Thon rings; None where no node was seen."""
    thickness_error: float | None = None
    """Standard error of the thickness, Å."""
    agreement: CtfAgreement | None = None
    """Of the estimates that this one is made of; None for one that no other has checked."""
    thickness_least: float | None = None
    """Å that the ice is thick at least, from how its rings fade; None where it may be 800 Å or
    less."""

    @property
    def defocus(self) -> float:
        """Mean defocus, Å."""
        return 0.5 * (self.defocus_u + self.defocus_v)

    @property
    def astigmatism(self) -> float:
        """`defocus_u` - `defocus_v`, Å."""
        return self.defocus_u - self.defocus_v

    @property
    def angle_known(self) -> bool:
        """Whether the angle means something: not when the image may well be without astigmatism."""
        return self.angle_error is None or self.angle_error <= _ANGLE_KNOWN

    @property
    def tilt(self) -> float | None:
        """Tilt of the specimen, degrees; None where none was looked for.

        0 where none was found: less than `LEAST_TILT` may be there all the same.
        """
        if self.gradient is not None:
            return math.degrees(math.atan(math.hypot(*self.gradient)))
        return None if self.gradient_error is None else 0.0

    @property
    def tilt_error(self) -> float | None:
        """Standard error of the tilt, degrees."""
        if self.gradient_error is None:
            return None
        slope = math.hypot(*self.gradient) if self.gradient is not None else 0.0
        return math.degrees(self.gradient_error / (1.0 + slope**2))

    @property
    def tilt_axis(self) -> float | None:
        """Direction of the tilt axis, degrees in (-90, 90], counted as `angle`; None without."""
        if self.gradient is None:
            return None
        angle = math.degrees(math.atan2(self.gradient[0], self.gradient[1])) + 90.0
        return 90.0 - (90.0 - angle) % 180.0

    def defocus_at(self, x: NDArray[Any], y: NDArray[Any]) -> Column:
        """What a place's defocus differs by from that of the image's center, Å.

        To be added to `defocus_u` and `defocus_v`. `x` and `y` are pixels of the image that the CTF
        was fitted to (its pixel size is that of `optics`), from the first pixel. Zeros where the
        specimen lies flat as far as can be seen.
        """
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if self.gradient is None or self.shape is None:
            return column(np.zeros(np.broadcast_shapes(x.shape, y.shape)))
        along_y, along_x = self.gradient
        rows, columns = self.shape
        away = along_y * (y - 0.5 * (rows - 1)) + along_x * (x - 0.5 * (columns - 1))
        return column(away * self.optics.pixel_size)

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`.

        What is not known, such as the angle of no astigmatism, is left out.
        """
        measured = {
            "ctf.defocus": self.defocus,
            "ctf.defocus_error": self.defocus_error,
            "ctf.astigmatism": self.astigmatism,
            "ctf.angle": self.angle if self.angle_known else None,
            "ctf.phase_shift": self.phase_shift,
            "ctf.resolution": self.resolution,
            "ctf.score": self.score,
            "ctf.ice_ring": self.ice_ring,
            "ctf.tilt": self.tilt,
            "ctf.thickness": self.thickness,
            "ctf.agreement": None if self.agreement is None else self.agreement.resolution,
        }
        return {name: value for name, value in measured.items() if value is not None}
