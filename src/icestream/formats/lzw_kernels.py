"""LZW decoded by compiled code, apart from what calls it: numba is large, and slow to load.

A code of LZW stands for a string that the output holds already. Nothing is therefore stored of a
string but where it begins: strings follow each other in the output, so that the beginning of the
next one says how long it is. Strings are copied 16 bytes at a time, whatever their length; what
is written too far is overwritten by the next string. Near the ends of input and output, where
that would leave them, every byte is looked at.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from icestream.compiled import njit

__all__ = ["CODES", "decode_codes"]

CODES = 4096
"""Codes that there are at most."""
_WIDE = 16
_CLEAR, _END, _FIRST = 256, 257, 258


def _load(_context: Any, _address: Any) -> Any:  # pragma: no cover - compiled
    """Eight bytes from any address, the first one highest."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        pointer = builder.inttoptr(arguments[0], word.as_pointer())
        return builder.bswap(builder.load(pointer, align=1))

    return types.uint64(types.uintp), generate


def _copy(_context: Any, _target: Any, _source: Any) -> Any:  # pragma: no cover - compiled
    """Copy sixteen bytes between any two addresses: all are read before any is written."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        wide = ir.VectorType(ir.IntType(8), _WIDE).as_pointer()
        held = builder.load(builder.inttoptr(arguments[1], wide), align=1)
        builder.store(held, builder.inttoptr(arguments[0], wide), align=1)
        return context.get_dummy_value()

    return types.void(types.uintp, types.uintp), generate


_load_big_endian: Any = intrinsic(_load)
_copy_wide: Any = intrinsic(_copy)


@njit(cache=True, nogil=True)
def _run(
    stream: int, bits: int, out: NDArray[np.uint8], starts: NDArray[np.uint32], state: Any
) -> Any:  # pragma: no cover - compiled
    """Decode codes of one width, as long as none of them is special and all ends are far.

    `state` and the result are (bit of the stream, bytes of the output, next free code).
    """
    at, filled, slot = state
    base = np.uint64(out.ctypes.data)
    roomy = out.size - 2 * _WIDE
    width, full = 9, 512
    while width < 12 and slot >= full:
        width += 1
        full *= 2
    last = bits - width
    drop = np.uint64(64 - width)
    while slot < full and at <= last and filled <= roomy:
        word = _load_big_endian(np.uint64(stream) + np.uint64(at >> 3))
        code = np.int64((word << np.uint64(at & 7)) >> drop)
        starts[slot] = filled
        if code < _CLEAR:
            out[filled] = code
            filled += 1
        else:
            if code < _FIRST or code >= slot:
                break
            start = np.int64(starts[code])
            length = np.int64(starts[code + 1]) - start + 1
            # The newest string may end with its own first byte, which is not there yet.
            out[filled] = out[start]
            target, source = base + np.uint64(filled), base + np.uint64(start)
            _copy_wide(target, source)
            if length > _WIDE:
                if filled + length > roomy:
                    break
                done = np.uint64(_WIDE)
                while done < np.uint64(length):
                    _copy_wide(target + done, source + done)
                    done += np.uint64(_WIDE)
            filled += length
        at += width
        slot += 1
    return at, filled, slot


@njit(cache=True, nogil=True)
def decode_codes(
    stream: NDArray[np.uint8], bits: int, out: NDArray[np.uint8], starts: NDArray[np.uint32]
) -> Any:  # pragma: no cover - compiled
    """Decode a strip.

    Parameters
    ----------
    stream
        What is stored, and eight bytes more.
    bits
        Of the stream.
    out
        Is filled.
    starts
        ``(CODES + 2,)``, to work with.

    Returns
    -------
    filled, code
        Bytes that are filled, and the code that made no sense, or 0.
    """
    base = stream.ctypes.data
    state = (0, 0, _FIRST)
    while True:
        at, filled, slot = _run(base, bits, out, starts, state)
        # One code with every care, whatever it is.
        width = 9 if slot < 512 else 10 if slot < 1024 else 11 if slot < 2048 else 12
        if filled >= out.size or at + width > bits:
            return filled, 0
        word = _load_big_endian(np.uint64(base) + np.uint64(at >> 3))
        code = np.int64((word << np.uint64(at & 7)) >> np.uint64(64 - width))
        at += width
        if slot <= CODES:
            starts[slot] = filled
        if code == _CLEAR:
            slot = _FIRST
        elif code == _END:
            return filled, 0
        elif code < _CLEAR:
            out[filled] = code
            filled += 1
            slot = min(slot + 1, CODES + 1)
        elif code < slot:
            start = np.int64(starts[code])
            length = min(np.int64(starts[code + 1]) - start + 1, out.size - filled)
            for place in range(length):
                out[filled + place] = out[start + place]
            filled += length
            slot = min(slot + 1, CODES + 1)
        else:
            return filled, code
        state = (at, filled, slot)
