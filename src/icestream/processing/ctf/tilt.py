"""A plane of focus over the image, fitted to all tiles at once."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model import Optics
from icestream.model.ctf import LEAST_TILT
from icestream.processing.ctf.partial import TileRings
from icestream.processing.ctf.rings import Singles
from icestream.processing.ctf.spectrum import PowerSpectrum, average
from icestream.processing.ctf.transfer import Defocus

__all__ = ["Plane", "fit_plane", "flatten"]

Numbers = NDArray[np.float64]

_FEWEST = 8
"""Tiles below which no tilt can be told from noise."""
_STEEPEST = math.tan(math.radians(65.0))
_CHANCE = 1e-3
"""A tilt is believed where a flat specimen would show one as large less often than this, and where
it is steeper than specimens that nobody tilted show."""
_TABLE_STEP = 25.0
"""Å between the defoci that each tile is compared with."""
_EDGE_STEP = 100.0
"""Å at the outermost tile between the tilts that are tried: a twelfth of a ring at 5 Å."""
_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """How the defocus changes over the image."""

    gradient: tuple[float, float]
    """Å of defocus per Å along (y, x)."""
    error: float
    """Standard error of each component."""
    chance: float
    """How often a flat specimen would show a tilt as large as this, by noise alone."""

    @property
    def tilted(self) -> bool:
        """Whether the tilt is more than noise, and than untilted specimens show."""
        steep = math.hypot(*self.gradient) >= math.tan(math.radians(LEAST_TILT))
        return steep and self.chance < _CHANCE


def fit_plane(tiles: TileRings, depth: Numbers, defocus: Defocus) -> Plane | None:
    """Fit a plane of focus to the rings of all tiles.

    Each tile is compared with the CTF at every defocus around that of the whole image. The score
    of a plane is then a sum over tiles, so all tilts up to 65 degrees are searched without a
    starting point; the best is refined, the mean defocus free.

    Parameters
    ----------
    tiles
        Rings of each tile, along curves of equal phase of the fit to the whole image.
    depth
        ``(rings,)``: depth of the rings, the weight of each.
    defocus
        The fit to the whole image.

    Returns
    -------
    None with fewer than 8 tiles, and where the rings say nothing.

    Notes
    -----
    The errors are those of noise, known from some hundred rings of each tile, raised for the
    overlap of the tiles, and for how much farther than noise alone they scatter about the plane.
    That they happen to scatter less makes no error smaller: of nine tiles, of which the plane
    takes three numbers, it is often so. The chance is that of two numbers with such errors.

    References
    ----------
    Elferich et al. (2024), doi:10.7554/eLife.97227
    """
    reach = float(np.abs(tiles.places).sum(axis=1).max())
    if len(tiles.sums) < _FEWEST or reach == 0.0 or not depth.any():
        return None
    data = tiles.without_background(tiles.sums[:, 0]) * depth
    steepest = min(_STEEPEST, 0.5 * defocus.mean / reach)
    start = _search(tiles, data, (steepest, reach))
    design = np.column_stack([np.ones(len(tiles.places)), tiles.places])
    plane = np.array([0.0, *start])
    curvature = (depth * 2.0 * math.pi * tiles.linear) ** 2 * tiles.counts
    for _ in range(_ROUNDS):
        phase = 2.0 * math.pi * (tiles.turns + np.outer(design @ plane, tiles.linear))
        pulls = (data * np.sin(phase)) @ (2.0 * math.pi * tiles.linear)
        stiffness = np.maximum((np.sin(phase) ** 2) @ curvature, 1e-12)
        information = (design * stiffness[:, None]).T @ design
        plane = plane + np.linalg.solve(information, design.T @ pulls)
    inverse = np.linalg.inv(information)
    share = np.sum((design @ inverse) * design, axis=1) * stiffness
    noise = _noise(tiles, depth, design @ plane)
    ratio = tiles.variance_ratio
    scatter = float(np.sum(pulls**2 / stiffness)) / (noise * float(np.sum(1.0 - ratio * share)))
    covariance = (inverse * (noise * ratio * max(scatter, 1.0)))[1:, 1:]
    slope = plane[1:]
    height = float(slope @ np.linalg.solve(covariance, slope)) / 2.0
    return Plane(
        gradient=(float(slope[0]), float(slope[1])),
        error=math.sqrt(0.5 * float(np.trace(covariance))),
        chance=math.exp(-height),
    )


def _noise(tiles: TileRings, depth: Numbers, offsets: Numbers) -> float:
    """Variance of a pixel of one tile, as rings scatter about what all tiles share."""
    phase = 2.0 * math.pi * (tiles.turns + np.outer(offsets, tiles.linear))
    rest = tiles.sums[:, 0] + tiles.counts * depth * np.cos(phase)
    apart = rest - rest.mean(axis=0)
    used = tiles.counts > 0
    squares = np.sum(apart[:, used] ** 2, axis=0) / (len(rest) - tiles.variance_ratio)
    return float(np.mean(squares / tiles.counts[used]))


def _search(tiles: TileRings, data: Numbers, limits: tuple[float, float]) -> tuple[float, float]:
    """The gradient (y, x) that the tiles like best, on a grid up to ``limits = (slope, Å)``."""
    steepest, reach = limits
    farthest = math.ceil(steepest * reach / _TABLE_STEP)
    trial = np.arange(-farthest, farthest + 1) * _TABLE_STEP
    model = -np.cos(2.0 * math.pi * (tiles.turns[:, None] + np.outer(tiles.linear, trial)))
    table = (data @ model).ravel()
    first = np.arange(len(data)) * len(trial) + farthest
    steps = max(1, math.ceil(steepest * reach / _EDGE_STEP))
    slopes = np.linspace(-steepest, steepest, 2 * steps + 1)
    along = slopes[:, None] * tiles.places[:, 1]
    best, tilt = -math.inf, (0.0, 0.0)
    for slope in slopes:
        offset = np.rint((slope * tiles.places[:, 0] + along) / _TABLE_STEP).astype(np.int64)
        offset = np.clip(offset, -farthest, farthest)
        score = table[first + offset].sum(axis=1)
        score[slopes**2 + slope**2 > steepest**2 * 1.0001] = -math.inf
        index = int(score.argmax())
        if score[index] > best:
            best, tilt = float(score[index]), (float(slope), float(slopes[index]))
    return tilt


def flatten(
    spectrum: PowerSpectrum, plane: Plane, defocus: Defocus, optics: Optics
) -> PowerSpectrum:
    """The spectrum as it were if the specimen lay flat in the middle of the image.

    Every pixel of a tile is moved outwards or inwards to where the phase of the middle's CTF is
    that of the tile's. Pixels keep their values (none are mixed), so noise stays what it is; which
    of the pixels around a place is taken is drawn with the odds of linear interpolation.

    Parameters
    ----------
    spectrum
        With its tiles.
    plane
        How the defocus changes over the image.
    defocus, optics
        CTF in the middle of the image.
    """
    parts = spectrum.parts
    if parts is None:
        raise ValueError("a spectrum without its tiles cannot be flattened: average it from tiles")
    offsets = parts.places @ np.asarray(plane.gradient)
    mean = parts.power.mean(axis=0)
    fit = (defocus.mean, *defocus.vector)
    bend = optics.wavelength**2 * optics.spherical_aberration * 1e7
    power = np.stack(
        [
            _moved(tile, mean, 1.0 / parts.side, np.array([*fit, bend, offset]))
            for tile, offset in zip(parts.power, offsets, strict=True)
        ]
    )
    return average(replace(parts, power=power), left_out=spectrum.left_out)


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _moved(tile: Singles, mean: Singles, step: float, fit: Numbers) -> Singles:
    """One tile with its pixels where their phase belongs; from `mean` what lies outside."""
    size, half = tile.shape[0], tile.shape[0] // 2
    result = np.empty_like(tile)
    defocus, along, across, bend, offset = fit
    drawn = np.uint32(1)
    for row in range(size):
        ky = row if row < half else row - size
        for kx in range(half + 1):
            radius = float(ky * ky + kx * kx)
            if radius == 0.0:
                result[row, kx] = tile[row, kx]
                continue
            local = defocus + (along * (kx * kx - ky * ky) + 2.0 * across * kx * ky) / radius
            squared = radius * step * step
            path = squared * local - 0.5 * bend * squared * squared
            other = local + offset
            inside = other * other - 2.0 * bend * path
            factor = 2.0 * path / (other + math.sqrt(max(inside, 0.0))) / squared
            factor = math.sqrt(max(factor, 0.0))
            # A linear congruential generator: the same places for every tile and every run.
            drawn = np.uint32(drawn * np.uint32(1664525) + np.uint32(1013904223))
            y = int(np.floor(ky * factor + (drawn >> np.uint32(16)) / 65536.0))
            x = int(np.floor(kx * factor + (drawn & np.uint32(0xFFFF)) / 65536.0))
            if inside <= 0.0 or other <= 0.0 or abs(y) >= half or x > half:
                result[row, kx] = mean[row, kx]
            else:
                result[row, kx] = tile[y if y >= 0 else y + size, x]
    return result
