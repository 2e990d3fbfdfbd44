"""Grey values for people: images as pictures."""

import numpy as np
from numpy.typing import NDArray

from icestream.model import Image
from icestream.processing.fourier import bin_image, lowpass

__all__ = ["draw_thumbnail", "stretch"]


def stretch(
    image: NDArray[np.floating], *, low: float = 0.5, high: float = 99.5
) -> NDArray[np.uint8]:
    """Spread an image over the 256 greys of a picture.

    Parameters
    ----------
    image
        ``(y, x)``, finite.
    low, high
        Percentiles of the image that become black and white; what lies beyond is cut off. A
        constant image becomes black.
    """
    black, white = (float(value) for value in np.percentile(image, (low, high)))
    share = (image - black) * (255.0 / max(white - black, 1e-12))
    return np.asarray(np.clip(share, 0.0, 255.0), dtype=np.uint8)


def draw_thumbnail(image: Image, pixel_size: float, size: int) -> NDArray[np.uint8]:
    """A small grey picture: averaged down, low-passed, stretched between robust limits.

    Parameters
    ----------
    image
        ``(y, x)``.
    pixel_size
        Å per pixel.
    size
        Most pixels along the longer side.
    """
    factor = max(-(-max(image.shape) // size), 1)
    small = bin_image(image, factor)
    small = lowpass(small, pixel_size * factor, max(20.0, 2.5 * pixel_size * factor))
    return stretch(small)
