"""The operations on numpy arrays: scipy's transforms, BLAS, and kernels compiled by numba.

Kernels are loaded when they are used first: numba is large, and transforms are all that who draws
pictures needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from icestream.processing.backend.cpu.transforms import irfft, irfft2, matmul, rfft, rfft2

if TYPE_CHECKING:
    from icestream.processing.backend.cpu.frames import bin_frames
    from icestream.processing.backend.cpu.places import gather_patches, peak
    from icestream.processing.backend.cpu.polar import polar_images, polar_transform, score
    from icestream.processing.backend.cpu.spectra import ctf_image, radial_mean, shift_and_sum
    from icestream.processing.backend.cpu.warp import spline_taps, warp_accumulate

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

_MODULES = {
    "bin_frames": "frames",
    "gather_patches": "places",
    "peak": "places",
    "polar_images": "polar",
    "polar_transform": "polar",
    "score": "polar",
    "ctf_image": "spectra",
    "radial_mean": "spectra",
    "shift_and_sum": "spectra",
    "spline_taps": "warp",
    "warp_accumulate": "warp",
}
"""Where the operations are that need compiled kernels."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
