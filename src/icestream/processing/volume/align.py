"""Lay one volume onto another: turned, moved and, if need be, mirrored."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.processing.classify2d.polar import Complex, Float
from icestream.processing.volume.fsc import shell_numbers
from icestream.processing.volume.rotations import Rotations, axis_rotations, rotation_grid
from icestream.processing.volume.slices import Map, cube_of, footprint, volume_of

__all__ = [
    "Alignment",
    "Comparison",
    "align",
    "center_of",
    "mirrored",
    "move",
    "symmetrized",
    "turn",
    "varied",
]

_COARSE = 12.0
"""Degrees between the rotations that are tried first."""
_COARSE_RINGS = 8
_STEPS = (6.0, 3.0, 1.5, 0.75)
"""Degrees by which the best of them are improved."""
_BEST = 8
_FINE = 2
"""Samples per Fourier pixel of the volume that is turned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How a volume was laid onto another."""

    volume: Map
    """The volume as it lies then."""
    rotation: Rotations
    """``(3, 3)``, applied last but for the shift."""
    shift: NDArray[np.float64]
    """``(3,)`` (z, y, x) voxels, applied last."""
    hand: bool
    """Whether it was mirrored first."""
    correlation: float
    """Mean correlation of the compared shells, without their isotropic parts."""


def mirrored(volume: Map) -> Map:
    """The other hand: z turned round, the center stays at voxel ``box // 2``."""
    flipped = volume[::-1]
    return np.ascontiguousarray(flipped if len(volume) % 2 else np.roll(flipped, 1, axis=0))


def move(volume: Map, shift: NDArray[np.floating]) -> Map:
    """`volume` with its content moved by ``(3,)`` (z, y, x) voxels, by phases."""
    spectrum = np.fft.rfftn(volume)
    for axis, frequencies in enumerate(_frequencies(volume)):
        shape = [1, 1, 1]
        shape[axis] = -1
        spectrum *= np.exp(-2j * np.pi * frequencies * shift[axis]).reshape(shape)
    return np.fft.irfftn(spectrum, s=volume.shape, axes=(0, 1, 2)).astype(np.float32)


def turn(volume: Map, rotation: Rotations, rings: int) -> Map:
    """`volume` with its content turned by `rotation` ``(3, 3)`` on (x, y, z), up to `rings`."""
    box = len(volume)
    cube = cube_of(volume / footprint(box, _FINE), _FINE * (rings + 1) + 1, box, _FINE)
    turned = np.zeros((2 * rings + 1, 2 * rings + 1, rings + 1), dtype=np.complex64)
    points = _points(rings)
    place = points.astype(np.int64) + np.array([0, rings, rings])
    values = np.empty(len(points), dtype=np.complex64)
    _sample(cube, np.asarray(rotation, dtype=np.float32), points, values)
    turned[place[:, 2], place[:, 1], place[:, 0]] = values
    return volume_of(turned, box, box)


def symmetrized(volume: Map, group: Rotations, rings: int) -> Map:
    """Mean of `volume` turned by all rotations ``(g, 3, 3)`` of a point group, up to `rings`."""
    turned = [turn(volume, element, rings) for element in group]
    return np.asarray(np.mean(turned, axis=0), dtype=np.float32)


class Comparison:
    """Two volumes, prepared for many correlations of one with the other turned.

    Each shell counts for what it has of independent samples, whatever its power; its isotropic
    part, which fits in every orientation, is taken out.

    Parameters
    ----------
    first, second
        ``(m, m, m)``.
    shells
        The shells that are compared, ascending.
    """

    def __init__(self, first: Map, second: Map, shells: NDArray[np.integer]) -> None:
        box, rings = len(first), int(shells[-1])
        points = _points(rings)
        self._points = points[np.isin(np.rint(np.linalg.norm(points, axis=1)), shells)]
        cube = _whitened(cube_of(varied(first), rings + 1, box), 1)
        place = self._points.astype(np.int64) + np.array([0, rings + 1, rings + 1])
        values = cube[place[:, 2], place[:, 1], place[:, 0]]
        self._values = (values / np.sqrt(np.square(np.abs(values)).sum() + 1e-30)).astype(
            np.complex64
        )
        body = varied(second) / footprint(box, _FINE)
        fine = cube_of(body, _FINE * (rings + 1) + 1, box, _FINE)
        self._cube = _whitened(fine, _FINE)

    def correlations(self, rotations: Rotations) -> Float:
        """Correlation ``(n,)`` of the first volume with the second turned by ``(n, 3, 3)``."""
        found = np.empty(len(rotations), dtype=np.float32)
        matrices = np.ascontiguousarray(rotations, dtype=np.float32)
        _correlate(self._cube, matrices, self._points, self._values, found)
        return found

    def improve(self, rotation: Rotations, steps: tuple[float, ...] = _STEPS) -> Rotations:
        """Climb from `rotation` to the nearest peak of the correlation."""
        best = np.asarray(rotation, dtype=np.float32)
        height = float(self.correlations(best[None])[0])
        for step in steps:
            small = np.concatenate([axis_rotations(np.eye(3), s) for s in (step, -step)])
            while True:
                tried = small @ best
                found = self.correlations(tried)
                if not found.max() > height + 1e-6:
                    break
                height, best = float(found.max()), tried[found.argmax()]
        return best


