"""Dose weighting: how much of the signal is left after an exposure, at each resolution."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dose", "WeightFactors", "critical_exposure", "dose_weights", "factor_weights"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """The exposure that each frame of a movie brings."""

    per_frame: float
    """e/Å²."""
    pre: float = 0.0
    """e/Å² before the first frame."""
    voltage: float = 300.0
    """kV."""
    each: tuple[float, ...] = ()
    """e/Å² in every frame, where they differ; `per_frame` is their mean then."""

    def after(self, frames: int) -> NDArray[np.float64]:
        """Exposure at the end of each of `frames` frames, e/Å²."""
        if self.each:
            return self.pre + np.cumsum(self.each[:frames], dtype=np.float64)
        return self.pre + self.per_frame * np.arange(1, frames + 1, dtype=np.float64)

    def before(self, frame: int) -> float:
        """Exposure when a frame begins, e/Å²; frames are counted from 0."""
        brought = sum(self.each[:frame]) if self.each else frame * self.per_frame
        return self.pre + brought

    def without_first(self, frames: int) -> "Dose":
        """That of a movie whose first `frames` frames are left out."""
        return replace(self, pre=self.before(frames), each=self.each[frames:])


def critical_exposure(
    frequency: NDArray[np.floating], voltage: float = 300.0
) -> NDArray[np.float64]:
    """Exposure (e/Å²) after which the signal at `frequency` (1/Å) has fallen to 1/e of its power.

    ``(0.24499 k^-1.6649 + 2.8141)`` at 300 kV and 0.8 of it at 200 kV, linear between and below
    as the inelastic cross-section asks; infinite at zero frequency.

    References
    ----------
    .. [1] Grant, Grigorieff (2015), 10.7554/eLife.06980.
    """
    scale = 1.0 + 0.002 * (min(voltage, 300.0) - 300.0)
    k = np.asarray(frequency, dtype=np.float64)
    with np.errstate(divide="ignore"):
        result: NDArray[np.float64] = scale * (0.24499 * k**-1.6649 + 2.8141)
    return result


def dose_weights(frequency: NDArray[np.floating], frames: int, dose: Dose) -> NDArray[np.float32]:
    """Weights ``exp(-N / (2 Ne(k)))`` with N the exposure at the end of each frame.

    Parameters
    ----------
    frequency
        1/Å, any shape.

    Returns
    -------
    ``(frames, *frequency.shape)``; 1 at zero frequency.
    """
    decay = (-0.5 / critical_exposure(frequency, dose.voltage)).astype(np.float32)
    result = np.empty((frames, *decay.shape), dtype=np.float32)
    for weights, exposure in zip(result, dose.after(frames), strict=True):
        np.multiply(decay, np.float32(exposure), out=weights)
    return np.exp(result, out=result)


@dataclass(frozen=True, slots=True, eq=False)
class WeightFactors:
    """Dose weights written as a short sum: ``weight[f](k) = sum_r frames[r, f] response[r](k)``.

    `frames[0]` is all ones, so that the first partial sum is the plain sum of the frames.
    """

    frames: NDArray[np.float32]
    """``(rank, frames)``."""
    frequency: NDArray[np.float64]
    """1/Å at which `response` is tabulated, from 0, evenly spaced."""
    response: NDArray[np.float64]
    """``(rank, len(frequency))``, divided by the norm of the weights at each frequency so that
    the weighted sum has the noise power of the plain sum."""

    def at(self, frequency: NDArray[np.floating]) -> NDArray[np.float32]:
        """Responses at other frequencies (1/Å), ``(rank, *frequency.shape)``."""
        return np.stack(
            [np.interp(frequency, self.frequency, row).astype(np.float32) for row in self.response]
        )


def factor_weights(
    frames: int, dose: Dose, highest: float, *, tolerance: float = 0.006, points: int = 512
) -> WeightFactors:
    """Factor the dose weights, so that few sums of frames replace one filter per frame.

    The weights of all frames are smooth in the exposure and nearly of low rank. Summing
    ``frames[r, f]`` times the frames for each r and filtering the few sums costs one transform
    for each of them instead of one per frame. Four sums are enough for 40 frames of 1.25 e/Å²:
    0.3 % of the weighted sum is then something else.

    Parameters
    ----------
    highest
        Largest frequency that will be asked for, 1/Å.
    tolerance
        Largest error of the weights of all frames, relative to their norm, at any frequency. As
        few sums are taken as allow it, the plain one included.
    """
    frequency = np.linspace(0.0, highest, points)
    weights = dose_weights(frequency, frames, dose).astype(np.float64)
    norm = np.sqrt((weights**2).sum(axis=0) / frames)
    ones = np.ones(frames) / np.sqrt(frames)
    # Relative errors count: each frequency is scaled to the same norm before factoring.
    scaled = weights / norm
    rest = scaled - np.outer(ones, ones @ scaled)
    left = np.linalg.svd(rest, full_matrices=False)[0][:, : frames - 1]
    share = (left.T @ rest) ** 2 / frames
    missing = np.sqrt(np.maximum((rest**2).sum(axis=0) / frames - np.cumsum(share, axis=0), 0))
    enough = np.flatnonzero(missing.max(axis=1) <= tolerance) + 1
    rank = 1 if (rest**2).sum(axis=0).max() <= frames * tolerance**2 else int(enough[0]) + 1
    basis = np.concatenate([ones[:, None], left[:, : rank - 1]], axis=1)
    response = basis.T @ scaled
    basis[:, 0] *= np.sqrt(frames)
    response[0] /= np.sqrt(frames)
    return WeightFactors(basis.T.astype(np.float32), frequency, response)
