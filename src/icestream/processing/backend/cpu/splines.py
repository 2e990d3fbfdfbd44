"""The spline by which frames are moved by parts of a pixel."""

from typing import Any

import numpy as np

from icestream.compiled import njit

__all__ = ["spline_taps"]


@njit(cache=True, nogil=True)  # pragma: no cover
def spline_taps(t: float) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Quintic B-spline at distance 2 + t, 1 + t, t, 1 - t, 2 - t and 3 - t."""
    u = 1 - t
    return (
        np.float32(u**5 / 120),
        np.float32(_middle(1 + t)),
        np.float32(_inner(t)),
        np.float32(_inner(u)),
        np.float32(_middle(1 + u)),
        np.float32(t**5 / 120),
    )


@njit(cache=True, nogil=True)  # pragma: no cover
def _inner(x: float) -> float:
    return 11 / 20 - x * x * (1 / 2 - x * x * (1 / 4 - x / 12))


@njit(cache=True, nogil=True)  # pragma: no cover
def _middle(x: float) -> float:
    return 17 / 40 + x * (5 / 8 - x * (7 / 4 - x * (5 / 4 - x * (3 / 8 - x / 24))))
