"""Fourier transforms and matrix products of CuPy arrays."""

from typing import Any

import cupy as cp

__all__ = ["irfft", "irfft2", "matmul", "rfft", "rfft2"]


def rfft2(images: Any, *, threads: int = 1) -> Any:  # noqa: ARG001
    """Half spectra of real images; see `Operations`."""
    return cp.fft.rfft2(cp.asarray(images, dtype=cp.float32))


def irfft2(spectra: Any, shape: tuple[int, int], *, threads: int = 1) -> Any:  # noqa: ARG001
    """Real images of half spectra; see `Operations`."""
    return cp.fft.irfft2(spectra, s=shape)


def rfft(values: Any) -> Any:
    """Short transforms along the last axis; see `Operations`."""
    return cp.fft.rfft(cp.asarray(values, dtype=cp.float32), axis=-1)


def irfft(spectra: Any, size: int) -> Any:
    """Inverse of `rfft`; see `Operations`."""
    return cp.fft.irfft(spectra, size, axis=-1)


def matmul(left: Any, right: Any) -> Any:
    """Product of matrices or of stacks of them; see `Operations`."""
    return cp.matmul(left, right)
