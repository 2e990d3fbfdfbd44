"""Local motion: how the parts of the field move against the whole frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model.arrays import Stack
from icestream.processing.dose import Dose, dose_weights
from icestream.processing.fourier import HalfSpectrum, crop_spectrum
from icestream.processing.motion.spectra import Band, derivatives, in_threads
from icestream.processing.motion.track import Search, Track

__all__ = ["LocalMotion", "Patches", "cut_patches", "fit_local_motion"]

_SCALE = np.array([12.0, 180.0, 12.0, 180.0, 144.0]) ** 0.5
"""Makes x, x² - 1/12, y, y² - 1/12 and xy of mean square 1 over the field."""
_PRIOR = 6.0
"""Å: typical local motion, a weak prior that only keeps the fit finite."""
_LEARNING = 30
"""Rounds in which the size of the local motion is learned."""
_DOMINANT = 3.0
"""A patch counts at most this many times as much as the median patch."""


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Spectra of overlapping parts of the frames."""

    spectra: HalfSpectrum
    """``(patches, n, ky, kx)``."""
    band: Band
    centers: NDArray[np.float64]
    """``(patches, 2)`` (y, x) as fractions of the field, -0.5 to 0.5."""
    grid: tuple[int, int]
    """Patches along (y, x); `spectra` has them row by row."""
    share: float
    """Part of the power of the whole frame that is in one patch."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalMotion:
    """Whole-frame shifts and a polynomial for the rest, fitted together."""

    shifts: NDArray[np.float64]
    """``(n, 2)`` Å, mean over the field, relative to the first frame."""
    coefficients: NDArray[np.float64]
    """``(2, 18)`` for (y, x), Å: ``(t, t², t³)`` times ``1, x, x², y, y², xy`` in turn, with
    x and y in -0.5..0.5 and t the frame number from 0."""
    gain: float
    """Log-likelihood that held-out patches gain by the model; positive when it predicts them."""

    def at(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shifts ``(n, places, 2)`` in Å at `centers` ``(places, 2)``, the global part included."""
        frames = np.arange(len(self.shifts), dtype=np.float64)
        times = np.stack([frames, frames**2, frames**3])
        y, x = centers[:, 0], centers[:, 1]
        places = np.stack([np.ones_like(x), x, x * x, y, y * y, x * y])
        terms = self.coefficients.reshape(2, 6, 3)
        local = np.einsum("csa,af,sp->fpc", terms, times, places)
        moved: NDArray[np.float64] = self.shifts[:, None, :] + local
        return moved


