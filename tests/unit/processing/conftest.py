"""Devices that the same algorithm must give the same results on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cupy_stand_in
from icestream.processing.backend import cuda_available, on_device


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stand-in keeps its compiled kernels; skips without a compiler."""
    if cupy_stand_in.COMPILER is None:
        pytest.skip("g++, which compiles CUDA kernels for the stand-in of CuPy, is not installed")
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(
    params=[
        "stand-in",
        pytest.param("gpu", marks=pytest.mark.hardware),
    ]
)
def device(request: pytest.FixtureRequest) -> Iterator[Callable[[Any], Any]]:
    """Moves a numpy array to a GPU, or to the stand-in for one that is always there."""
    if request.param == "gpu":
        available, reason = cuda_available()
        if not available:
            pytest.skip(f"no GPU to compare with: {reason}")
        yield on_device
    else:
        with cupy_stand_in.installed(request.getfixturevalue("kernels")):
            yield on_device
