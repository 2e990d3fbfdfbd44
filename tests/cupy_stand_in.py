"""A CuPy that computes on the CPU, to run the GPU path where there is no GPU.

Arrays are a type of their own that refuses what CuPy's refuses: to become numpy arrays unasked, and
to be mixed with them. Kernels are compiled from the very CUDA source by g++, with the few words of
CUDA that they use defined, and run thread by thread over the whole grid.
"""

import contextlib
import ctypes
import functools
import hashlib
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np

_CUDA = "icestream.processing.backend.cuda"
COMPILER = shutil.which("g++")

_PRELUDE = r"""
#include <cmath>
#include <cstddef>
using std::floor;
#define __global__
#define __device__ static inline
struct Three { int x, y, z; };
static Three blockIdx, threadIdx, blockDim, gridDim;
"""
_LAUNCHER = r"""
extern "C" void launch(void** a, int gx, int gy, int gz, int bx, int by, int bz)
{
    gridDim = {gx, gy, gz};
    blockDim = {bx, by, bz};
    for (int z = 0; z < gz; ++z) for (int y = 0; y < gy; ++y) for (int x = 0; x < gx; ++x)
    for (int w = 0; w < bz; ++w) for (int v = 0; v < by; ++v) for (int u = 0; u < bx; ++u) {
        blockIdx = {x, y, z};
        threadIdx = {u, v, w};
        NAME(ARGUMENTS);
    }
}
"""
_TYPES = {
    "unsigned char": "uint8",
    "signed char": "int8",
    "unsigned short": "uint16",
    "short": "int16",
    "unsigned int": "uint32",
    "int": "int32",
    "float": "float32",
    "double": "float64",
}


def _wrapped(value):
    if isinstance(value, np.ndarray | np.generic):
        return ndarray(np.asarray(value))
    if isinstance(value, tuple | list):
        return type(value)(_wrapped(part) for part in value)
    return value


def _host(value):
    """The numpy array inside; a numpy array with elements is refused, as CuPy refuses it."""
    if isinstance(value, ndarray):
        return value.host
    if isinstance(value, np.ndarray) and value.ndim:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, tuple | list):
        return type(value)(_host(part) for part in value)
    if isinstance(value, dict):
        return {key: _host(part) for key, part in value.items()}
    return value


class ndarray(np.lib.mixins.NDArrayOperatorsMixin):  # noqa: N801
    """An array on the device that is not there."""

    def __init__(self, host):
        self.host = host

    def get(self):
        return self.host.copy()

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Use `.get()`")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        out = kwargs.get("out")
        result = getattr(ufunc, method)(*_host(inputs), **_host(kwargs))
        return out[0] if out is not None else _wrapped(result)

    def __array_function__(self, function, kinds, args, kwargs):
        return _wrapped(function(*_host(args), **_host(kwargs)))

    def __getitem__(self, key):
        return _wrapped(self.host[_key(key)])

    def __setitem__(self, key, value):
        self.host[_key(key)] = _host(value)

    def __len__(self):
        return len(self.host)

    def __iter__(self):
        return (_wrapped(part) for part in self.host)

    def __float__(self):
        return float(self.host)

    def __int__(self):
        return int(self.host)

    def __bool__(self):
        return bool(self.host)

    def __getattr__(self, name):
        if name.startswith("__") or name == "host":
            raise AttributeError(name)
        value = getattr(self.host, name)
        if callable(value):
            return lambda *args, **kwargs: _wrapped(value(*_host(args), **_host(kwargs)))
        return _wrapped(value) if isinstance(value, np.ndarray) else value

    def __setattr__(self, name, value):
        if name in ("real", "imag"):
            setattr(self.host, name, _host(value))
        else:
            object.__setattr__(self, name, value)


ndarray.__module__ = "cupy"


def _key(key):
    if isinstance(key, np.ndarray):
        raise TypeError("index with a CuPy array, not a numpy array")
    if isinstance(key, tuple):
        return tuple(_key(part) for part in key)
    return key.host if isinstance(key, ndarray) else key


