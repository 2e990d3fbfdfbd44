"""Which library an array belongs to, and whether there is a GPU to move it to."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.processing.backend import cpu
from icestream.processing.backend.contract import Operations

__all__ = ["cuda_available", "on_device", "operations", "to_host"]


def operations(array: Any) -> Operations:
    """Operations for the library of `array`: numpy on the CPU, CuPy on a GPU.

    Raises
    ------
    TypeError
        If it is an array of neither.
    """
    if type(array).__module__.partition(".")[0] == "cupy":
        from icestream.processing.backend import cuda

        return cuda
    if isinstance(array, np.ndarray):
        return cpu
    raise TypeError(
        f"there are no operations for {type(array).__module__}.{type(array).__qualname__}; "
        "give a numpy array, or a CuPy array to compute on a GPU"
    )


def cuda_available() -> tuple[bool, str]:
    """Whether arrays can be moved to a GPU, and what a person should know about it.

    Returns
    -------
    Whether a GPU answers; and its name and memory, or why there is none: CuPy is not installed,
    cannot be loaded, finds no driver, or no device.
    """
    try:
        import cupy
    except ModuleNotFoundError as missing:
        if missing.name != "cupy":
            return False, f"CuPy cannot be loaded: {missing}"
        return False, "CuPy is not installed (pip install 'icestream[gpu]')"
    except ImportError as broken:
        first = str(broken).strip().splitlines()
        return False, f"CuPy cannot be loaded: {first[0] if first else 'no reason given'}"
    runtime = cupy.cuda.runtime
    try:
        count = runtime.getDeviceCount()
        if count < 1:
            return False, "the CUDA driver finds no device"
        properties = runtime.getDeviceProperties(cupy.cuda.Device().id)
    except runtime.CUDARuntimeError as error:
        return False, f"CUDA does not answer: {error}"
    name = properties["name"]
    text = name.decode() if isinstance(name, bytes) else str(name)
    return True, f"{text}, {properties['totalGlobalMem'] / 2**30:.0f} GiB"


def on_device(array: NDArray[Any]) -> Any:
    """Copy of a numpy array on the GPU that the process may use (CUDA_VISIBLE_DEVICES).

    Raises
    ------
    RuntimeError
        If there is no GPU; the message says why.
    """
    available, reason = cuda_available()
    if not available:
        raise RuntimeError(f"cannot compute on a GPU: {reason}")
    import cupy

    return cupy.asarray(array)


def to_host(array: Any) -> NDArray[Any]:
    """Copy of a CuPy array as a numpy array; a numpy array is returned as it is."""
    if isinstance(array, np.ndarray):
        return array
    host: NDArray[Any] = array.get()
    return host
