"""Power spectra of micrographs: the mean over overlapping tiles."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from icestream.model import Image, Spectrum, Stack
from icestream.processing.backend import operations

__all__ = ["FINEST_PIXEL", "PowerSpectrum", "Tiles", "UnusableImage", "power_spectrum"]

FINEST_PIXEL = 1.4
"""Å: spectra end at twice this length, since Thon rings are hardly ever followed beyond."""

_SMALLEST_TILE = 128
_LEAST_GOOD = 0.9


class UnusableImage(ValueError):
    """The image has nothing that a CTF could be fitted to; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tiles:
    """Partial spectra: the power of each tile that was averaged."""

    power: NDArray[np.float32]
    """``(tiles, n, n // 2 + 1)``, in the order of rfft2."""
    places: NDArray[np.float64]
    """``(tiles, 2)``: (y, x) of the middle of each tile from the middle of the image, Å."""
    side: float
    """Å."""

    @property
    def variance_ratio(self) -> float:
        """Variance of a mean over the tiles, over that of as many tiles that do not overlap.

        Where the windows of two tiles have the overlap ``r``, their powers have the correlation
        ``r²``; for sine windows a distance of ``u`` sides gives
        ``(1 - u) cos(pi u) + sin(pi u) / pi`` along each axis.
        """
        apart = np.abs(self.places[:, None] - self.places[None, :]) / self.side
        near = np.minimum(apart, 1.0)
        overlap = (1.0 - near) * np.cos(np.pi * near) + np.sin(np.pi * near) / np.pi
        return float(np.sum(np.prod(overlap, axis=-1) ** 2) / len(self.places))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowerSpectrum:
    """Mean power of the tiles of an image."""

    power: Spectrum
    """``(n, n)``, the origin at ``[n // 2, n // 2]``."""
    step: float
    """1/Å per pixel of `power`."""
    tiles: int = 1
    """How many tiles were averaged."""
    left_out: int = 0
    """How many tiles were left out, as empty, or as carbon or ice by their low-frequency power."""
    parts: Tiles | None = None
    """The tiles themselves, where they are known."""

    @property
    def pixel_size(self) -> float:
        """Å per pixel of an image that has this spectrum."""
        return 1.0 / (self.step * len(self.power))