def cut_patches(
    binned: Stack,
    pixel_size: float,
    across: int,
    resolution: float,
    dose: Dose | None,
    *,
    cores: int = 1,
) -> Patches:
    """Cut frames into patches that overlap by half and transform them.

    The square-root Hann windows make the patches share the power of the frame between them.

    Parameters
    ----------
    binned
        ``(n, y, x)``.
    pixel_size
        Å per pixel of `binned`.
    across
        Patches along the shorter side, at least 2.
    """
    frames, height, width = binned.shape
    step = min(height, width) // (across + 1)
    side = fft.next_fast_len(2 * step, real=True)
    side -= side % 2
    side = min(side, height, width)
    grid = (max(round(height / step) - 1, 1), max(round(width / step) - 1, 1))
    tops = np.rint(np.linspace(0, height - side, grid[0])).astype(int)
    lefts = np.rint(np.linspace(0, width - side, grid[1])).astype(int)
    window = np.sin(np.pi * (np.arange(side) + 0.5) / side).astype(np.float32)
    mask = window[:, None] * window
    size = min(side, 2 * int(np.ceil(side * pixel_size / resolution)) + 4)
    band = Band((size, size), pixel_size * side / size)
    left = None if dose is None else dose_weights(band.k, frames, dose)
    corners = [(top, corner) for top in tops for corner in lefts]
    spectra = np.empty((len(corners), frames, size, size // 2 + 1), dtype=np.complex64)

    def transform(index: int) -> None:
        top, corner = corners[index]
        cut = binned[:, top : top + side, corner : corner + side]
        cut = (cut - cut.mean(axis=(1, 2), keepdims=True)) * mask
        spectra[index] = crop_spectrum(fft.rfft2(cut), (side, side), band.shape)
        if left is not None:
            spectra[index] *= left

    in_threads(transform, range(len(corners)), cores)
    centers = (np.array(corners, dtype=np.float64) + side / 2) / (height, width) - 0.5
    share = float((mask.astype(np.float64) ** 2).sum()) / (height * width)
    return Patches(spectra, band, centers, grid, share)


class _Model:
    """Linear model of the shifts of all patches: one shift per frame, and the polynomial."""

    def __init__(self, frames: int, precision: NDArray[np.float64]) -> None:
        number = np.arange(frames, dtype=np.float64)
        powers = np.stack([number, number**2, number**3], axis=1)[:, : max(min(3, frames - 2), 1)]
        self.times, self.to_powers = np.linalg.qr(powers)
        self.frames = frames
        self.local = 5 * self.times.shape[1]
        self.size = frames + self.local
        self.prior = np.zeros((self.size, self.size))
        self.prior[:frames, :frames] = precision
        places = np.arange(frames, self.size)
        self.prior[places, places] = 1.0 / (_PRIOR**2 * frames)

    def design(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(patches, n, unknowns)``."""
        y, x = centers[:, 0], centers[:, 1]
        space = np.stack([x, x * x - 1 / 12, y, y * y - 1 / 12, x * y], axis=1) * _SCALE
        local = np.einsum("ps,fa->pfsa", space, self.times)
        local = local.reshape(len(centers), self.frames, self.local)
        whole = np.broadcast_to(np.eye(self.frames), (len(centers), self.frames, self.frames))
        return np.concatenate([whole, local], axis=2)

    def learn(self, normal: NDArray[np.float64], unknowns: NDArray[np.float64]) -> None:
        """Set the prior of the polynomial from its likely size, by expectation-maximization.

        Terms that the patches do not support are drawn to zero instead of fitting noise. The size
        is shared by both axes and by the linear or the quadratic terms at one power of time.

        Parameters
        ----------
        normal
            Curvature of the log-likelihood at its maximum, without prior.
        unknowns
            ``(unknowns, 2)`` there.
        """
        count = self.times.shape[1]
        places = np.arange(self.frames, self.size).reshape(5, count)
        pull = (normal + self.prior) @ unknowns
        for _ in range(_LEARNING):
            inverse = np.linalg.inv(normal + self.prior)
            guess = inverse @ pull
            power = (guess**2).mean(axis=1) + np.diag(inverse)
            for terms in ((0, 2), (1, 3, 4)):
                for power_of_time in range(count):
                    group = places[list(terms), power_of_time]
                    self.prior[group, group] = 1.0 / max(float(power[group].mean()), 1e-12)

    def coefficients(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The polynomial in the order of `LocalMotion.coefficients`."""
        count = self.times.shape[1]
        terms = unknowns[self.frames :].T.reshape(2, 5, count) * _SCALE[:, None]
        terms = terms @ np.linalg.inv(self.to_powers).T
        full = np.zeros((2, 6, 3))
        full[:, 1:, :count] = terms
        full[:, 0] = -(full[:, 2] + full[:, 4]) / 12
        return full.reshape(2, 18)


def fit_local_motion(
    patches: Patches, track: Track, search: Search, *, cores: int = 1
) -> LocalMotion:
    """Fit whole-frame shifts and a polynomial local model to all patches together.

    All patches and frames vote with the slope of their own agreement, so that a patch that alone
    could not be aligned still counts; no peak is picked. Starting from the whole-frame track,
    Newton steps maximize the summed log-likelihood. Each patch is then judged with the model that
    the patches which share nothing with it ask for: `LocalMotion.gain` is the log-likelihood that
    all patches together gain by these models over the whole-frame track.
    """
    votes = _Votes(patches, track, cores)
    model = votes.model
    start = np.zeros((model.size, 2))
    start[: model.frames] = track.shifts
    unknowns, normal = _maximize(votes, start, search, 5 * search.tolerance)
    model.learn(normal, unknowns)
    unknowns, _ = _maximize(votes, unknowns, search, search.tolerance)
    gain = _held_out_gain(votes, start, unknowns)
    shifts = unknowns[: model.frames]
    return LocalMotion(shifts - shifts[0], model.coefficients(unknowns), gain)


class _Votes:
    """What each patch says about the unknowns of the model."""

    def __init__(self, patches: Patches, track: Track, cores: int) -> None:
        self.patches = patches
        self.cores = cores
        self.model = _Model(len(track.shifts), track.precision)
        self.design = self.model.design(patches.centers)
        self.weight = track.weighting.on(patches.band, patches.share)
        expected = track.weighting.information * patches.share
        self.expected = np.maximum(expected, 1e-3 * expected.max() + 1e-9)

    def derivatives(self, shifts: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(patches, n, 6)`` as from `derivatives`, at shifts ``(patches, n, 2)`` in Å."""
        ky, kx = self.patches.band.ky, self.patches.band.kx
        spectra = self.patches.spectra
        found = in_threads(
            lambda i: derivatives(spectra[i], self.weight, ky, kx, shifts[i]),
            range(len(spectra)),
            self.cores,
        )
        return np.stack(found)

    def collect(
        self, unknowns: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Slopes ``(patches, unknowns, 2)`` and curvatures ``(patches, unknowns, unknowns)``."""
        found = self.derivatives(self.design @ unknowns)
        strength = found[..., 3:5].sum(axis=(1, 2)) / (2 * self.expected.sum())
        strength = np.maximum(strength, 0.3)
        tame = np.minimum(1.0, _DOMINANT * np.median(strength) / strength)
        turned = self.design.transpose(0, 2, 1)
        slopes = turned @ (found[..., 1:3] * tame[:, None, None])
        curvature = (strength * tame)[:, None] * self.expected
        return slopes, turned @ (self.design * curvature[..., None])

    def likelihoods(self, shifts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-likelihood of each patch; every pair of frames is in the sum twice."""
        halved: NDArray[np.float64] = 0.5 * self.derivatives(shifts)[..., 0].sum(axis=1)
        return halved


def _maximize(
    votes: _Votes, unknowns: NDArray[np.float64], search: Search, tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The most likely unknowns, and the curvature there without the prior."""
    prior = votes.model.prior
    limit = 0.25 * search.resolution
    for _ in range(search.rounds):
        slopes, curvatures = votes.collect(unknowns)
        normal = curvatures.sum(axis=0)
        step = np.linalg.solve(normal + prior, slopes.sum(axis=0) - prior @ unknowns)
        moves = votes.design @ step
        unknowns = unknowns + step * min(1.0, limit / max(float(np.abs(moves).max()), 1e-9))
        if np.abs(moves - moves.mean(axis=1, keepdims=True)).max() < tolerance:
            break
    return unknowns, normal


def _held_out_gain(
    votes: _Votes, start: NDArray[np.float64], unknowns: NDArray[np.float64]
) -> float:
    """What the model gains over `start` in patches that were left out of its fit."""
    prior = votes.model.prior
    slopes, curvatures = votes.collect(unknowns)
    rows, columns = np.divmod(np.arange(len(slopes)), votes.patches.grid[1])
    shifts = votes.design @ start
    before = votes.likelihoods(shifts)
    for i in range(len(slopes)):
        apart = (np.abs(rows - rows[i]) > 1) | (np.abs(columns - columns[i]) > 1)
        normal = curvatures[apart].sum(axis=0) + prior
        step = np.linalg.solve(normal, slopes[apart].sum(axis=0) - prior @ unknowns)
        shifts[i] = votes.design[i] @ (unknowns + step)
    return float((votes.likelihoods(shifts) - before).sum())
