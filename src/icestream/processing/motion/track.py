"""The track of the whole frame: where each frame of a movie has to be moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.dose import Dose
from icestream.processing.motion.agreement import Agreement, measure_agreement
from icestream.processing.motion.patches import Patches
from icestream.processing.motion.smoothing import anchor, track_precision
from icestream.processing.motion.weighting import Search, Weighting, measure_weighting

__all__ = ["Search", "Track", "judge_track", "refine_track"]

_NEAR = 0.3
"""Å: a track whose last step was smaller is near enough to learn how smooth it is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Shifts of the whole frames."""

    shifts: NDArray[np.float64]
    """``(n, 2)`` (dy, dx), Å, relative to the first frame; added to the coordinates of a frame
    to align it."""
    weighting: Weighting
    precision: NDArray[np.float64]
    """``(n, n)`` prior that was used, 1/Å²."""
    agreement: NDArray[np.float64]
    """``(n,)`` curvature of the agreement of each frame with the others, over what is expected of
    it: about 1, and 0 for a frame that shows nothing of what the others show."""
    converged: bool

    @property
    def errors(self) -> NDArray[np.float64]:
        """``(n,)`` expected standard deviation of each shift along an axis, Å.

        Against the mean over the frames, which moves the micrograph and blurs nothing.
        """
        curvature = self.weighting.curvature
        covariance = np.linalg.inv(curvature + anchor(curvature) + self.precision)
        covariance -= covariance.mean(axis=0)
        covariance -= covariance.mean(axis=1, keepdims=True)
        return np.sqrt(np.maximum(np.diag(covariance), 0))


def refine_track(
    patches: Patches,
    shifts: NDArray[np.float64],
    search: Search,
    dose: Dose | None = None,
    *,
    cores: int = 1,
) -> Track:
    """Refine the shift of each frame against the sum of the others, all patches together.

    Newton steps on the sum of all agreements, with weights that are measured from the movie
    itself in each round. The sum that a frame is compared with never contains the frame.

    Parameters
    ----------
    shifts
        ``(n, 2)``, Å, near to the truth: from `coarse_track`.
    dose
        As it was given to `cut_patches`.
    """
    frames = patches.frames
    precision = np.zeros((frames, frames))
    smoothed = not search.smooth
    converged = frames < 2
    weighting, found = _measure(patches, shifts, search, dose, None, cores)
    largest = np.inf
    for _ in range(search.rounds if frames > 1 else 0):
        weighting, found = _measure(patches, shifts, search, dose, weighting, cores)
        slope = found.slope.sum(axis=0)
        curvature = weighting.curvature + anchor(weighting.curvature)
        if not smoothed and largest < _NEAR:
            measured = shifts + np.linalg.solve(curvature, slope)
            precision = track_precision(measured, curvature)
            smoothed = True
        step = np.linalg.solve(curvature + precision, slope - precision @ shifts)
        step = np.clip(step, -0.25 * search.resolution, 0.25 * search.resolution)
        shifts = shifts + step
        largest = float(np.abs(step - step.mean(axis=0)).max())
        converged = smoothed and largest < search.tolerance
        if converged:
            break
    return _track(shifts, weighting, precision, found, converged)


def judge_track(
    patches: Patches,
    shifts: NDArray[np.float64],
    search: Search,
    dose: Dose | None = None,
    *,
    cores: int = 1,
) -> Track:
    """A track that was found by other means, with the weights and the agreement at its shifts."""
    weighting, _ = _measure(patches, shifts, search, dose, None, cores)
    _, found = _measure(patches, shifts, search, dose, weighting, cores)
    frames = patches.frames
    return _track(shifts, weighting, np.zeros((frames, frames)), found, True)


def _measure(
    patches: Patches,
    shifts: NDArray[np.float64],
    search: Search,
    dose: Dose | None,
    weighting: Weighting | None,
    cores: int,
) -> tuple[Weighting, Agreement]:
    """The weights that the movie asks for at `shifts`, and the agreement with those so far."""
    band = patches.band
    if weighting is None:
        weight = band.mask(search.resolution).astype(np.float32)
    else:
        weight = weighting.on(band)
    everywhere = np.broadcast_to(shifts, (len(patches), *shifts.shape))
    found = measure_agreement(patches, weight, everywhere, cores=cores)
    return measure_weighting(patches, found.power, dose, search), found


def _track(
    shifts: NDArray[np.float64],
    weighting: Weighting,
    precision: NDArray[np.float64],
    found: Agreement,
    converged: bool,
) -> Track:
    expected = weighting.information
    bend = found.bend.sum(axis=0)
    agreement = np.divide(bend, expected, out=np.zeros_like(bend), where=expected > 0)
    return Track(
        shifts=shifts - shifts[0],
        weighting=weighting,
        precision=precision,
        agreement=agreement,
        converged=converged,
    )
