"""Ring correlation: what tests compare images with."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.processing.fourier import frequency_grid


def ring_correlation(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Fourier ring correlation of two images of one shape, ``(n // 2 + 1,)``.

    n is the shorter side; ring i is the frequency i / n cycles per pixel along both axes.
    """
    one, two = fft.rfft2(first), fft.rfft2(second)
    size = min(first.shape)
    ring = np.rint(frequency_grid(first.shape) * size).astype(np.intp).ravel()

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(ring, weights=values.ravel())[: size // 2 + 1]

    power = total(np.abs(one) ** 2) * total(np.abs(two) ** 2)
    cross = total((one * two.conj()).real)
    return np.divide(cross, np.sqrt(power), out=np.zeros(len(cross)), where=power > 0)
