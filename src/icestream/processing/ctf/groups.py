"""Partial spectra of sums over groups of frames, made while the frames are at hand."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model import Image
from icestream.processing.ctf.spectrum import (
    Tiles,
    add_power,
    taper_window,
    tile_sides,
    tile_starts,
)
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.magnification import Distortion
from icestream.processing.motion.spectra import Frames
from icestream.threads import in_threads

__all__ = ["LEAST_FIELD", "TILE_SIZE", "PackedTiles", "group_tiles"]

TILE_SIZE = 512
"""Frequencies along each side of a spectrum."""
LEAST_FIELD = 3 * TILE_SIZE // 2
"""Pixels along the shorter side of a field from which on spectra of groups are worth it. In a
smaller one only coarse rings rise above the noise, and those, which need no groups, are clearer
in the sum."""
_WAYS = ((4.0, 0.5), (4.0, 0.25), (4.0, 0.0), (6.0, 0.0))
"""e/Å² in a group and least overlap of tiles, the first that is cheap enough. Rings at 5 Å are
strongest in groups of 4; in groups of 8 the errors were half as large again."""
_CHEAP = 0.25
"""Pixels to be transformed over those of all frames: about a fifth of the cost of alignment."""
_SMALL = 2.5e7
"""Pixels that may be transformed however small the movie is."""
_SHORTEST_TAPER = 0.125
_FINE = 1.0
"""Å: finer pixels are binned as far as they stay finer than this."""
_SMALLEST = 128
_LOWEST = (127 - 6) << 4
"""What `pack` makes 0: the number 2⁻⁶."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedTiles:
    """Partial spectra in one byte a number, as they are written to a file."""

    power: NDArray[np.int8]
    """``(tiles, n, n // 2 + 1)``, in the order of rfft2; see `pack`."""
    places: NDArray[np.float64]
    """``(tiles, 2)``: (y, x) of the middle of each tile from the middle of the frame, Å."""
    side: float
    """Å along each side of a tile."""
    taper: float
    """See `Tiles`."""

    def unpack(self) -> Tiles:
        """The partial spectra that a CTF is fitted to."""
        power = unpack(self.power)
        return Tiles(power=power, places=self.places, side=self.side, taper=self.taper)


def pack(power: NDArray[np.float32]) -> NDArray[np.int8]:
    """Positive numbers from 2⁻⁶ to 2¹⁰ in one byte: four bits of exponent, four of fraction.

    Rounding is off by at most 1/33 of the number, a tenth of what a mean over eight
    periodograms is off by. What lies outside gets the nearest number inside.
    """
    bits = np.ascontiguousarray(power, dtype=np.float32).view(np.int32)
    rounded = ((bits + (1 << 18)) >> 19) - _LOWEST
    return np.asarray(np.clip(rounded, 0, 255) - 128, dtype=np.int8)


def unpack(packed: NDArray[np.int8]) -> NDArray[np.float32]:
    """The numbers that `pack` packed."""
    table = (np.arange(_LOWEST, _LOWEST + 256, dtype=np.int32) << 19).view(np.float32)
    return np.asarray(table[packed.astype(np.int16) + 128])


