"""Parts of the field: spectra of tapered patches that are cut where the specimen has moved to."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.processing.dose import Dose, dose_weights
from icestream.processing.motion.spectra import Band, Binned
from icestream.threads import in_threads

__all__ = ["Patches", "cut_patches"]

_TAPER = 12
"""Binned pixels that a patch shares with each of its neighbours: some lengths of the finest
detail."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patches:
    """Spectra of parts of the frames."""

    real: NDArray[np.float32]
    """``(patches, ky, n, kx)``."""
    imaginary: NDArray[np.float32]
    """As `real`."""
    offsets: NDArray[np.float64]
    """``(patches, n, 2)`` (dy, dx), Å: the part of the shift that the cutting has undone."""
    band: Band
    centers: NDArray[np.float64]
    """``(patches, 2)`` (y, x) as fractions of the field, -0.5 to 0.5."""
    grid: tuple[int, int]
    """Patches along (y, x), row by row."""
    fill: float
    """Mean square of the taper: the part of the numbers in a spectrum that is independent."""
    power: NDArray[np.float64]
    """``(ky, kx)``, summed over frames and patches."""

    def __len__(self) -> int:
        return len(self.real)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.real.shape[2])


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _cut(
    frames: NDArray[np.float32],
    corners: NDArray[np.int64],
    window: tuple[NDArray[np.float32], NDArray[np.float32]],
    out: NDArray[np.float32],
) -> None:
    """Patches ``(n, y, x)`` with their corner at `corners` ``(n, 2)``, less their mean."""
    count, height, width = out.shape
    down, across = window
    for f in range(count):
        top, left = corners[f]
        mean = np.float64(0)
        for y in range(height):
            total = np.float32(0)
            for x in range(width):
                value = frames[f, top + y, left + x]
                total += value
                out[f, y, x] = value
            mean += total
        level = np.float32(mean / (height * width))
        for y in range(height):
            for x in range(width):
                out[f, y, x] = (out[f, y, x] - level) * (down[y] * across[x])


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _keep(
    spectra: NDArray[np.complex64],
    left: NDArray[np.float32],
    real: NDArray[np.float32],
    imaginary: NDArray[np.float32],
    power: NDArray[np.float32],
) -> None:
    """Split ``(n, y, kx)`` into real and imaginary parts ``(ky, n, kx)``, damped by `left`."""
    frames, full, width = spectra.shape
    height = real.shape[0]
    for y in range(height):
        source = y if y <= height // 2 else y + full - height
        for f in range(frames):
            for x in range(width):
                re = spectra[f, source, x].real * left[f, y, x]
                im = spectra[f, source, x].imag * left[f, y, x]
                real[y, f, x] = re
                imaginary[y, f, x] = im
                power[y, x] += re * re + im * im


def cut_patches(
    binned: Binned,
    across: int,
    resolution: float,
    dose: Dose | None,
    shifts: NDArray[np.float64],
    *,
    cores: int = 1,
) -> Patches:
    """Cut frames into patches where a coarse track says that the specimen is, and transform them.

    Neighbours overlap a little, with tapers whose squares add to one, so that the patches
    share the power of the frame between them.

    Parameters
    ----------
    across
        Patches along the shorter side, at least 1.
    resolution
        Å; finer detail is cut off.
    dose
        Frames are weighted by the signal that is left in them; None weighs all alike.
    shifts
        ``(n, 2)`` (dy, dx) of the whole frames, Å; undone to the next pixel.
    """
    images, pixel_size = binned.images, binned.pixel_size
    frames, *shape = images.shape
    step = min(shape) / across
    places = [_places(size, step) for size in shape]
    windows = [window for _, window in places]
    sides = [len(window) for window in windows]
    size = [_reach(side, pixel_size, resolution) for side in sides]
    band = Band((size[0], size[1]), (sides[0] * pixel_size, sides[1] * pixel_size))
    left = np.ones((frames, *band.k.shape), dtype=np.float32)
    if dose is not None:
        left = dose_weights(band.k, frames, dose)
    corners = np.array([(top, start) for top in places[0][0] for start in places[1][0]])
    limit = np.array([shape[0] - sides[0], shape[1] - sides[1]])
    whole = np.rint(shifts / pixel_size).astype(np.int64)
    starts = np.clip(corners[:, None] - whole, 0, limit)
    columns = size[1] // 2 + 1
    real = np.empty((len(corners), size[0], frames, columns), dtype=np.float32)
    imaginary = np.empty_like(real)

    def transform(index: int) -> NDArray[np.float32]:
        cut = np.empty((frames, *sides), dtype=np.float32)
        _cut(images, starts[index], (windows[0], windows[1]), cut)
        rows = scipy.fft.rfft(cut, axis=2)[:, :, :columns]
        power = np.zeros((size[0], columns), dtype=np.float32)
        _keep(scipy.fft.fft(rows, axis=1), left, real[index], imaginary[index], power)
        return power

    powers = in_threads(transform, range(len(corners)), cores)
    centers = (corners + np.array(sides) / 2) / shape - 0.5
    fill = float(np.prod([(window.astype(np.float64) ** 2).mean() for window in windows]))
    return Patches(
        real=real,
        imaginary=imaginary,
        offsets=np.asarray((corners[:, None] - starts) * pixel_size, dtype=np.float64),
        band=band,
        centers=centers,
        grid=(len(places[0][0]), len(places[1][0])),
        fill=fill,
        power=np.asarray(powers).sum(axis=0, dtype=np.float64),
    )


def _places(size: int, step: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where patches begin along one axis of `size` pixels, and their taper."""
    count = max(round(size / step), 1)
    wanted = -(-(size + (count - 1) * _TAPER) // count)
    side = min(scipy.fft.next_fast_len(wanted, real=True), size)
    taper = min(_TAPER, side // 4)
    edge = np.sin(0.5 * np.pi * (np.arange(taper) + 0.5) / max(taper, 1))
    window = np.ones(side, dtype=np.float32)
    window[:taper] *= edge
    window[side - taper :] *= edge[::-1]
    return np.rint(np.linspace(0, size - side, count)).astype(np.int64), window


def _reach(side: int, pixel_size: float, resolution: float) -> int:
    """Even size of the spectrum of `side` pixels that reaches `resolution`."""
    wanted = 2 * int(np.ceil(side * pixel_size / resolution)) + 4
    return min(wanted, side - side % 2)
