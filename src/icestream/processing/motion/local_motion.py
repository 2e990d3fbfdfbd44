"""The motion of the parts of the field, as it was fitted; apart from the fit, which needs numba."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LocalMotion"]


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
        terms = (self.coefficients.reshape(2, 6, 3) @ times).transpose(2, 0, 1)
        moved: NDArray[np.float64] = self.shifts[:, None, :] + (terms @ places).transpose(0, 2, 1)
        return moved

    def without_first(self, frames: int) -> "LocalMotion":
        """The motion from frame number `frames` on, relative to that frame everywhere."""
        m = float(frames)
        again = np.array([[1, 2 * m, 3 * m * m], [0, 1, 3 * m], [0, 0, 1]])
        terms = self.coefficients.reshape(2, 6, 3) @ again.T
        shifts = self.shifts[frames:] - self.shifts[frames]
        return LocalMotion(shifts, terms.reshape(2, 18), self.gain)
