"""The sum of the frames of a movie, each moved to where it belongs, with or without weights."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Image
from icestream.processing.backend import Warp, operations
from icestream.processing.backend.cpu import spline_taps
from icestream.processing.dose import Dose, dose_weights, factor_weights
from icestream.processing.fourier import HalfSpectrum, crop_spectrum, frequency_grid
from icestream.processing.motion.halves import half_correlation
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.magnification import Distortion, undo_distortion
from icestream.processing.motion.spectra import Frames

__all__ = ["MovieSums", "Recipe", "sum_frames"]

_FLAT = 0.04
"""Pixels: root mean square change of the shift across a tile."""
_TILES = (64, 32, 16, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Which sums are wanted, and how."""

    dose: Dose | None = None
    """Exposure of the frames, for the weighted sum; None leaves that out."""
    binning: float = 1.0
    """The sums are made smaller by this factor, by cropping in Fourier space."""
    halves: bool = False
    """Also sum every other frame."""
    exact: bool = False
    """Shift and weigh each frame in Fourier space instead of interpolating it; only what local
    motion adds to the shift of the whole frame is interpolated. Takes several times as long."""
    distortion: Distortion = field(default_factory=Distortion)
    """Of the image by the microscope; it is undone in the sums."""


@dataclass(frozen=True, slots=True, eq=False)
class MovieSums:
    """Aligned sums of one movie; both have the mean and the noise power of the plain sum."""

    plain: Image
    weighted: Image | None
    """Dose weighted; None without a dose."""
    halves: tuple[Image, Image] | None = None
    """Plain sums of the first, third, ... and of the second, fourth, ... frame, which add up to
    the plain sum; None where they are not wanted."""

    @property
    def best(self) -> Image:
        """The weighted sum where there is one."""
        return self.plain if self.weighted is None else self.weighted

    def agreement(self, pixel_size: float) -> float | None:
        """`half_correlation` of the halves; None without halves, or where the band is empty."""
        if self.halves is None:
            return None
        correlation = half_correlation(*self.halves, pixel_size)
        return correlation if np.isfinite(correlation) else None


def sum_frames(
    frames: Frames,
    motion: NDArray[np.float64] | LocalMotion,
    recipe: Recipe | None = None,
    *,
    cores: int = 1,
) -> MovieSums:
    """Sum the frames of a movie after moving each of them, in one pass over the counts.

    Small tiles of each frame are interpolated by quintic B-splines and added to a few sums; the
    dose weights, nearly of rank 4, are applied to the Fourier transforms of these sums, so that
    the number of transforms does not grow with the number of frames. The response of the
    interpolation is divided out.

    Parameters
    ----------
    motion
        Shifts of the whole frames ``(n, 2)`` as (dy, dx) in Å, added to the coordinates of a
        frame; or a local model.
    recipe
        What to make; None makes the plain sum alone.

    Notes
    -----
    Against the exact shift of every frame in Fourier space the ring correlation of the sum is
    above 0.999 up to 0.7 of the Nyquist frequency.
    """
    recipe = recipe or Recipe()
    make = _exact_spectra if recipe.exact else _warped_spectra
    spectra = make(frames, motion, recipe, cores)
    size = _binned_shape(frames.shape, recipe.binning)
    transform = operations(spectra.plain).irfft2

    def back(spectrum: HalfSpectrum) -> Image:
        image = transform(spectrum, size, threads=cores)
        if recipe.distortion.major == recipe.distortion.minor == 1:
            return image
        return undo_distortion(image, recipe.distortion, threads=cores)

    halves = None
    if spectra.odd is not None:
        halves = back(spectra.odd), back(spectra.plain - spectra.odd)
    weighted = None if spectra.weighted is None else back(spectra.weighted)
    return MovieSums(back(spectra.plain), weighted, halves)


@dataclass(frozen=True, slots=True, eq=False)
class _Spectra:
    """Of the sums."""

    plain: HalfSpectrum
    weighted: HalfSpectrum | None
    odd: HalfSpectrum | None
    """Of the first, third, ... frame."""


