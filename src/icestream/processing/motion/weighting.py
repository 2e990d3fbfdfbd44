"""How much each frequency tells about the motion, as the movie itself says."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.processing.dose import Dose, dose_weights
from icestream.processing.motion.patches import Patches
from icestream.processing.motion.spectra import Band

__all__ = ["TrackSearch", "Weighting", "coarse_weight", "measure_weighting"]

_SMOOTH = 0.002
"""1/Å over which powers are smoothed."""
_LEAST_NOISE = 0.02
"""Part of the power of the frames that is taken as noise at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSearch:
    """How a track is looked for."""

    resolution: float = 10.0
    """Å; finer detail is not used."""
    bfactor: float = 0.0
    """Å², additional fall-off of the weights, ``exp(-bfactor k² / 2)``; 0: as the movie says."""
    max_shift: float = 150.0
    """Å that a frame may be away from the sum of the others."""
    tolerance: float = 0.03
    """Å; the track is found when no frame moves more than this."""
    rounds: int = 20
    """Most iterations of the refinement."""
    smooth: bool = True
    """Learn from the movie how abruptly it moves, and use it."""
    method: Literal["likelihood", "pairwise"] = "likelihood"
    """How the whole frames are aligned: by the likelihood of all frames together, or from the
    shifts between all pairs of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighting:
    """Weights that make the agreement of the frames a log-likelihood."""

    rings: NDArray[np.float64]
    """Weight at each ring."""
    ring_width: float
    """1/Å."""
    signal: NDArray[np.float64]
    """Power of the undamaged signal over that of the noise in one frame, at each ring."""
    resolution: float
    """Å up to which frequencies are used."""
    curvature: NDArray[np.float64]
    """``(n, n)`` expected minus second derivatives of the log-likelihood by the shifts of the
    frames along one axis, 1/Å². Rows add to zero: moving all frames alike changes nothing."""

    @property
    def information(self) -> NDArray[np.float64]:
        """``(n,)`` inverse variance with which each shift can be known against the others, 1/Å²."""
        return np.diag(self.curvature)

    def on(self, band: Band) -> NDArray[np.float32]:
        """The weights on the grid of `band`."""
        ring = band.k / self.ring_width
        weight = np.interp(ring, np.arange(len(self.rings)), self.rings)
        weight[~band.mask(self.resolution)] = 0
        return np.asarray(weight, dtype=np.float32)


def coarse_weight(
    power: NDArray[np.float32], band: Band, resolution: float, bfactor: float
) -> NDArray[np.float32]:
    """Weights for a first alignment: white, and falling as ``exp(-bfactor k² / 2)``.

    Parameters
    ----------
    power
        ``(ky, kx)`` of the frames.
    """
    rings = _find_rings(band)
    level = _smooth(_mean(power, rings), rings.width)
    white = np.divide(1.0, level, out=np.zeros_like(level), where=level > 0)
    weight = np.exp(-0.5 * bfactor * band.k.astype(np.float64) ** 2) * white[rings.number]
    weight[~band.mask(resolution)] = 0
    largest = float(weight.max())
    return np.asarray(weight / largest if largest > 0 else weight, dtype=np.float32)


def measure_weighting(
    patches: Patches, power: NDArray[np.float64], dose: Dose | None, search: TrackSearch
) -> Weighting:
    """Measure signal and noise of the aligned frames and derive the best weights.

    The power of the aligned sums beyond that of their frames is signal; a Wiener filter of the
    reference and the noise of a frame make the weight.

    Parameters
    ----------
    power
        ``(ky, kx)`` of the aligned sums of all patches, as in `Agreement`.
    dose
        As it was given to `cut_patches`.
    search
        Says the finest detail to use and the additional fall-off.
    """
    band = patches.band
    rings = _find_rings(band)
    frames = patches.frames
    inside = band.mask(search.resolution)
    frequency = np.arange(rings.count) * rings.width
    left = np.ones((frames, rings.count)) if dose is None else dose_weights(frequency, frames, dose)
    squares = (left.astype(np.float64) ** 2).sum(axis=0)
    quads = (left.astype(np.float64) ** 4).sum(axis=0)
    each = np.where(inside, patches.power, 0) / len(patches)
    both = np.where(inside, power, 0) / len(patches)
    sums = _smooth(_mean(each, rings, inside), rings.width)
    cross = np.maximum(_smooth(_mean(both - each, rings, inside), rings.width), 0)
    # A spectrum is left * (left * truth + noise): its square and its products hold these powers.
    truth = cross / np.maximum(squares**2 - quads, 1e-9) if frames > 1 else 0 * cross
    noise = np.maximum(sums - truth * quads, _LEAST_NOISE * sums) / squares
    quiet = np.divide(patches.fill, noise, out=np.zeros_like(noise), where=noise > 0)
    signal = truth * quiet / patches.fill
    wiener = squares * signal / (1 + squares * signal)
    wiener *= np.exp(-0.5 * search.bfactor * frequency**2)
    members = rings.members(inside) * len(patches) * patches.fill
    reach = frequency <= 1.0 / search.resolution
    amount = members * wiener * signal * (2 * np.pi * frequency) ** 2 * reach
    pairs = left.astype(np.float64) ** 2
    coupling = (pairs * (amount / squares)) @ pairs.T
    curvature = np.diag(coupling.sum(axis=1)) - coupling
    return Weighting(
        rings=wiener * quiet / squares,
        ring_width=rings.width,
        signal=signal,
        resolution=search.resolution,
        curvature=curvature,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rings:
    """Rings of frequency, as wide as the coarsest frequency of a band."""

    number: NDArray[np.intp]
    """``(ky, kx)`` number of the ring of each frequency, from 0."""
    width: float
    """1/Å."""
    count: int

    def members(self, inside: NDArray[np.bool_]) -> NDArray[np.intp]:
        """``(count,)`` how many of the frequencies that are true in `inside` each ring has."""
        return np.bincount(self.number[inside], minlength=self.count)


def _find_rings(band: Band) -> _Rings:
    width = 1.0 / min(band.extent)
    number = np.rint(band.k / width).astype(np.intp)
    return _Rings(number, width, int(number.max()) + 1)


def _mean(
    values: NDArray[np.floating], rings: _Rings, inside: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Mean of each ring; one without a member gets what lies between its neighbours."""
    everywhere = np.ones(rings.number.shape, dtype=np.bool_)
    total = np.bincount(rings.number.ravel(), weights=values.ravel(), minlength=rings.count)
    members = rings.members(everywhere if inside is None else inside)
    known = members > 0
    mean = np.where(known, total / np.maximum(members, 1), 0.0)
    places = np.arange(rings.count)
    filled: NDArray[np.float64] = np.interp(places, places[known], mean[known])
    return filled


def _smooth(values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    smoothed: NDArray[np.float64] = scipy.ndimage.gaussian_filter1d(
        values, _SMOOTH / width, mode="nearest"
    )
    return smoothed
