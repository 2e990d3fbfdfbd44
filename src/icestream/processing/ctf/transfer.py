"""The contrast transfer function itself.

Conventions, the same everywhere: ``CTF(s) = -sin(chi)``, underfocus positive, lengths in Å,
angles in degrees from +x towards increasing row index.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model import Ctf, Optics
from icestream.processing.backend import operations

__all__ = ["Defocus", "aberration", "aberration_2d", "ctf_1d", "ctf_2d"]

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defocus:
    """Defocus with its astigmatism, and the phase shift of a phase plate."""

    u: float
    """Larger defocus, Å, underfocus positive."""
    v: float
    """Smaller defocus, Å."""
    angle: float = 0.0
    """Direction of `u`, degrees from +x towards increasing row index."""
    phase_shift: float = 0.0
    """Degrees."""

    @property
    def mean(self) -> float:
        """Mean defocus, Å."""
        return 0.5 * (self.u + self.v)

    @property
    def vector(self) -> tuple[float, float]:
        """Half the astigmatism as (A cos 2a, A sin 2a), Å: free of the jump at 180°."""
        half, twice = 0.5 * (self.u - self.v), math.radians(2.0 * self.angle)
        return half * math.cos(twice), half * math.sin(twice)

    @classmethod
    def of(cls, ctf: Ctf) -> "Defocus":
        """The defocus that was fitted to a micrograph."""
        return cls(u=ctf.defocus_u, v=ctf.defocus_v, angle=ctf.angle, phase_shift=ctf.phase_shift)

    @classmethod
    def from_vector(
        cls, mean: float, along: float, across: float, phase_shift: float = 0.0
    ) -> "Defocus":
        """Make it from the mean and the astigmatism vector; the angle is in (-90, 90]."""
        half = math.hypot(along, across)
        angle = 0.5 * math.degrees(math.atan2(across, along))
        if angle <= -90.0:
            angle += 180.0
        return cls(u=mean + half, v=mean - half, angle=angle, phase_shift=phase_shift)


def aberration(
    frequency: Numbers, defocus: Numbers | float, optics: Optics, *, phase_shift: float = 0.0
) -> Numbers:
    """Phase chi of the transfer function, in radians, the amplitude contrast included.

    Parameters
    ----------
    frequency
        Spatial frequencies, 1/Å, any shape.
    defocus
        Å, underfocus positive; a number, or an array that broadcasts with `frequency`.
    optics
        Voltage, spherical aberration and amplitude contrast; the pixel size is not used.
    phase_shift
        Degrees, additional to the amplitude contrast.

    Notes
    -----
    ``chi = pi lambda s² (z - lambda² s² Cs / 2) + shift + atan(A / sqrt(1 - A²))``.

    References
    ----------
    Rohou & Grigorieff (2015), doi:10.1016/j.jsb.2015.08.008
    """
    squared = np.square(frequency)
    return _phase(squared, squared * defocus, optics, phase_shift)


def _phase(squared: Numbers, bent: Numbers, optics: Optics, phase_shift: float) -> Numbers:
    """Phase chi from s² and from s² times the defocus in that direction."""
    cs = optics.spherical_aberration * 1e7
    constant = math.radians(phase_shift) + math.asin(optics.amplitude_contrast)
    path = bent - 0.5 * optics.wavelength**2 * cs * np.square(squared)
    return np.asarray(math.pi * optics.wavelength * path + constant)


def aberration_2d(
    shape: tuple[int, int], defocus: Defocus, optics: Optics, *, half: bool = False
) -> NDArray[np.float64]:
    """Phase chi, in radians, at every point of the transform of an image; see `ctf_2d`."""
    rows = np.fft.fftfreq(shape[0], optics.pixel_size)
    columns = np.fft.fftfreq(shape[1], optics.pixel_size)
    if half:
        columns = np.fft.rfftfreq(shape[1], optics.pixel_size)
    else:
        rows, columns = np.fft.fftshift(rows), np.fft.fftshift(columns)
    ky, kx = rows[:, None], columns[None, :]
    along, across = defocus.vector
    squared = ky**2 + kx**2
    bent = defocus.mean * squared + along * (kx**2 - ky**2) + 2.0 * across * (ky * kx)
    return np.asarray(_phase(squared, bent, optics, defocus.phase_shift), dtype=np.float64)


def ctf_1d(
    frequency: Numbers, defocus: float, optics: Optics, *, phase_shift: float = 0.0
) -> NDArray[np.float64]:
    """CTF at the spatial frequencies `frequency` (1/Å) for one defocus (Å), without envelope.

    At frequency zero it is ``-amplitude_contrast`` (without a phase shift); it has the shape of
    `frequency`. `phase_shift` is in degrees.
    """
    chi = aberration(frequency, defocus, optics, phase_shift=phase_shift)
    return np.asarray(-np.sin(chi), dtype=np.float64)


def ctf_2d(
    shape: tuple[int, int], defocus: Defocus, optics: Optics, *, half: bool = False
) -> NDArray[np.float32]:
    """CTF of an image, without envelope.

    Parameters
    ----------
    shape
        ``(y, x)`` pixels of the image.
    defocus
        Defocus, astigmatism and phase shift.
    optics
        Of the image; its `pixel_size` sets the frequencies.
    half
        False: ``(y, x)`` with the origin in the center, as a spectrum is shown.
        True: ``(y, x // 2 + 1)`` in the order of `scipy.fft.rfft2`, to multiply a transform with.
    """
    if not half:
        return np.asarray(-np.sin(aberration_2d(shape, defocus, optics)), dtype=np.float32)
    constant = math.radians(defocus.phase_shift) + math.asin(optics.amplitude_contrast)
    defoci = np.array([[defocus.mean, *defocus.vector, constant]])
    lens = (optics.wavelength, optics.spherical_aberration * 1e7)
    return np.asarray(operations(defoci).ctf_image(shape, optics.pixel_size, defoci, lens)[0])
