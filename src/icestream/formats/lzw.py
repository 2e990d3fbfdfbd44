"""LZW as TIFF has it, decoded straight into an image by `icestream.formats.lzw_kernels`."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["SPARE", "decode_lzw"]

SPARE = 8
"""Bytes that must follow the stream: eight are read at a time."""


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
    from icestream.formats.lzw_kernels import CODES, decode_codes  # numba is large

    length = stream.size - SPARE
    # Nine bits say "clear". The old way to write LZW into TIFF, from the other end, does not.
    if length < 2 or stream[0] != 128 or stream[1] & 128:
        raise ValueError("a strip that does not begin as LZW does")
    if out.size >= 2**32:
        raise ValueError(f"a strip of {out.size} bytes; 4 GiB can be decoded")
    starts = np.zeros(CODES + 2, dtype=np.uint32)
    filled, code = decode_codes(stream, 8 * length, out, starts)
    if code:
        raise ValueError(f"LZW code {code} after {filled} bytes, where no such string is known")
    if filled < out.size:
        raise ValueError(f"{filled} bytes of {out.size}")
