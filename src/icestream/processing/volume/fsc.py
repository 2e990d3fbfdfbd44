"""Fourier shell correlation of two volumes."""

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.polar import Complex, Float
from icestream.processing.volume.slices import Map, cube_of

__all__ = [
    "AGREED",
    "at_limit",
    "cube_correlation",
    "fourier_shell_correlation",
    "resolution_at",
    "shell_numbers",
]

AGREED = 0.143
"""Correlation of halves down to which they agree (https://doi.org/10.1016/j.jmb.2003.07.013)."""


def shell_numbers(reach: int) -> NDArray[np.int64]:
    """Shell ``(2 reach + 1, 2 reach + 1, reach + 1)`` of each sample of a cube, from 0."""
    axis = np.arange(-reach, reach + 1, dtype=np.float64) ** 2
    distance = np.sqrt(axis[:, None, None] + axis[:, None] + axis[reach:])
    return np.asarray(np.rint(distance), dtype=np.int64)


def cube_correlation(first: Complex, second: Complex) -> Float:
    """Correlation ``(reach + 1,)`` of two cubes on each shell; shell 0 is the origin."""
    reach = first.shape[2] - 1
    shells = shell_numbers(reach).ravel()
    # The plane kx = 0 is there whole, of the others one half.
    share = np.full(first.shape, 2.0)
    share[..., 0] = 1.0

    def total(values: NDArray[np.floating]) -> NDArray[np.float64]:
        summed = np.bincount(shells, (values * share).ravel())[: reach + 1]
        return np.asarray(summed, dtype=np.float64)

    product = total((first * second.conj()).real)
    power = total(np.square(np.abs(first))) * total(np.square(np.abs(second)))
    return np.asarray(product / np.sqrt(np.maximum(power, 1e-30)), dtype=np.float32)


def fourier_shell_correlation(first: Map, second: Map) -> Float:
    """Correlation ``(box // 2,)`` of two volumes on each shell of Fourier space.

    Shell ``s`` holds the frequencies around ``s / (box * voxel size)``. Source:
    https://doi.org/10.1016/0304-3991(86)90009-6.

    Raises
    ------
    ValueError
        If the volumes are not cubes of the same size.
    """
    if first.shape != second.shape or first.ndim != 3 or len(set(first.shape)) != 1:
        raise ValueError(
            f"two cubic volumes of one size are compared, found {first.shape} and {second.shape}"
        )
    box = len(first)
    reach = box // 2 - 1
    return cube_correlation(cube_of(first, reach, box), cube_of(second, reach, box))


def at_limit(correlation: Float, threshold: float) -> bool:
    """Whether `resolution_at` is but that of the last shell: the true one may be better."""
    return bool(len(correlation) > 1 and (correlation[1:] >= threshold).all())


def resolution_at(correlation: Float, threshold: float, extent: float) -> float:
    """Å at which a shell correlation first falls below `threshold`, between shells linearly.

    Parameters
    ----------
    correlation
        ``(shells,)`` from shell 0, which is not looked at.
    threshold
        0.143 between halves, 0.5 against a reference (https://doi.org/10.1016/j.jmb.2003.07.013).
    extent
        Width of the box, Å.

    Returns
    -------
    float
        0 where the first shell is below already; that of the last shell where none is: a limit,
        see `at_limit`.
    """
    below = np.flatnonzero(correlation[1:] < threshold) + 1
    if not len(below):
        return extent / (len(correlation) - 1)
    shell = int(below[0])
    if shell == 1:
        return 0.0
    high, low = float(correlation[shell - 1]), float(correlation[shell])
    return extent / (shell - 1 + (high - threshold) / (high - low))