def align(first: Map, second: Map, rings: int, *, hands: bool = True) -> Alignment:
    """Lay `second` onto `first`.

    Parameters
    ----------
    first, second
        ``(m, m, m)`` of the same voxel size.
    rings
        Highest shell compared, ``width / resolution``.
    hands
        Try the mirrored volume too: projections cannot tell it from the other.

    Notes
    -----
    The center of the densities comes first, then all rotations 12 degrees apart, the best of
    which are improved; the rest of the shift is the peak of the cross-correlation.
    """
    home = center_of(first)
    reference = move(first, -home)
    placements = [
        _lay(reference, second, rings, hand=hand) for hand in ((False, True)[: 1 + hands])
    ]
    best = max(placements, key=lambda alignment: alignment.correlation)
    return Alignment(
        volume=move(best.volume, home),
        rotation=best.rotation,
        shift=best.shift + home,
        hand=best.hand,
        correlation=best.correlation,
    )


def _lay(reference: Map, second: Map, rings: int, *, hand: bool) -> Alignment:
    body = mirrored(second) if hand else second
    start = -center_of(body)
    centered = move(body, start)
    grid = rotation_grid(_COARSE)
    coarse = Comparison(reference, centered, np.arange(2, min(rings, _COARSE_RINGS) + 1))
    best = np.argsort(-coarse.correlations(grid))[:_BEST]
    comparison = Comparison(reference, centered, np.arange(2, rings + 1))
    climbed = np.stack([comparison.improve(grid[index]) for index in best])
    rotation = climbed[comparison.correlations(climbed).argmax()]
    for _ in range(2):
        shift = _peak(reference, turn(centered, rotation, rings), rings)
        back = rotation.T @ shift[::-1]
        start = start + back[::-1]
        centered = move(body, start)
        comparison = Comparison(reference, centered, np.arange(2, rings + 1))
        rotation = comparison.improve(rotation)
    reach = len(second) // 2 - 2
    moved = rotation @ start[::-1]
    return Alignment(
        volume=turn(centered, rotation, reach),
        rotation=rotation,
        shift=moved[::-1].astype(np.float64),
        hand=hand,
        correlation=float(comparison.correlations(rotation[None])[0]),
    )


def center_of(volume: Map) -> NDArray[np.float64]:
    """(z, y, x) of the dense parts, from voxel ``box // 2``."""
    weight = np.square(np.clip(volume, 0.0, None)).astype(np.float64)
    axis = np.arange(len(volume)) - len(volume) // 2
    total = max(float(weight.sum()), 1e-30)
    sums = [weight.sum(axis=others) @ axis for others in ((1, 2), (0, 2), (0, 1))]
    return np.array(sums) / total


