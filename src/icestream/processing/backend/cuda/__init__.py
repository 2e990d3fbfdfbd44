"""The operations on CuPy arrays: cuFFT, cuBLAS, and kernels written in CUDA C++."""

from typing import Any

import cupy

from icestream.processing.backend.cuda.frames import bin_frames, warp_accumulate
from icestream.processing.backend.cuda.places import gather_patches, peak
from icestream.processing.backend.cuda.polar import polar_images, polar_transform, score
from icestream.processing.backend.cuda.spectra import ctf_image, radial_mean, shift_and_sum
from icestream.processing.backend.cuda.transforms import irfft, irfft2, matmul, rfft, rfft2

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
    "warp_accumulate",
    "xp",
]

xp: Any = cupy