def power_spectrum(
    image: Image | Stack, pixel_size: float, *, tile_size: int = 512, threads: int = 1
) -> PowerSpectrum:
    """Average the periodograms of overlapping tiles.

    Tiles are as large as gives `tile_size` frequencies at a pixel of at least 1.4 Å, so the
    spectrum is resampled by the choice of the tile alone. They overlap by half, which with their
    sine (square root of Hann) window counts every part of the image alike but for the margin; a
    larger overlap was measured to be worse, since it favors the middle. Each tile is scaled to
    the same noise power. Tiles that are empty, or whose power at low frequency is far above that
    of the others (carbon, contamination, crystals), are left out.

    Parameters
    ----------
    image
        ``(y, x)``, at least 128 pixels along each side. Pixels that are not finite are replaced
        by the mean; a tile where they are more than a tenth is left out. Or ``(groups, y, x)``:
        sums over groups of frames, whose powers are averaged. Water moves under the beam, so
        that at 5 Å its rings add up only within some 4 e/Å²; what is left of motion between
        groups then does not matter either.
    pixel_size
        Å.
    tile_size
        Pixels of the spectrum.
    threads
        For the Fourier transforms.

    Raises
    ------
    UnusableImage
        If the image is too small, or constant, or has too few finite pixels.

    References
    ----------
    Welch (1967), doi:10.1109/TAU.1967.1161901;
    McMullan et al. (2015), doi:10.1016/j.ultramic.2015.05.017
    """
    if image.ndim not in (2, 3) or min(image.shape[-2:]) < _SMALLEST_TILE:
        raise UnusableImage(
            f"the image has shape {image.shape}; "
            f"a CTF needs at least {_SMALLEST_TILE} x {_SMALLEST_TILE} pixels"
        )
    groups = image if image.ndim == 3 else image[None]
    shape = groups.shape[1:]
    side, box = _tile_sides(min(shape), pixel_size, tile_size)
    corners = [(y, x) for y in _starts(shape[0], side) for x in _starts(shape[1], side)]
    kept = np.empty((len(corners), box, box // 2 + 1), dtype=np.float32)
    places: list[tuple[float, float]] = []
    for row, column in corners:
        for number, group in enumerate(groups):
            tile = _periodogram(group[row : row + side, column : column + side], box, threads)
            if tile is None:
                break
            kept[len(places)] = tile if number == 0 else kept[len(places)] + tile
        else:
            middle = (row + 0.5 * (side - shape[0]), column + 0.5 * (side - shape[1]))
            places.append((middle[0] * pixel_size, middle[1] * pixel_size))
    if not places:
        raise UnusableImage(
            f"all {len(corners)} tiles of the image are constant or not finite; "
            "look at the image: the beam was off, or the file is damaged"
        )
    kept = kept[: len(places)]
    kept /= np.float32(len(groups))
    good = _ordinary(kept, 1.0 / (side * pixel_size))
    parts = Tiles(
        power=kept if good.all() else kept[good],
        places=np.array(places)[good],
        side=side * pixel_size,
    )
    return average(parts, left_out=len(corners) - len(parts.places))


def average(parts: Tiles, *, left_out: int = 0) -> PowerSpectrum:
    """The mean spectrum of tiles."""
    mean = np.asarray(parts.power.mean(axis=0, dtype=np.float64), dtype=np.float32)
    return PowerSpectrum(
        power=_full(mean, parts.power.shape[1]),
        step=1.0 / parts.side,
        tiles=len(parts.places),
        left_out=left_out,
        parts=parts,
    )


def _tile_sides(shortest: int, pixel_size: float, tile_size: int) -> tuple[int, int]:
    """Pixels of a tile in the image, and of the spectrum that is cut from its transform."""
    ratio = max(1.0, FINEST_PIXEL / pixel_size)
    side = int(scipy.fft.next_fast_len(math.ceil(tile_size * ratio), real=True))
    if side % 2:
        side = 2 * int(scipy.fft.next_fast_len(side // 2 + 1, real=True))
    side = min(side, shortest - shortest % 2)
    return side, min(side, 2 * round(side / ratio / 2))


def _starts(length: int, side: int) -> list[int]:
    """First pixels of tiles that cover `length` evenly and overlap by at least half."""
    count = 1 + math.ceil((length - side) / (side / 2))
    return [round(place) for place in np.linspace(0, length - side, count)]


def _periodogram(tile: Image, box: int, threads: int) -> NDArray[np.float32] | None:
    """Power of one tile in the order of rfft2, cut to `box`; None when the tile is empty."""
    values = np.asarray(tile, dtype=np.float32)
    finite = np.isfinite(values)
    share = float(finite.mean())
    if share < _LEAST_GOOD:
        return None
    mean = np.float32(values[finite].mean(dtype=np.float64))
    values = values - mean if share == 1.0 else np.where(finite, values - mean, np.float32(0.0))
    side = len(values)
    window = np.sin(np.pi * (np.arange(side, dtype=np.float32) + 0.5) / side)
    values = values * (window[:, None] * window[None, :])
    transform = operations(values).rfft2(values, threads=threads)
    half = box // 2
    transform = np.concatenate((transform[:half], transform[-half:]))[:, : half + 1]
    power = transform.real**2 + transform.imag**2
    noise = float(power[half // 2 : half, : half // 2].mean(dtype=np.float64))
    if not noise > 1e-12 * float(mean) ** 2 + 1e-30:
        return None
    return np.asarray(power / np.float32(noise), dtype=np.float32)


def _ordinary(tiles: NDArray[np.float32], step: float) -> NDArray[np.bool_]:
    """Which tiles have ordinary power between 100 and 15 Å."""
    half = len(tiles[0]) // 2
    rows = np.fft.fftfreq(2 * half, 1.0 / (2 * half))[:, None]
    radius = np.hypot(rows, np.arange(half + 1)[None, :]) * step
    ring = (radius > 1.0 / 100.0) & (radius < 1.0 / 15.0)
    if len(tiles) < 5 or not ring.any():
        return np.ones(len(tiles), dtype=np.bool_)
    low = np.log([float(tile[ring].mean()) for tile in tiles])
    middle = float(np.median(low))
    spread = 1.4826 * float(np.median(np.abs(low - middle)))
    # A tile of twice the ordinary power is still harmless, however alike the others are.
    return np.asarray(low <= middle + max(3.0 * spread, math.log(2.0)))


def _full(half_plane: NDArray[np.float32], box: int) -> Spectrum:
    """The whole spectrum, centered, from the half plane of rfft2."""
    half = box // 2
    full = np.empty((box, box), dtype=np.float32)
    full[:, half:] = np.fft.fftshift(half_plane, axes=0)[:, :half]
    # Friedel: P(-ky, -kx) = P(ky, kx); row 0 (-Nyquist) is its own partner.
    mirrored = np.roll(np.fft.fftshift(half_plane, axes=0)[::-1], 1, axis=0)
    full[:, :half] = mirrored[:, half:0:-1]
    return full
