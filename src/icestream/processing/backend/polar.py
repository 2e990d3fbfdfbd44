"""Polar Fourier transforms and scores, written once for every array library.

Images are folded into parts that are even or odd in y and in x. Each part needs a quarter of the
pixels and a quarter of the circle only, so that the product with cosines and sines costs a
quarter of that of the whole image with the Fourier matrix.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fourier_waves", "multiply_harmonics", "rings_to_images", "transform"]


def fourier_waves(box: int, rings: int, angles: int) -> list[NDArray[np.float32]]:
    """Products of cosines and sines ``(quarter pixels, rings * (angles // 4 + 1))``, read only.

    In this order: cos cos, cos sin, sin cos, sin sin; first of y, then of x.
    """
    radius = np.arange(1, rings + 1, dtype=np.float64)[:, None]
    theta = 2.0 * np.pi * np.arange(angles // 4 + 1)[None, :] / angles
    ky, kx = (radius * np.sin(theta)).ravel(), (radius * np.cos(theta)).ravel()
    axis = 2.0 * np.pi * np.arange(box // 2 + 1)[:, None] / box
    made = []
    for y in (np.cos(axis * ky) / box, np.sin(axis * ky) / box):
        for x in (np.cos(axis * kx), np.sin(axis * kx)):
            wave = (y[:, None, :] * x[None, :, :]).reshape((box // 2 + 1) ** 2, -1)
            made.append(wave.astype(np.float32))
            made[-1].setflags(write=False)
    return made


def transform(xp: Any, images: Any, waves: Any, angles: int) -> Any:
    """Spectra ``(n, rings, angles // 2)`` complex64 of ``(n, box, box)``."""
    even, odd = _fold(xp, xp.asarray(images, dtype=xp.float32), axis=1)
    parts = (*_fold(xp, even, axis=2), *_fold(xp, odd, axis=2))
    cc, cs, sc, ss = (
        xp.matmul(part.reshape(len(images), -1), wave).reshape(len(images), -1, angles // 4 + 1)
        for part, wave in zip(parts, waves, strict=True)
    )
    first, second = slice(0, angles // 4 + 1), slice(angles // 4 + 1, None)
    spectra = xp.empty((len(images), cc.shape[1], angles // 2), dtype=xp.complex64)
    spectra.real[..., first], spectra.imag[..., first] = cc - ss, -cs - sc
    # The other quarter of the circle: x reversed.
    spectra.real[..., second] = (cc + ss)[..., -2:0:-1]
    spectra.imag[..., second] = (cs - sc)[..., -2:0:-1]
    return spectra


def rings_to_images(xp: Any, circles: Any, waves: Any) -> Any:
    """Images ``(n, box, box)`` whose Hartley rings are ``(n, rings, angles)``, by quadrature."""
    count, rings, angles = circles.shape
    area = (2.0 * np.pi / angles) * xp.arange(1, rings + 1, dtype=xp.float32)
    weighted = circles * area[None, :, None]
    front, back = weighted[..., : angles // 2], weighted[..., angles // 2 :]
    real, imaginary = _quarters(xp, front + back), _quarters(xp, front - back)
    parts = (
        real[0] + real[1],
        imaginary[1] - imaginary[0],
        -imaginary[0] - imaginary[1],
        real[1] - real[0],
    )
    side = round(waves[0].shape[0] ** 0.5)
    ee, eo, oe, oo = (
        xp.matmul(part.reshape(count, -1), wave.T).reshape(-1, side, side)
        for part, wave in zip(parts, waves, strict=True)
    )
    return _unfold(xp, _unfold(xp, ee, eo, axis=2), _unfold(xp, oe, oo, axis=2), axis=1)


def _fold(xp: Any, images: Any, axis: int) -> tuple[Any, Any]:
    """Even and odd parts along an axis, at 0 to ``box // 2`` pixels from the center, summed."""
    moved = xp.moveaxis(images, axis, -1)
    center = moved.shape[-1] // 2
    even = xp.empty((*moved.shape[:-1], center + 1), dtype=xp.float32)
    even[..., :center], even[..., center] = moved[..., center:], moved[..., 0]
    odd = even.copy()
    even[..., 1:center] += moved[..., center - 1 : 0 : -1]
    odd[..., 1:center] -= moved[..., center - 1 : 0 : -1]
    odd[..., 0], odd[..., center] = 0.0, -moved[..., 0]
    return xp.moveaxis(even, -1, axis), xp.moveaxis(odd, -1, axis)


def _unfold(xp: Any, even: Any, odd: Any, axis: int) -> Any:
    """The image whose values at +-j from the center along an axis are even(j) +- odd(j)."""
    even, odd = xp.moveaxis(even, axis, -1), xp.moveaxis(odd, axis, -1)
    center = even.shape[-1] - 1
    joined = xp.concatenate([(even - odd)[..., :0:-1], (even + odd)[..., :center]], axis=-1)
    return xp.moveaxis(joined, -1, axis)


def _quarters(xp: Any, half: Any) -> tuple[Any, Any]:
    """A half circle as a quarter, and the mirror image of the other quarter.

    The first and the last direction are their own mirror images: zero in the second.
    """
    quarter = half.shape[-1] // 2
    mirrored = xp.zeros((*half.shape[:-1], quarter + 1), dtype=xp.float32)
    mirrored[..., 1:quarter] = half[..., :quarter:-1]
    return half[..., : quarter + 1], mirrored


def multiply_harmonics(xp: Any, harmonics: Any, references: Any) -> Any:
    """Harmonics ``(n * s, k, orders)`` of the scores, one matrix product per order."""
    count, shifts, rings, orders = harmonics.shape
    left = xp.ascontiguousarray(harmonics.transpose(3, 0, 1, 2))
    right = xp.ascontiguousarray(references.conj().transpose(2, 1, 0))
    product = xp.matmul(left.reshape(orders, count * shifts, rings), right)
    return product.transpose(1, 2, 0)
