"""Fourier transforms and matrix products of numpy arrays."""

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

__all__ = ["irfft", "irfft2", "matmul", "rfft", "rfft2"]


def rfft2(images: NDArray[Any], *, threads: int = 1) -> NDArray[Any]:
    """Half spectra of real images; see `Operations`."""
    result: NDArray[Any] = scipy.fft.rfft2(np.asarray(images, dtype=np.float32), workers=threads)
    return result


def irfft2(spectra: NDArray[Any], shape: tuple[int, int], *, threads: int = 1) -> NDArray[Any]:
    """Real images of half spectra; see `Operations`."""
    if spectra.ndim > 2:
        stack: NDArray[Any] = scipy.fft.irfft2(spectra, s=shape, workers=threads)
        return stack
    # One axis after the other: both at once take half as long again for a large image.
    columns = scipy.fft.ifft(spectra, shape[0], axis=0, workers=threads)
    result: NDArray[Any] = scipy.fft.irfft(columns, shape[1], axis=1, workers=threads)
    return result


def rfft(values: NDArray[Any]) -> NDArray[Any]:
    """Short transforms along the last axis; see `Operations`."""
    result: NDArray[Any] = scipy.fft.rfft(np.asarray(values, dtype=np.float32), axis=-1)
    return result


def irfft(spectra: NDArray[Any], size: int) -> NDArray[Any]:
    """Inverse of `rfft`; see `Operations`."""
    result: NDArray[Any] = scipy.fft.irfft(spectra, size, axis=-1)
    return result


def matmul(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Product of matrices or of stacks of them; see `Operations`."""
    result: NDArray[Any] = np.matmul(left, right)
    return result
