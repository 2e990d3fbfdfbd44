"""Particles as they come, made fit to be compared: their images, and their contrast on rings."""

import numpy as np
from numpy.typing import NDArray

from icestream.model import Optics, Stack
from icestream.processing.classify2d.online import Plan
from icestream.processing.classify2d.polar import Float
from icestream.processing.ctf.transfer import aberration
from icestream.processing.fourier import fourier_crop
from icestream.processing.particles import normalize_particles

__all__ = ["reduced_images", "ring_contrast"]


def reduced_images(images: Stack, plan: Plan) -> Stack:
    """Images ``(n, box, box)`` in the plan's box, background of mean 0 and deviation 1.

    Parameters
    ----------
    images
        ``(n, m, m)`` of the plan's width in Å, ``m`` at least the plan's box.
    plan
        Box and diameter.
    """
    reduced = fourier_crop(images, (plan.box, plan.box))
    radius = min(0.5 * plan.diameter / plan.pixel_size, 0.48 * plan.box)
    return normalize_particles(reduced, radius)


def ring_contrast(
    defocus: NDArray[np.floating],
    phase_shift: NDArray[np.floating],
    optics: Optics,
    rings: int,
    extent: float,
) -> Float:
    """Contrast ``(n, rings)`` with which the bright specimen appears in images.

    Parameters
    ----------
    defocus
        ``(n,)`` Å, the mean of both directions. Particles without one, 0, have the contrast 1.
    phase_shift
        ``(n,)`` degrees.
    optics
        Voltage, spherical aberration and amplitude contrast.
    rings
        Rings 1 to `rings`, in Fourier pixels.
    extent
        Width of the images, Å.

    Notes
    -----
    Astigmatism is left out: at the few hundred Å that are usual it turns phases by less than
    the rings can tell at the box sizes that are compared.
    """
    frequency = np.arange(1, rings + 1) / extent
    contrast = np.ones((len(defocus), rings), dtype=np.float32)
    for shift in np.unique(phase_shift):
        rows = (phase_shift == shift) & (defocus != 0.0)
        bent = defocus[rows, None].astype(np.float64)
        chi = aberration(frequency[None], bent, optics, phase_shift=float(shift))
        contrast[rows] = np.sin(chi)
    return contrast
