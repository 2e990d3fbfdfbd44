"""The operations are there under their names, and kernels are loaded by those who use them."""

import subprocess
import sys

import pytest

from icestream.processing.backend import cpu


def test_every_operation_is_found_under_its_name() -> None:
    assert {name for name in cpu.__all__ if getattr(cpu, name, None) is None} == set()
    assert cpu.bin_frames is cpu.bin_frames
    with pytest.raises(AttributeError, match="no attribute 'bin_frame'"):
        cpu.bin_frame  # type: ignore[attr-defined]  # noqa: B018


def test_transforms_do_without_kernels() -> None:
    code = (
        "import sys, numpy as np\n"
        "from icestream.processing.backend import operations\n"
        "image = np.ones((8, 8), np.float32)\n"
        "ops = operations(image)\n"
        "assert np.allclose(ops.irfft2(ops.rfft2(image), (8, 8)), 1)\n"
        "assert 'numba' not in sys.modules\n"
        "ops.bin_frames\n"
        "assert 'numba' not in sys.modules\n"
        "ops.spline_taps(0.5)\n"
        "assert 'numba' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, timeout=60)
