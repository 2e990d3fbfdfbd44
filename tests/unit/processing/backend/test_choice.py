"""The library of an array decides where it is computed, and a missing GPU says why."""

import builtins
import sys

import numpy as np
import pytest

import cupy_stand_in
from icestream.processing.backend import cpu, cuda_available, on_device, operations, to_host


def test_numpy_arrays_are_computed_on_the_cpu():
    ops = operations(np.zeros(3))
    assert ops is cpu
    assert ops.xp is np


def test_device_arrays_are_computed_by_cupy(device):
    moved = device(np.arange(3.0))
    ops = operations(moved)
    assert ops is not cpu
    assert ops.xp is sys.modules["cupy"]
    np.testing.assert_array_equal(to_host(moved), np.arange(3.0))


def test_a_host_array_comes_back_as_it_is():
    array = np.arange(3)
    assert to_host(array) is array


def test_other_arrays_are_refused():
    with pytest.raises(TypeError, match="builtins.list; give a numpy array"):
        operations([1.0])


def _no_cupy(monkeypatch, error):
    plain = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "cupy":
            raise error
        return plain(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'cupy'", name="cupy"), "CuPy is not installed"),
        (ModuleNotFoundError("No module named 'fastrlock'", name="fastrlock"), "fastrlock"),
        (ImportError("libcuda.so.1: not found\nmore"), "libcuda.so.1: not found"),
    ],
)
def test_without_cupy_the_reason_is_said(monkeypatch, error, said):
    _no_cupy(monkeypatch, error)
    available, reason = cuda_available()
    assert not available
    assert said in reason
    assert "\n" not in reason
    with pytest.raises(RuntimeError, match="cannot compute on a GPU"):
        on_device(np.zeros(3))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"devices": 0}, "no device"),
        ({"error": "cudaErrorInsufficientDriver"}, "does not answer: cudaErrorInsufficientDriver"),
    ],
)
def test_a_machine_without_driver_or_device_says_so(tmp_path, what, said):
    with cupy_stand_in.installed(tmp_path, **what):
        available, reason = cuda_available()
    assert not available
    assert said in reason


def test_a_gpu_says_its_name_and_memory(tmp_path):
    with cupy_stand_in.installed(tmp_path):
        assert cuda_available() == (True, "a stand-in on the CPU, 16 GiB")