class RawKernel:
    """A kernel made by g++ from CUDA source; every argument is checked against its type."""

    folder = Path()

    def __init__(self, source, name):
        signature = re.search(rf"__global__ void {name}\(([^)]*)\)", source)
        self.parameters = [part.strip() for part in signature.group(1).split(",")]
        self.kinds = [_kind(part) for part in self.parameters]
        passed = [
            f"*({part.rsplit(maxsplit=1)[0]}*)a[{place}]"
            for place, part in enumerate(self.parameters)
        ]
        launcher = _LAUNCHER.replace("NAME", name).replace("ARGUMENTS", ", ".join(passed))
        self.run = _compiled(_PRELUDE + source + launcher, self.folder)

    def __call__(self, grid, block, arguments):
        assert len(arguments) == len(self.kinds), f"{len(arguments)} arguments for {self.kinds}"
        kept = []
        for given, (kind, is_pointer), what in zip(
            arguments, self.kinds, self.parameters, strict=True
        ):
            value = given.host if isinstance(given, ndarray) else given
            found = np.asarray(value).dtype.name
            # Complex numbers pass as pairs.
            found = {"complex64": "float32", "complex128": "float64"}.get(found, found)
            assert found == kind, f"{what}: given {found}"
            if is_pointer:
                assert isinstance(given, ndarray), f"{what}: not on the device"
                assert value.flags.c_contiguous, f"{what}: not contiguous"
                kept.append(ctypes.c_void_p(value.ctypes.data))
            else:
                kept.append(np.array(value))
        places = [
            ctypes.addressof(one) if isinstance(one, ctypes.c_void_p) else one.ctypes.data
            for one in kept
        ]
        grid, block = (tuple(sizes) + (1,) * (3 - len(sizes)) for sizes in (grid, block))
        self.run((ctypes.c_void_p * len(places))(*places), *grid, *block)


def _kind(parameter):
    plain = parameter.replace("const ", "").rsplit(maxsplit=1)[0].strip()
    return _TYPES[plain.rstrip("*").strip()], plain.endswith("*")


def _compiled(source, folder):
    name = hashlib.sha256(source.encode()).hexdigest()[:16]
    library = folder / f"{name}.so"
    if not library.exists():
        text = folder / f"{name}.cpp"
        text.write_text(source)
        command = [COMPILER, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, text]
        subprocess.run(command, check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(library)).launch


def _asarray(value, dtype=None, **_):
    return ndarray(np.asarray(value.host if isinstance(value, ndarray) else value, dtype=dtype))


def _ascontiguousarray(value, dtype=None):
    host = value.host if isinstance(value, ndarray) else value
    return ndarray(np.ascontiguousarray(host, dtype=dtype))


class _Namespace(types.ModuleType):
    """numpy's functions, on device arrays."""

    def __init__(self, name, numpys):
        super().__init__(name)
        self._numpys = numpys

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(self._numpys, name)
        if isinstance(value, types.ModuleType):
            return _Namespace(f"{self.__name__}.{name}", value)
        if isinstance(value, type) or not callable(value):
            return value

        @functools.wraps(value)
        def call(*args, **kwargs):
            return _wrapped(value(*_host(args), **_host(kwargs)))

        return call


class CUDARuntimeError(RuntimeError):
    """What CuPy raises for a call of CUDA's runtime that fails."""


def make(folder, *, devices=1, error=None):
    """A module to put in the place of ``cupy``; `folder` keeps compiled kernels."""

    def count():
        if error:
            raise CUDARuntimeError(error)
        return devices

    module = _Namespace("cupy", np)
    module.ndarray = ndarray
    module.asarray = _asarray
    module.array = lambda value, dtype=None: ndarray(np.array(_asarray(value, dtype).host))
    module.ascontiguousarray = _ascontiguousarray
    module.asnumpy = lambda value: value.get()
    module.RawKernel = type("RawKernel", (RawKernel,), {"folder": folder})
    module.cuda = types.SimpleNamespace(
        Device=lambda: types.SimpleNamespace(id=0),
        runtime=types.SimpleNamespace(
            CUDARuntimeError=CUDARuntimeError,
            getDeviceCount=count,
            getDeviceProperties=lambda _: {
                "name": b"a stand-in on the CPU",
                "totalGlobalMem": 2**34,
            },
        ),
    )
    return module


@contextlib.contextmanager
def installed(folder, **what):
    """Put the stand-in where ``import cupy`` finds it, for a while."""
    from icestream.processing import backend

    def ours():
        return [name for name in sys.modules if name.split(".")[0] == "cupy" or _CUDA in name]

    before = {name: sys.modules.pop(name) for name in ours()}
    attribute = backend.__dict__.pop("cuda", None)
    sys.modules["cupy"] = make(folder, **what)
    try:
        yield sys.modules["cupy"]
    finally:
        # What was imported meanwhile holds the stand-in, and goes with it.
        for name in ours():
            del sys.modules[name]
        backend.__dict__.pop("cuda", None)
        sys.modules.update(before)
        if attribute is not None:
            backend.cuda = attribute
