"""Polar Fourier transforms and scores of numpy arrays."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model.arrays import Stack
from icestream.processing.backend.polar import fourier_matrix, multiply_harmonics, transform

__all__ = ["polar_matrix", "polar_transform", "score"]


@lru_cache(maxsize=4)
def polar_matrix(box: int, rings: int, angles: int) -> NDArray[Any]:
    """Matrix of the Fourier transform on half circles; see `Operations`."""
    return fourier_matrix(box, rings, angles)


def polar_transform(images: Stack, rings: int, angles: int) -> NDArray[Any]:
    """Fourier transforms of square images on half circles; see `Operations`."""
    matrix = polar_matrix(images.shape[-1], rings, angles)
    result: NDArray[Any] = transform(np, images, matrix, rings)
    return result


def score(harmonics: NDArray[Any], references: NDArray[Any], angles: int) -> NDArray[Any]:
    """Inner products of images with references turned by every angle; see `Operations`."""
    product = multiply_harmonics(np, harmonics, references)
    by_angle: NDArray[Any] = fft.irfft(product, angles, axis=-1)
    return by_angle.reshape(*harmonics.shape[:2], len(references), angles)
