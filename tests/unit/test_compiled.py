"""Kernels are compiled when they are first called, and not before."""

import subprocess
import sys

import numpy as np

from icestream.compiled import Kernel, njit


@njit(nogil=True, inline="always")
def square(value: float) -> float:
    """The square of a number."""
    return value * value


@njit(nogil=True, fastmath=True)
def sum_of_squares(values: np.ndarray) -> float:
    total = 0.0
    for value in values:
        total += square(value)
    return total


def test_a_kernel_calls_another() -> None:
    assert sum_of_squares(np.array([1.0, 2.0, 3.0])) == 14.0
    assert len(sum_of_squares.signatures) == 1


def test_it_is_its_function_to_a_reader() -> None:
    assert isinstance(square, Kernel)
    assert (square.__name__, square.__doc__) == ("square", "The square of a number.")
    assert square.py_func(3.0) == square(3.0) == 9.0
    assert not hasattr(square, "__array__")


def test_who_calls_none_does_without_the_compiler() -> None:
    said = (
        "import sys; from icestream.protocol import Registry; registry = Registry();"
        "names = [one.name for one in registry.usable(registry.names())]; assert len(names) > 20;"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
