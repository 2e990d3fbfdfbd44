"""LZW as TIFF has it, decoded straight into an image.

A code of LZW stands for a string that the output holds already. Nothing is therefore stored of a
string but where it begins: strings follow each other in the output, so that the beginning of the
next one says how long it is. Strings are copied 16 bytes at a time, whatever their length; what
is written too far is overwritten by the next string. Near the ends of input and output, where
that would leave them, every byte is looked at.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["SPARE", "decode_lzw"]

SPARE = 8
"""Bytes that must follow the stream: eight are read at a time."""
_WIDE = 16
_CLEAR, _END, _FIRST, _CODES = 256, 257, 258, 4096


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


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
def _decode(
    stream: NDArray[np.uint8], bits: int, out: NDArray[np.uint8], starts: NDArray[np.uint32]
) -> Any:  # pragma: no cover - compiled
    """Fill `out`; return how many bytes are filled, and the code that made no sense or 0."""
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
        if slot <= _CODES:
            starts[slot] = filled
        if code == _CLEAR:
            slot = _FIRST
        elif code == _END:
            return filled, 0
        elif code < _CLEAR:
            out[filled] = code
            filled += 1
            slot = min(slot + 1, _CODES + 1)
        elif code < slot:
            start = np.int64(starts[code])
            length = min(np.int64(starts[code + 1]) - start + 1, out.size - filled)
            for place in range(length):
                out[filled + place] = out[start + place]
            filled += length
            slot = min(slot + 1, _CODES + 1)
        else:
            return filled, code
        state = (at, filled, slot)


def decode_lzw(stream: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Decode one strip of a TIFF file.

    Parameters
    ----------
    stream
        What is stored, and `SPARE` bytes behind it whose value does not matter.
    out
        Is filled, and nothing beside it is touched; a longer strip is decoded as far as it is
        needed. Contiguous, of less than 4 GiB.

    Raises
    ------
    ValueError
        If the stream does not begin with LZW's code to begin, holds a code that cannot be, or
        ends too early.

    References
    ----------
    .. [1] Welch (1984), 10.1109/MC.1984.1659158.
    """
    length = stream.size - SPARE
    # Nine bits say "clear". The old way to write LZW into TIFF, from the other end, does not.
    if length < 2 or stream[0] != 128 or stream[1] & 128:
        raise ValueError("a strip that does not begin as LZW does")
    if out.size >= 2**32:
        raise ValueError(f"a strip of {out.size} bytes; 4 GiB can be decoded")
    starts = np.zeros(_CODES + 2, dtype=np.uint32)
    filled, code = _decode(stream, 8 * length, out, starts)
    if code:
        raise ValueError(f"LZW code {code} after {filled} bytes, where no such string is known")
    if filled < out.size:
        raise ValueError(f"{filled} bytes of {out.size}")
