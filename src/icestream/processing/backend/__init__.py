"""The numerics seam: a dozen operations for arrays on the CPU (numpy) and on a GPU (CuPy).

An algorithm is written once: ``ops = operations(images)`` gives the operations for wherever the
array lies, ``ops.xp`` the array library for everything element-wise.
"""

from icestream.processing.backend.choice import (
    cuda_available,
    on_device,
    operations,
    to_host,
)
from icestream.processing.backend.contract import Operations, Warp

__all__ = [
    "Operations",
    "Warp",
    "cuda_available",
    "on_device",
    "operations",
    "to_host",
]
