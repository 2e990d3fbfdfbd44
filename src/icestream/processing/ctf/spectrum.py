"""Power spectra of micrographs: the mean over overlapping tiles."""

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model import Image, Spectrum, Stack

__all__ = ["FINEST_PIXEL", "PowerSpectrum", "Tiles", "UnusableImage", "power_spectrum"]

FINEST_PIXEL = 1.4
"""Å: spectra end at twice this length, since Thon rings are hardly ever followed beyond."""

_SMALLEST_TILE = 128
_LEAST_GOOD = 0.9
_FINE = 256
"""Steps in which windows are moved over each other."""


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
    taper: float = 0.5
    """Over which part of a side the window rises: a quarter of a sine wave."""

    @property
    def variance_ratio(self) -> float:
        """Variance of a mean over the tiles, over that of as many tiles that do not overlap.

        Where the windows of two tiles have the overlap ``r``, their powers have the correlation
        ``r²``.
        """
        window = taper_window(_FINE, self.taper).astype(np.float64)
        overlap = np.correlate(window, window, "full")[_FINE - 1 :] / np.sum(window**2)
        apart = np.abs(self.places[:, None] - self.places[None, :]) / self.side
        shared = np.interp(apart, np.arange(_FINE + 1) / _FINE, np.append(overlap, 0.0))
        return float(np.sum(np.prod(shared, axis=-1) ** 2) / len(self.places))

    @property
    def spread(self) -> float:
        """How much larger the variance of a sum over pixels is than if they were independent.

        Neighbours in the spectrum of a tapered tile are correlated: ``sum w⁴ / (sum w²)²`` along
        each axis, 2.25 for a sine window.
        """
        return float(((1.0 - 1.25 * self.taper) / (1.0 - self.taper) ** 2) ** 2)


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
        that at 5 Å its rings add up only within a few e/Å²; what is left of motion between
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
    groups = np.asarray(image, dtype=np.float32).reshape(-1, *image.shape[-2:])
    shape = groups.shape[1:]
    side, box = tile_sides(min(shape), pixel_size, tile_size)
    corners = [(y, x) for y in tile_starts(shape[0], side) for x in tile_starts(shape[1], side)]
    kept = np.zeros((len(corners), box, box // 2 + 1), dtype=np.float32)
    places: list[tuple[float, float]] = []
    window, work = taper_window(side), np.empty((side, side), dtype=np.float32)
    for row, column in corners:
        total = kept[len(places)]
        total[:] = 0.0
        tiles = groups[:, row : row + side, column : column + side]
        if all(_add_tile(tile, window, work, total, threads) for tile in tiles):
            middle = (row + 0.5 * (side - shape[0]), column + 0.5 * (side - shape[1]))
            places.append((middle[0] * pixel_size, middle[1] * pixel_size))
    if not places:
        raise UnusableImage(
            f"all {len(corners)} tiles of the image are constant or not finite; "
            "look at the image: the beam was off, or the file is damaged"
        )
    kept = kept[: len(places)]
    kept /= np.float32(len(groups))
    parts = Tiles(power=kept, places=np.array(places), side=side * pixel_size)
    return average_ordinary(parts, left_out=len(corners) - len(places))


def average_ordinary(parts: Tiles, *, left_out: int = 0) -> PowerSpectrum:
    """The mean spectrum of tiles, without those whose power at low frequency is far above."""
    good = _ordinary(parts.power, 1.0 / parts.side)
    left_out += int(np.count_nonzero(~good))
    if not good.all():
        parts = replace(parts, power=parts.power[good], places=parts.places[good])
    return average(parts, left_out=left_out)


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


def tile_sides(shortest: int, pixel_size: float, tile_size: int) -> tuple[int, int]:
    """Pixels of a tile in the image, and of the spectrum that is cut from its transform."""
    ratio = max(1.0, FINEST_PIXEL / pixel_size)
    side = int(scipy.fft.next_fast_len(math.ceil(tile_size * ratio), real=True))
    if side % 2:
        side = 2 * int(scipy.fft.next_fast_len(side // 2 + 1, real=True))
    side = min(side, shortest - shortest % 2)
    return side, min(side, 2 * round(side / ratio / 2))


def tile_starts(length: int, side: int, overlap: float = 0.5) -> list[int]:
    """First pixels of tiles that cover `length` evenly and overlap by at least that part."""
    count = 1 + math.ceil((length - side) / (side * (1.0 - overlap)))
    return [round(place) for place in np.linspace(0, length - side, count)]


def _add_tile(
    tile: Image,
    window: NDArray[np.float32],
    work: NDArray[np.float32],
    total: NDArray[np.float32],
    threads: int,
) -> bool:
    """Add the power of a tile, whose pixels need not be finite; see `add_power`."""
    mean = float(tile.mean(dtype=np.float64))
    if not math.isfinite(mean):
        finite = np.isfinite(tile)
        if float(finite.mean()) < _LEAST_GOOD:
            return False
        mean = float(tile[finite].mean(dtype=np.float64))
        tile = np.where(finite, tile, np.float32(mean))
    return add_power(tile, mean, window, work, total, threads)


def add_power(
    tile: Image,
    mean: float,
    window: NDArray[np.float32],
    work: NDArray[np.float32],
    total: NDArray[np.float32],
    threads: int = 1,
) -> bool:
    """Add the power of one tile, over that of its noise, to `total`, in the order of rfft2.

    `mean` is that of the tile, and `window` is applied along both axes; `work` is as large as the
    tile, and may be the tile; `total` ends at a lower frequency where it is smaller. False, and
    nothing is added, when the tile is empty.
    """
    _put_window(tile, np.float32(mean), window, work)
    half = len(total) // 2
    # Columns beyond the highest frequency are not needed.
    rows = scipy.fft.rfft(work, axis=1, workers=threads)[:, : half + 1]
    transform = scipy.fft.fft(rows, axis=0, workers=threads, overwrite_x=True)
    corner = transform[half // 2 : half, : half // 2]
    noise = float(np.mean(corner.real**2 + corner.imag**2, dtype=np.float64))
    if not noise > 1e-12 * mean**2 + 1e-30:
        return False
    _add_scaled(transform, np.float32(1.0 / noise), total)
    return True


def taper_window(side: int, taper: float = 0.5) -> NDArray[np.float32]:
    """Window along one axis, which rises as a quarter of a sine wave over `taper` of the side.

    Where tiles overlap by as much, their windows' squares add up to one.
    """
    place = (np.arange(side) + 0.5) / side
    edge = np.minimum(np.minimum(place, 1.0 - place) / taper, 1.0)
    return np.sin(0.5 * np.pi * edge).astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _put_window(
    tile: Image, mean: np.float32, window: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """The tile without its mean, times the window along both axes."""
    for y in range(tile.shape[0]):
        for x in range(tile.shape[1]):
            out[y, x] = (tile[y, x] - mean) * window[y] * window[x]


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _add_scaled(
    transform: NDArray[np.complex64], scale: np.float32, total: NDArray[np.float32]
) -> None:
    """Add the power of a half plane to one of as many rows, or fewer."""
    half = total.shape[0] // 2
    for row in range(total.shape[0]):
        source = row if row < half else row + transform.shape[0] - total.shape[0]
        for x in range(total.shape[1]):
            value = transform[source, x]
            total[row, x] += scale * (value.real * value.real + value.imag * value.imag)


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
