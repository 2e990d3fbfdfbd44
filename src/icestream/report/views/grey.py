"""One image of the microscope as grey values, as large, as smooth and as strong as is asked for.

A micrograph of 4096 pixels is mapped, not read whole: what is computed is about as large as what
is shown, and an image at its full size is worked off in strips.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from icestream.processing.fourier import bin_image

__all__ = ["Look", "draw_grey", "grey_limits", "to_grey"]

_HALF_AT = math.sqrt(2.0 * math.log(2.0)) / (2.0 * math.pi)
"""Standard deviation of a Gaussian whose transform is 0.5 at ``1 / resolution``, / resolution."""
_COARSE = 2.0
"""Standard deviation, in pixels, from which an image may be smoothed with larger pixels."""
_SAMPLES = 512
"""Pixels along each axis that the grey values are told from."""
_STRIP = 256
"""Rows that are turned into greys at once."""


@dataclass(frozen=True, slots=True)
class Look:
    """How an image is to be shown."""

    contrast: float = 3.0
    """What lies so many standard deviations from the mean becomes black or white."""
    lowpass: float = 0.0
    """Detail finer than this, Å, is removed: a Gaussian that is 0.5 there. 0: none is."""


def draw_grey(
    image: NDArray[Any], pixel_size: float, look: Look, factor: int = 1
) -> NDArray[np.uint8]:
    """Grey values of an image, averaged down over blocks of `factor` x `factor` pixels.

    Parameters
    ----------
    image
        ``(y, x)`` of any real type; it may be mapped from a file.
    pixel_size
        Å per pixel of `image`.
    look
        How it is to be shown.
    factor
        At least 1. Rows and columns that fill no block are left out.

    Returns
    -------
    ``(y // factor, x // factor)``, black where the image is darkest.
    """
    deviation = _HALF_AT * look.lowpass / pixel_size if look.lowpass > 0 else 0.0
    coarser = factor
    while deviation / (2 * coarser) >= _COARSE and min(image.shape) // (2 * coarser) >= 1:
        coarser *= 2
    small = bin_image(image, coarser)
    # Averaging over blocks has smoothed it already, by as much as a square of this width does.
    left = deviation**2 - (coarser**2 - 1) / 12.0
    if left > 0:
        from scipy.ndimage import gaussian_filter

        small = gaussian_filter(small, math.sqrt(left) / coarser, mode="nearest")
    grey = to_grey(small, grey_limits(small, look.contrast))
    shape = (image.shape[0] // factor, image.shape[1] // factor)
    if grey.shape == shape:
        return grey
    larger = Picture.fromarray(grey).resize(shape[::-1], Picture.Resampling.BICUBIC)
    return np.asarray(larger)


def grey_limits(image: NDArray[Any], contrast: float) -> tuple[float, float]:
    """Values that become black and white: so many standard deviations from the mean.

    Both are told robustly, from the median and the middle two thirds of pixels that are spread
    over the image, so that a hot pixel or the edge of a hole does not take all the contrast.
    Values that are not finite count for nothing; a constant image has limits around its value.
    """
    steps = [max(1, side // _SAMPLES) for side in image.shape]
    some = np.asarray(image[tuple(slice(None, None, step) for step in steps)], dtype=np.float64)
    known = some[np.isfinite(some)]
    if not len(known):
        return 0.0, 1.0
    low, middle, high = np.percentile(known, (15.87, 50.0, 84.13))
    deviation = 0.5 * float(high - low) or float(known.std()) or 1.0
    return float(middle) - contrast * deviation, float(middle) + contrast * deviation


def to_grey(image: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Spread values between two limits over 256 greys; what is not finite becomes black."""
    black, white = limits
    scale = np.float32(255.0 / (white - black))
    grey = np.empty(image.shape, dtype=np.uint8)
    for first in range(0, len(image), _STRIP):
        share = np.asarray(image[first : first + _STRIP], dtype=np.float32) - np.float32(black)
        share *= scale
        np.nan_to_num(share, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
        grey[first : first + _STRIP] = np.clip(share, 0.0, 255.0, out=share)
    return grey
