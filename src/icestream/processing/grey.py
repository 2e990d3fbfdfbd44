"""Grey values for people: images as pictures."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["stretch"]


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
