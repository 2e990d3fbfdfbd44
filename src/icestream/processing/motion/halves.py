"""How well two halves of a movie agree."""

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image
from icestream.processing.backend import operations
from icestream.processing.fourier import frequency_grid

__all__ = ["half_correlation"]


def half_correlation(
    one: Image, two: Image, pixel_size: float, *, finest: float = 10.0, coarsest: float = 30.0
) -> float:
    """Correlation of two images in Fourier space, over a band of resolution.

    ``sum Re(A conj B) / sqrt(sum |A|² sum |B|²)`` over all frequencies of the band but those on
    the two axes, where the camera's rows and columns stand still: 0 for noise alone, and higher
    the more of the specimen the two show. It needs no truth, and it falls when motion is
    corrected badly.

    Parameters
    ----------
    one, two
        ``(y, x)``, such as the sums of the odd and of the even frames.
    pixel_size
        Å.
    finest, coarsest
        The band, Å. Where the pixels do not reach `finest`, they say how far it goes.

    Returns
    -------
    -1 to 1; NaN when the band holds nothing.
    """
    ops = operations(one)
    spectra = [ops.rfft2(image) for image in (one, two)]
    k = frequency_grid((one.shape[0], one.shape[1]), pixel_size)
    inside = (k >= 1 / coarsest) & (k <= 1 / finest)
    inside[0] = inside[:, 0] = False
    a, b = (spectrum[ops.xp.asarray(inside)] for spectrum in spectra)
    powers: NDArray[np.float64] = np.array([float((abs(each) ** 2).sum()) for each in (a, b)])
    if not powers.all():
        return float("nan")
    return float((a * b.conj()).real.sum()) / float(np.sqrt(powers.prod()))
