"""Fourier space: resampling, filters and shifts that all the processing shares.

Real transforms throughout: an image ``(..., y, x)`` has the spectrum ``(..., y, x // 2 + 1)`` of
`scipy.fft.rfft2`. Frequencies are in cycles per pixel unless a pixel size turns them into 1/Å.
Images may be numpy arrays or CuPy arrays; results are of the same library.
"""

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image
from icestream.processing.backend import operations

__all__ = [
    "HalfSpectrum",
    "bin_image",
    "crop_spectrum",
    "fourier_crop",
    "fourier_shift",
    "frequency_grid",
    "lowpass",
]

HalfSpectrum = NDArray[np.complex64]
"""Spectrum of real images, ``(..., ky, kx >= 0)``, origin in the corner."""


def frequency_grid(shape: tuple[int, int], pixel_size: float = 1.0) -> NDArray[np.float32]:
    """Length of the spatial frequency at each point of the half spectrum of a `shape` image.

    Parameters
    ----------
    shape
        (y, x) pixels of the image.
    pixel_size
        Å per pixel: the frequencies are in 1/Å. With 1 they are in cycles per pixel.

    Returns
    -------
    ``(y, x // 2 + 1)``, float32.
    """
    ky = np.fft.fftfreq(shape[0], pixel_size).astype(np.float32)
    kx = np.fft.rfftfreq(shape[1], pixel_size).astype(np.float32)
    return np.hypot(ky[:, None], kx[None, :])


def crop_spectrum(
    spectrum: HalfSpectrum, old: tuple[int, int], new: tuple[int, int]
) -> HalfSpectrum:
    """Cut or zero-pad half spectra from images of shape `old` to images of shape `new`.

    The Nyquist terms of even sizes are folded or split, so that a band-limited image survives
    the way there and back. Values are not scaled: multiply by the ratio of the pixel counts to
    keep the grey values of the image.

    Parameters
    ----------
    spectrum
        ``(..., old_y, old_x // 2 + 1)``.
    old, new
        (y, x) pixels.
    """
    if spectrum.shape[-2:] != (old[0], old[1] // 2 + 1):
        raise ValueError(
            f"a spectrum of {old} images is {(old[0], old[1] // 2 + 1)}, "
            f"found {spectrum.shape[-2:]}"
        )
    ny, nx = min(old[0], new[0]), min(old[1], new[1])
    zeros = operations(spectrum).xp.zeros
    result: HalfSpectrum = zeros(
        (*spectrum.shape[:-2], new[0], new[1] // 2 + 1), dtype=spectrum.dtype
    )
    columns = nx // 2 + 1
    positive, negative = (ny + 1) // 2, (ny - 1) // 2
    result[..., :positive, :columns] = spectrum[..., :positive, :columns]
    if negative:
        result[..., -negative:, :columns] = spectrum[..., -negative:, :columns]
    if ny % 2 == 0:
        half = ny // 2
        if new[0] > old[0]:
            result[..., half, :columns] = 0.5 * spectrum[..., half, :columns]
            result[..., -half, :columns] = 0.5 * spectrum[..., half, :columns]
        elif new[0] < old[0]:
            result[..., half, :columns] = (
                spectrum[..., half, :columns] + spectrum[..., -half, :columns]
            )
        else:
            result[..., half, :columns] = spectrum[..., half, :columns]
    if nx % 2 == 0 and new[1] != old[1]:
        result[..., nx // 2] *= 0.5 if new[1] > old[1] else 2.0
    return result


def fourier_crop(image: Image, shape: tuple[int, int], *, workers: int = 1) -> Image:
    """Resample an image to `shape` pixels by cutting or padding its spectrum; keeps the mean.

    Parameters
    ----------
    image
        ``(..., y, x)``, real.
    shape
        (y, x) of the result: smaller makes the pixels larger, larger makes them smaller.
    workers
        Threads for the transforms.
    """
    ops = operations(image)
    old = (image.shape[-2], image.shape[-1])
    if old == tuple(shape):
        return image.astype(np.float32, copy=False)
    spectrum = crop_spectrum(ops.rfft2(image, threads=workers), old, shape)
    spectrum *= np.float32(shape[0] * shape[1] / (old[0] * old[1]))
    return ops.irfft2(spectrum, shape, threads=workers)


def bin_image(image: Image, factor: int) -> Image:
    """Mean over blocks of `factor` x `factor` pixels; rows and columns left over are dropped.

    Parameters
    ----------
    image
        ``(..., y, x)`` of any real type.
    factor
        1 returns the image as float32.
    """
    height, width = image.shape[-2] // factor, image.shape[-1] // factor
    if factor < 1 or not height or not width:
        raise ValueError(f"cannot bin an image of {image.shape[-2:]} pixels by {factor}")
    if factor == 1:
        return image.astype(np.float32, copy=False)
    blocks = image[..., : height * factor, : width * factor]
    blocks = blocks.reshape(*image.shape[:-2], height, factor, width * factor)
    # Whole rows first: they are added as fast as memory delivers them.
    rows = blocks.sum(axis=-2, dtype=np.float32)
    result: Image = rows.reshape(*rows.shape[:-1], width, factor).sum(axis=-1)
    result *= np.float32(1.0 / factor**2)
    return result


def lowpass(image: Image, pixel_size: float, resolution: float, *, workers: int = 1) -> Image:
    """Remove detail finer than `resolution` (Å): Gaussian that is 0.5 at ``1 / resolution``."""
    k = frequency_grid((image.shape[-2], image.shape[-1]), pixel_size)
    return _filtered(image, np.exp(np.float32(-np.log(2)) * (k * resolution) ** 2), workers)


def fourier_shift(image: Image, shift: tuple[float, float], *, workers: int = 1) -> Image:
    """Move the content of an image by ``(dy, dx)`` pixels, exactly, with periodic borders."""
    shape = (image.shape[-2], image.shape[-1])
    ky, kx = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    phase = np.exp(-2j * np.pi * ky * shift[0])[:, None] * np.exp(-2j * np.pi * kx * shift[1])
    # A real image has no phase at Nyquist: only the part that stays real can be kept.
    for axis, size in enumerate(shape):
        if size % 2 == 0:
            nyquist = (size // 2, slice(None)) if axis == 0 else (slice(None), size // 2)
            other = (np.exp(-2j * np.pi * ky * shift[0]), np.exp(-2j * np.pi * kx * shift[1]))
            phase[nyquist] = other[1 - axis] * np.cos(np.pi * shift[axis])
    return _filtered(image, phase.astype(np.complex64), workers)


def _filtered(
    image: Image, response: NDArray[np.float32] | NDArray[np.complex64], workers: int
) -> Image:
    ops = operations(image)
    spectrum = ops.rfft2(image, threads=workers)
    spectrum *= ops.xp.asarray(response)
    return ops.irfft2(spectrum, (image.shape[-2], image.shape[-1]), threads=workers)
