"""Polar Fourier transforms and scores of numpy arrays."""

from functools import lru_cache
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model.arrays import Stack
from icestream.processing.backend.polar import (
    fourier_waves,
    multiply_harmonics,
    rings_to_images,
    transform,
)

__all__ = ["polar_images", "polar_transform", "score"]


_waves = lru_cache(maxsize=4)(fourier_waves)


def polar_transform(images: Stack, rings: int, angles: int) -> NDArray[Any]:
    """Fourier transforms of square images on half circles; see `Operations`."""
    result: NDArray[Any] = transform(np, images, _waves(images.shape[-1], rings, angles), angles)
    return result


def polar_images(circles: NDArray[Any], box: int) -> Stack:
    """Images from their rings; see `Operations`."""
    _, rings, angles = circles.shape
    images: Stack = rings_to_images(np, circles, _waves(box, rings, angles))
    return images


def score(harmonics: NDArray[Any], references: NDArray[Any], angles: int) -> NDArray[Any]:
    """Inner products of images with references turned by every angle; see `Operations`."""
    product = multiply_harmonics(np, harmonics, references)
    by_angle: NDArray[Any] = scipy.fft.irfft(product, angles, axis=-1)
    return by_angle.reshape(*harmonics.shape[:2], len(references), angles)
