"""The operations on numpy arrays: scipy's transforms, BLAS, and kernels compiled by numba.

The kernel that is written in vector instructions is loaded when it is used first, since it needs
numba for that.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from icestream.processing.backend.cpu.frames import bin_frames
from icestream.processing.backend.cpu.places import gather_patches, peak
from icestream.processing.backend.cpu.polar import polar_images, polar_transform, score
from icestream.processing.backend.cpu.spectra import ctf_image, radial_mean, shift_and_sum
from icestream.processing.backend.cpu.splines import spline_taps
from icestream.processing.backend.cpu.transforms import irfft, irfft2, matmul, rfft, rfft2

if TYPE_CHECKING:
    from icestream.processing.backend.cpu.warp import warp_accumulate

__all__ = [
    "bin_frames",
    "ctf_image",
    "gather_patches",
    "irfft",
    "irfft2",
    "matmul",
    "peak",
    "polar_images",
    "polar_transform",
    "radial_mean",
    "rfft",
    "rfft2",
    "score",
    "shift_and_sum",
    "spline_taps",
    "warp_accumulate",
    "xp",
]

xp: Any = np


def __getattr__(name: str) -> Any:
    if name != "warp_accumulate":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from icestream.processing.backend.cpu.warp import warp_accumulate  # numba is large

    globals()[name] = warp_accumulate
    return warp_accumulate
