"""Every backend has every operation, called in the same way."""

import inspect

import numpy as np

from icestream.processing.backend import Operations, cpu, operations

NAMES = [name for name in vars(Operations) if not name.startswith("_") and name != "xp"]


def calls(operation):
    return [
        (each.name, each.kind, each.default)
        for each in inspect.signature(operation).parameters.values()
        if each.name != "self"
    ]


def test_the_operations_are_about_a_dozen():
    assert 12 <= len(NAMES) <= 18
    assert all(getattr(Operations, name).__doc__ for name in NAMES)


def test_the_cpu_has_them_all():
    for name in NAMES:
        assert calls(getattr(cpu, name)) == calls(getattr(Operations, name)), name


def test_the_gpu_has_them_all(device):

    cuda = operations(device(np.zeros(1)))
    for name in NAMES:
        assert calls(getattr(cuda, name)) == calls(getattr(Operations, name)), name
