"""Polar Fourier transforms and scores of CuPy arrays."""

from functools import lru_cache
from typing import Any

import cupy as cp

from icestream.processing.backend.polar import (
    fourier_waves,
    multiply_harmonics,
    rings_to_images,
    transform,
)

__all__ = ["polar_images", "polar_transform", "score"]


@lru_cache(maxsize=4)
def _waves(box: int, rings: int, angles: int) -> list[Any]:
    return [cp.asarray(wave) for wave in fourier_waves(box, rings, angles)]


def polar_transform(images: Any, rings: int, angles: int) -> Any:
    """Fourier transforms of square images on half circles; see `Operations`."""
    return transform(cp, images, _waves(images.shape[-1], rings, angles), angles)


def polar_images(circles: Any, box: int) -> Any:
    """Images from their rings; see `Operations`."""
    _, rings, angles = circles.shape
    return rings_to_images(cp, circles, _waves(box, rings, angles))


def score(harmonics: Any, references: Any, angles: int) -> Any:
    """Inner products of images with references turned by every angle; see `Operations`."""
    product = cp.ascontiguousarray(multiply_harmonics(cp, harmonics, references))
    by_angle = cp.fft.irfft(product, angles, axis=-1)
    return by_angle.reshape(*harmonics.shape[:2], len(references), angles)
