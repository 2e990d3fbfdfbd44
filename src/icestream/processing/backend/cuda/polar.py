"""Polar Fourier transforms and scores of CuPy arrays."""

from functools import lru_cache
from typing import Any

import cupy as cp

from icestream.processing.backend.polar import fourier_matrix, multiply_harmonics, transform

__all__ = ["polar_matrix", "polar_transform", "score"]


@lru_cache(maxsize=4)
def polar_matrix(box: int, rings: int, angles: int) -> Any:
    """Matrix of the Fourier transform on half circles; see `Operations`."""
    return cp.asarray(fourier_matrix(box, rings, angles))


def polar_transform(images: Any, rings: int, angles: int) -> Any:
    """Fourier transforms of square images on half circles; see `Operations`."""
    return transform(cp, images, polar_matrix(images.shape[-1], rings, angles), rings)


def score(harmonics: Any, references: Any, angles: int) -> Any:
    """Inner products of images with references turned by every angle; see `Operations`."""
    product = cp.ascontiguousarray(multiply_harmonics(cp, harmonics, references))
    by_angle = cp.fft.irfft(product, angles, axis=-1)
    return by_angle.reshape(*harmonics.shape[:2], len(references), angles)