def _warped_spectra(
    frames: Frames, motion: NDArray[np.float64] | LocalMotion, recipe: Recipe, cores: int
) -> _Spectra:
    count, shape, pixel_size = len(frames), frames.shape, frames.pixel_size
    ops = operations(frames.counts)
    factors = None
    rows = np.ones((1, count), dtype=np.float32)
    if recipe.dose is not None:
        factors = factor_weights(count, recipe.dose, np.sqrt(0.5) / pixel_size * 1.01)
        rows = factors.frames
    if recipe.halves:
        odd = (np.arange(count) % 2 == 0).astype(np.float32)
        rows = np.concatenate([rows, odd[None]])
    shifts, tile = _tile_shifts(motion, shape, pixel_size, count)
    sums = ops.xp.zeros((len(rows), *shape), dtype=np.float32)
    warp = Warp(shifts, rows, tile)
    ops.warp_accumulate(sums, frames.counts, frames.gain, warp, threads=cores)
    size = _binned_shape(shape, recipe.binning)
    undo = _inverse_response(shifts, shape, size)
    # Frequencies in units of the table of the weights.
    unit = 1.0 if factors is None else float(factors.frequency[1])
    ky = (np.fft.fftfreq(size[0], pixel_size * shape[0] / size[0]) / unit).astype(np.float32)
    kx = (np.fft.rfftfreq(size[1], pixel_size * shape[1] / size[1]) / unit).astype(np.float32)
    spectra: list[Any] = []
    weighted = None
    for r in range(len(rows)):
        spectrum = ops.rfft2(sums[r], threads=cores)
        spectrum = spectrum if size == shape else crop_spectrum(spectrum, shape, size)
        if factors is not None and r < len(factors.response):
            weighted = ops.xp.zeros_like(spectrum) if weighted is None else weighted
            _add_weighted(weighted, spectrum, undo, (ky, kx), factors.response[r])
        if r == 0 or (recipe.halves and r == len(rows) - 1):
            spectrum *= ops.xp.asarray(undo[0])[:, None]
            spectrum *= ops.xp.asarray(undo[1])
            spectra.append(spectrum)
    return _Spectra(spectra[0], weighted, spectra[1] if recipe.halves else None)


def _add_weighted(
    total: NDArray[Any],
    spectrum: NDArray[Any],
    undo: tuple[NDArray[np.float32], NDArray[np.float32]],
    frequency: tuple[NDArray[np.float32], NDArray[np.float32]],
    table: NDArray[np.floating],
) -> None:
    """Add a spectrum times what undoes its interpolation times a table over the frequency."""
    table = table.astype(np.float32)
    xp = operations(total).xp
    if xp is np:
        _add_rows(total, spectrum, undo, frequency, table)
        return
    ky, kx = (xp.asarray(axis) for axis in frequency)
    k = xp.hypot(ky[:, None], kx[None, :])
    weight = xp.interp(k, xp.arange(len(table)), xp.asarray(table)).astype(np.float32)
    total += spectrum * (weight * xp.asarray(undo[0])[:, None] * xp.asarray(undo[1]))


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _add_rows(
    total: NDArray[np.complex64],
    spectrum: NDArray[np.complex64],
    undo: tuple[NDArray[np.float32], NDArray[np.float32]],
    frequency: tuple[NDArray[np.float32], NDArray[np.float32]],
    table: NDArray[np.float32],
) -> None:
    ky, kx = frequency
    last = np.float32(table.size - 2)
    for y in range(total.shape[0]):
        square, scale = ky[y] * ky[y], undo[0][y]
        for x in range(total.shape[1]):
            k = np.sqrt(square + kx[x] * kx[x])
            place = np.int32(min(k, last))
            part = min(k - np.float32(place), np.float32(1))
            weight = table[place] + part * (table[place + 1] - table[place])
            total[y, x] += spectrum[y, x] * (weight * scale * undo[1][x])


