"""Polar Fourier transforms and scores, written once for every array library."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fourier_matrix", "multiply_harmonics", "transform"]


def fourier_matrix(box: int, rings: int, angles: int) -> NDArray[np.float32]:
    """Fourier matrix ``(box², rings * angles)`` on half circles, read only."""
    radius = np.arange(1, rings + 1, dtype=np.float64)[:, None]
    theta = 2.0 * np.pi * np.arange(angles // 2)[None, :] / angles
    ky, kx = (radius * np.sin(theta)).ravel(), (radius * np.cos(theta)).ravel()
    axis = (np.arange(box) - box // 2) / box
    rows = np.exp(-2j * np.pi * axis[:, None] * ky).astype(np.complex64)
    columns = np.exp(-2j * np.pi * axis[:, None] * kx).astype(np.complex64)
    full = (rows[:, None, :] * columns[None, :, :]).reshape(box * box, -1) / np.float32(box)
    matrix = np.concatenate([full.real, full.imag], axis=1).astype(np.float32)
    matrix.setflags(write=False)
    return matrix


def transform(xp: Any, images: Any, matrix: Any, rings: int) -> Any:
    """Spectra ``(n, rings, angles // 2)`` complex64 of ``(n, box, box)``."""
    flat = xp.ascontiguousarray(images, dtype=xp.float32).reshape(len(images), -1)
    product = xp.matmul(flat, matrix)
    half = product.shape[1] // 2
    spectra = xp.empty((len(images), half), dtype=xp.complex64)
    spectra.real, spectra.imag = product[:, :half], product[:, half:]
    return spectra.reshape(len(images), rings, -1)


def multiply_harmonics(xp: Any, harmonics: Any, references: Any) -> Any:
    """Harmonics ``(n * s, k, orders)`` of the scores, one matrix product per order."""
    count, shifts, rings, orders = harmonics.shape
    left = xp.ascontiguousarray(harmonics.transpose(3, 0, 1, 2))
    right = xp.ascontiguousarray(references.conj().transpose(2, 1, 0))
    product = xp.matmul(left.reshape(orders, count * shifts, rings), right)
    return product.transpose(1, 2, 0)