def _peak(first: Map, second: Map, rings: int) -> NDArray[np.float64]:
    """Shift (z, y, x) of `second` onto `first`, from the cross-correlation up to `rings`."""
    box = len(first)
    product = cube_of(first, rings, box) * cube_of(second, rings, box).conj()
    product[shell_numbers(rings) > rings] = 0.0
    surface = volume_of(product, box, box)
    peak = np.array(np.unravel_index(surface.argmax(), surface.shape))
    shift = (peak - box // 2).astype(np.float64)
    for axis in range(3):
        line = surface[tuple(slice(None) if a == axis else peak[a] for a in range(3))]
        before, here, after = (float(line[(peak[axis] + d) % box]) for d in (-1, 0, 1))
        bend = before - 2.0 * here + after
        shift[axis] += 0.5 * (before - after) / bend if bend < 0 else 0.0
    return shift


def _frequencies(volume: Map) -> list[NDArray[np.floating]]:
    sizes = volume.shape
    return [np.fft.fftfreq(sizes[0]), np.fft.fftfreq(sizes[1]), np.fft.rfftfreq(sizes[2])]


def _points(rings: int) -> NDArray[np.float32]:
    """Whole frequencies (x, y, z) with x >= 0 up to `rings`."""
    axis = np.arange(-rings, rings + 1)
    z, y, x = np.meshgrid(axis, axis, axis[rings:], indexing="ij")
    inside = x**2 + y**2 + z**2 <= rings**2
    return np.stack([x[inside], y[inside], z[inside]], axis=1).astype(np.float32)


def varied(volume: Map) -> Map:
    """`volume` without what is alike in all directions: the profile of radius that fits it best."""
    axis = np.square(np.arange(len(volume)) - len(volume) // 2)
    radius = np.sqrt(axis[:, None, None] + axis[:, None] + axis).ravel()
    below = radius.astype(np.int64)
    upper = radius - below
    lower, count = 1.0 - upper, int(below.max()) + 2
    bands = np.zeros((2, count))
    bands[1] = np.bincount(below, lower**2, count) + np.bincount(below + 1, upper**2, count)
    bands[1] += 1e-9
    bands[0, 1:] = np.bincount(below, lower * upper, count)[:-1]
    flat = volume.ravel()
    told = np.bincount(below, lower * flat, count) + np.bincount(below + 1, upper * flat, count)
    from scipy.linalg import solveh_banded  # slow to load

    profile = solveh_banded(bands, told)
    isotropic = lower * profile[below] + upper * profile[below + 1]
    return np.asarray(volume - isotropic.reshape(volume.shape), dtype=np.float32)


def _whitened(cube: Complex, oversampling: int) -> Complex:
    """The cube with the same power on all shells."""
    reach = cube.shape[2] - 1
    shells = shell_numbers(reach) // oversampling
    count = np.bincount(shells.ravel())
    power = np.bincount(shells.ravel(), np.square(np.abs(cube)).ravel()) / count
    return np.asarray(cube / np.sqrt(power + 1e-30)[shells], dtype=np.complex64)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _value(cube, m, point):  # type: ignore[no-untyped-def]
    """The cube, twice as fine as its points, at the point turned back: trilinear."""
    reach = cube.shape[2] - 1
    px, py, pz = point[0], point[1], point[2]
    x = (m[0, 0] * px + m[1, 0] * py + m[2, 0] * pz) * _FINE
    y = (m[0, 1] * px + m[1, 1] * py + m[2, 1] * pz) * _FINE
    z = (m[0, 2] * px + m[1, 2] * py + m[2, 2] * pz) * _FINE
    mirror = x < 0.0
    if mirror:
        x, y, z = -x, -y, -z
    y += reach
    z += reach
    i, j, k = int(x), int(y), int(z)
    fx, fy, fz = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    gx, gy, gz = np.float32(1) - fx, np.float32(1) - fy, np.float32(1) - fz
    value = gz * (
        gy * (gx * cube[k, j, i] + fx * cube[k, j, i + 1])
        + fy * (gx * cube[k, j + 1, i] + fx * cube[k, j + 1, i + 1])
    ) + fz * (
        gy * (gx * cube[k + 1, j, i] + fx * cube[k + 1, j, i + 1])
        + fy * (gx * cube[k + 1, j + 1, i] + fx * cube[k + 1, j + 1, i + 1])
    )
    return value.conjugate() if mirror else value


@njit(cache=True, nogil=True, fastmath=True)
def _sample(cube, rotation, points, values):  # type: ignore[no-untyped-def]
    for p in range(len(points)):
        values[p] = _value(cube, rotation, points[p])


@njit(cache=True, nogil=True, fastmath=True)
def _correlate(cube, rotations, points, values, found):  # type: ignore[no-untyped-def]
    for n in range(len(rotations)):
        product, power = 0.0, 0.0
        for p in range(len(points)):
            value = _value(cube, rotations[n], points[p])
            product += value.real * values[p].real + value.imag * values[p].imag
            power += value.real * value.real + value.imag * value.imag
        found[n] = product / np.sqrt(power + 1e-30)