def _exact_spectra(
    frames: Frames, motion: NDArray[np.float64] | LocalMotion, recipe: Recipe, cores: int
) -> _Spectra:
    """As `_warped_spectra`, with one transform of each frame, or three where motion is local."""
    count, shape, pixel_size = len(frames), frames.shape, frames.pixel_size
    ops = operations(frames.counts)
    size = _binned_shape(shape, recipe.binning)
    ky = np.fft.fftfreq(size[0], shape[0] / size[0])
    kx = np.fft.rfftfreq(size[1], shape[1] / size[1])
    k = frequency_grid(size, pixel_size * shape[0] / size[0])
    norm: Any = 0.0
    local = motion if isinstance(motion, LocalMotion) else None
    shifts = motion.shifts if isinstance(motion, LocalMotion) else motion
    plain = ops.xp.zeros((size[0], size[1] // 2 + 1), dtype=np.complex64)
    weighted = None if recipe.dose is None else ops.xp.zeros_like(plain)
    odd = ops.xp.zeros_like(plain) if recipe.halves else None
    for f in range(count):
        image = ops.xp.asarray(frames.counts[f] * frames.gain, dtype=np.float32)
        spectrum = ops.rfft2(image, threads=cores)
        if local is not None:
            spectrum = _bend(frames, local, f, spectrum, cores)
        spectrum = crop_spectrum(spectrum, shape, size) * np.float32(
            size[0] * size[1] / (shape[0] * shape[1])
        )
        moved = ops.shift_and_sum(spectrum[None], (ky, kx), shifts[f : f + 1] / pixel_size)
        plain += moved
        if odd is not None and f % 2 == 0:
            odd += moved
        if recipe.dose is not None and weighted is not None:
            weights = ops.xp.asarray(dose_weights(k, 1, recipe.dose.without_first(f))[0])
            weighted += moved * weights
            norm = norm + weights**2
    if weighted is not None:
        weighted /= (norm / count) ** 0.5
    return _Spectra(plain, weighted, odd)


def _bend(
    frames: Frames, local: LocalMotion, f: int, spectrum: HalfSpectrum, cores: int
) -> HalfSpectrum:
    """Undo in one frame what local motion adds to the shift of the whole frame."""
    shape, ops = frames.shape, operations(spectrum)
    shifts, tile = _tile_shifts(local, shape, frames.pixel_size, len(frames))
    rest = shifts[f : f + 1] - (local.shifts[f] / frames.pixel_size).astype(np.float32)
    image = ops.irfft2(spectrum, shape, threads=cores)
    bent = ops.xp.zeros((1, *shape), dtype=np.float32)
    even = ops.xp.ones(shape, dtype=np.float32)
    warp = Warp(rest, np.ones((1, 1), dtype=np.float32), tile)
    ops.warp_accumulate(bent, image[None], even, warp, threads=cores)
    undo = _inverse_response(rest, shape, shape)
    result: HalfSpectrum = ops.rfft2(bent[0], threads=cores)
    result *= ops.xp.asarray(undo[0][:, None] * undo[1])
    return result


def _binned_shape(shape: tuple[int, int], binning: float) -> tuple[int, int]:
    """Even sizes close to ``shape / binning``."""
    if binning == 1:
        return shape
    height, width = (max(2 * round(size / binning / 2), 2) for size in shape)
    return height, width


def _tile_shifts(
    motion: NDArray[np.float64] | LocalMotion,
    shape: tuple[int, int],
    pixel_size: float,
    count: int,
) -> tuple[NDArray[np.float32], int]:
    """Shift (dy, dx) of each tile of each frame in pixels, and the side of the tiles."""
    if not isinstance(motion, LocalMotion):
        tile = _TILES[0]
        rows, columns = -(-shape[0] // tile), -(-shape[1] // tile)
        whole = np.asarray(motion, dtype=np.float64) / pixel_size
        full = np.broadcast_to(whole[:, None, None, :], (count, rows, columns, 2))
        return np.ascontiguousarray(full, dtype=np.float32), tile
    edges = np.linspace(-0.5, 0.5, 9)
    grid = np.stack(np.meshgrid(edges, edges, indexing="ij"), axis=-1).reshape(-1, 2)
    bends = motion.at(grid).reshape(count, 9, 9, 2) / pixel_size
    slope = max(
        float(np.sqrt((np.diff(bends, axis=axis) ** 2).mean(axis=(0, 1, 2)).max())) * 8 / side
        for axis, side in ((1, shape[0]), (2, shape[1]))
    )
    tile = next((size for size in _TILES if slope * size < _FLAT), _TILES[-1])
    y = (np.arange(-(-shape[0] // tile)) + 0.5) * tile / shape[0] - 0.5
    x = (np.arange(-(-shape[1] // tile)) + 0.5) * tile / shape[1] - 0.5
    centers = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).reshape(-1, 2)
    moved = motion.at(centers).reshape(count, len(y), len(x), 2) / pixel_size
    return np.ascontiguousarray(moved, dtype=np.float32), tile


def _inverse_response(
    shifts: NDArray[np.float32], shape: tuple[int, int], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What undoes the mean damping along y and x, and scales for the size of the sums."""
    rows = _response(shifts[..., 0].ravel(), np.fft.fftfreq(size[0], shape[0] / size[0]))
    columns = _response(shifts[..., 1].ravel(), np.fft.rfftfreq(size[1], shape[1] / size[1]))
    scale = size[0] * size[1] / (shape[0] * shape[1])
    return (scale / rows).astype(np.float32), (1.0 / columns).astype(np.float32)


def _response(shifts: NDArray[np.float32], frequency: NDArray[Any]) -> NDArray[np.float64]:
    """Mean transfer of the taps over the fractional shifts that occur (cycles per pixel)."""
    share, edges = np.histogram(-shifts % 1.0, bins=64, range=(0.0, 1.0))
    t = 0.5 * (edges[:-1] + edges[1:])
    taps = np.array([spline_taps(part) for part in t], dtype=np.float64)
    distance = np.arange(-2, 4) - t[:, None]
    weight = ((share / share.sum())[:, None] * taps).ravel()
    # The response is smooth: a table of it is enough.
    table = np.linspace(0.0, 0.5, 129)
    mean = np.cos(2 * np.pi * table[:, None] * distance.ravel()) @ weight
    found: NDArray[np.float64] = np.interp(np.abs(frequency), table, mean)
    return found