def group_tiles(
    frames: Frames,
    motion: NDArray[np.float64] | LocalMotion,
    dose_per_frame: float,
    *,
    distortion: Distortion | None = None,
    cores: int = 1,
) -> PackedTiles | None:
    """Mean power, over groups of frames of 4 to 6 e/Å², of tiles of a movie.

    Water moves under the beam, so that at 5 Å its rings add up as amplitudes only within a few
    e/Å², and as power beyond: these spectra show more of the rings than that of the sum of all
    frames, see `power_spectrum`. Motion between groups does not matter to them, and frames of
    one group are moved by whole pixels, chosen so that the fractions that they leave are alike.

    Tiles overlap by half where that takes few transforms. In a large field they hardly do, and
    where frames are few groups are larger; windows rise over the overlap, but for an eighth of a
    side at least. What alignment stretches in a tile, on the mean over the frames, is stretched
    in its power, so that the rings are those of the aligned sum.

    Parameters
    ----------
    frames
        Counts and gain.
    motion
        Shifts of the whole frames ``(n, 2)`` as (dy, dx) in Å, added to the coordinates of a
        frame; or a local model.
    dose_per_frame
        e/Å²; positive.
    distortion
        Of the image; it is undone.
    cores
        For the tiles.

    Returns
    -------
    None where the part of the field that all frames show is smaller than 128 pixels, or empty.

    Raises
    ------
    ValueError
        If `dose_per_frame` is not positive.

    References
    ----------
    McMullan et al. (2015), doi:10.1016/j.ultramic.2015.05.017
    """
    if not dose_per_frame > 0.0:
        raise ValueError(f"groups of frames need the dose of a frame, not {dose_per_frame}")
    pixel_size = frames.pixel_size
    first, last = _seen_by_all(motion, frames)
    if min(last - first) < _SMALLEST:
        return None
    binning = max(1, int(_FINE / pixel_size))
    small, box = tile_sides(int(min(last - first)) // binning, binning * pixel_size, TILE_SIZE)
    side = binning * small
    enough = max(_SMALL, _CHEAP * frames.counts.size / binning**2) / small**2
    for dose, overlap in _WAYS:
        count = max(1, round(len(frames) * dose_per_frame / dose))
        groups = np.array_split(np.arange(len(frames)), min(count, len(frames)))
        rows, columns = _grid(first, last, side, overlap)
        if len(groups) * len(rows) * len(columns) <= enough:
            break
    window, taper = _window(rows, columns, side, small)
    corners = np.array([(y, x) for y in rows for x in columns])
    middles = (corners + 0.5 * side) / frames.shape - 0.5
    shifts = _shifts_at(motion, middles) / pixel_size
    straight = np.linalg.inv((distortion or Distortion()).matrix)
    strains = _strains(motion, middles, frames, side)

    def make(tile: int) -> NDArray[np.int8] | None:
        total = np.zeros((box, box // 2 + 1), dtype=np.float32)
        image = np.empty((side, side), dtype=np.float32)
        for group in groups:
            starts = corners[tile] - _whole_pixels(shifts[group, tile])
            counts = frames.counts[group[0] : group[-1] + 1]
            mean = _sum_group(counts, frames.gain, starts, image)
            binned = image
            if binning > 1:
                binned = image.reshape(small, binning, small, binning).mean(axis=(1, 3))
            if not add_power(binned, mean, window, binned, total):
                return None
        stretch = straight @ (np.eye(2) + strains[:, tile].mean(axis=0))
        return pack(_stretched(total, np.float32(1.0 / len(groups)), stretch))

    made = in_threads(make, range(len(corners)), cores)
    kept = [tile for tile, power in enumerate(made) if power is not None]
    if not kept:
        return None
    places = (corners + 0.5 * (side - np.asarray(frames.shape))) * pixel_size @ straight.T
    return PackedTiles(
        power=np.stack([power for power in made if power is not None]),
        places=places[kept],
        side=side * pixel_size,
        taper=taper,
    )


def _grid(
    first: NDArray[np.int64], last: NDArray[np.int64], side: int, overlap: float
) -> tuple[list[int], list[int]]:
    """First rows and columns of tiles of the part of the field from `first` to `last` (y, x)."""
    rows, columns = (
        [int(start) + offset for offset in tile_starts(int(stop - start), side, overlap)]
        for start, stop in zip(first, last, strict=True)
    )
    return rows, columns


def _window(
    rows: list[int], columns: list[int], side: int, small: int
) -> tuple[NDArray[np.float32], float]:
    """Window of `small` pixels, and the part of a side that it rises over: the tiles' overlap."""
    steps = [places[1] - places[0] for places in (rows, columns) if len(places) > 1]
    overlap = 1.0 - max(steps) / side if steps else 0.5
    taper = min(max(overlap, _SHORTEST_TAPER), 0.5)
    return taper_window(small, taper), taper


def _shifts_at(
    motion: NDArray[np.float64] | LocalMotion, places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shifts ``(n, places, 2)`` in Å at places of the field, -0.5 to 0.5."""
    if isinstance(motion, LocalMotion):
        return motion.at(places)
    return np.repeat(np.asarray(motion, dtype=np.float64)[:, None], len(places), axis=1)


def _strains(
    motion: NDArray[np.float64] | LocalMotion,
    places: NDArray[np.float64],
    frames: Frames,
    side: int,
) -> NDArray[np.float64]:
    """How alignment stretches each place, ``(n, places, 2, 2)``: shift along (y, x) by (y, x)."""
    strains = []
    for axis in range(2):
        step = np.zeros(2)
        step[axis] = 0.25 * side / frames.shape[axis]
        apart = _shifts_at(motion, places + step) - _shifts_at(motion, places - step)
        strains.append(apart / (0.5 * side * frames.pixel_size))
    return np.stack(strains, axis=-1)


def _seen_by_all(
    motion: NDArray[np.float64] | LocalMotion, frames: Frames
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last (y, x) of the part of the field that every frame shows, a pixel to spare."""
    edges = np.array([-0.5, 0.0, 0.5])
    grid = np.stack(np.meshgrid(edges, edges, indexing="ij"), axis=-1).reshape(-1, 2)
    shifts = _shifts_at(motion, grid).reshape(-1, 2) / frames.pixel_size
    first = np.ceil(np.maximum(shifts.max(axis=0), 0.0)) + 1
    last = np.asarray(frames.shape) + np.floor(np.minimum(shifts.min(axis=0), 0.0)) - 1
    return first.astype(np.int64), last.astype(np.int64)


def _whole_pixels(shifts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Shifts ``(n, 2)`` less a fraction of a pixel that all share, rounded."""
    turn = np.exp(2j * math.pi * shifts).mean(axis=0)
    return np.asarray(np.rint(shifts - np.angle(turn) / (2.0 * math.pi)), dtype=np.int64)


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _sum_group(
    counts: NDArray[Any], gain: Image, corners: NDArray[np.int64], out: NDArray[np.float32]
) -> float:
    """Sum of gain-corrected squares, one of each frame, whose first pixels are `corners`.

    Returns the mean of the sum, which is put into `out`.
    """
    side = out.shape[0]
    total = np.float64(0.0)
    for y in range(side):
        line = out[y]
        line[:] = 0
        for f in range(counts.shape[0]):
            top, left = corners[f]
            row = counts[f, top + y, left : left + side]
            factor = gain[top + y, left : left + side]
            for x in range(side):
                line[x] += np.float32(row[x]) * factor[x]
        total += line.sum()
    return float(total / (side * side))


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _stretched(
    power: NDArray[np.float32], scale: np.float32, stretch: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The power, times a scale, of an image that was stretched by a matrix for (y, x).

    What had the frequency ``stretch.T @ k`` has the frequency k. Which of the pixels around a
    place is taken is drawn with the odds of linear interpolation, so that noise stays as it is.
    """
    size, half = power.shape[0], power.shape[0] // 2
    result = np.empty_like(power)
    drawn = np.uint32(1)
    for row in range(size):
        ky = row if row < half else row - size
        for kx in range(half + 1):
            drawn = np.uint32(drawn * np.uint32(1664525) + np.uint32(1013904223))
            down = stretch[0, 0] * ky + stretch[1, 0] * kx + (drawn >> np.uint32(16)) / 65536.0
            across = stretch[0, 1] * ky + stretch[1, 1] * kx
            y = int(np.floor(down))
            x = int(np.floor(across + (drawn & np.uint32(0xFFFF)) / 65536.0))
            if x < 0:
                y, x = -y, -x
            y, x = min(max(y, 1 - half), half - 1), min(x, half)
            result[row, kx] = scale * power[y if y >= 0 else y + size, x]
    return result
