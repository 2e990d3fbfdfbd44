"""Kernels of EER, apart from what only reads headers: numba is large, and slow to load."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit

__all__ = ["add_events", "encode_events"]


@njit(nogil=True, cache=True)
def add_events(
    stream: NDArray[np.uint8],
    skip_bits: int,
    x_bits: int,
    y_bits: int,
    upsampling: int,
    fraction: NDArray[np.unsignedinteger[Any]],
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Add the electrons of one camera frame to `fraction` ``(y, x)``.

    `upsampling` is 1 or 2; `fraction` has that many times the pixels of the camera a side. Rows
    are added in the order of the file. Ends quietly where the stream ends.

    Returns
    -------
    events, pixels
        Electrons added, and pixels passed: the camera's size when the stream was whole.
    """
    width = fraction.shape[1] // upsampling
    height = fraction.shape[0] // upsampling
    total = width * height
    longest = (1 << skip_bits) - 1
    place_bits = x_bits + y_bits
    place_mask = (1 << place_bits) - 1
    held = np.uint64(0)
    bits = 0
    at = 0
    length = stream.size
    position = 0
    events = 0
    row = 0
    row_start = 0
    while position < total:
        while bits <= 48 and at < length:
            held |= np.uint64(stream[at]) << np.uint64(bits)
            bits += 8
            at += 1
        if bits < skip_bits:
            break
        skip = int(held & np.uint64(longest))
        held >>= np.uint64(skip_bits)
        bits -= skip_bits
        position += skip
        if skip == longest:
            continue
        if position >= total or bits < place_bits:
            break
        place = int(held & np.uint64(place_mask))
        held >>= np.uint64(place_bits)
        bits -= place_bits
        while position >= row_start + width:
            row += 1
            row_start += width
        column = position - row_start
        if upsampling == 1:
            fraction[row, column] += 1
        else:
            # The highest bit of each place is stored inverted: 0 is the centre of the pixel.
            in_x = ((place & ((1 << x_bits) - 1)) >> (x_bits - 1)) ^ 1
            in_y = (place >> (place_bits - 1)) ^ 1
            fraction[2 * row + in_y, 2 * column + in_x] += 1
        events += 1
        position += 1
    return events, position


@njit(nogil=True, cache=True)
def encode_events(
    positions: NDArray[np.int64], places: NDArray[np.int64], total: int, skip_bits: int
) -> NDArray[np.uint8]:  # pragma: no cover - compiled
    """Bits of one camera frame with 4 bits of place.

    Parameters
    ----------
    positions
        ``(n,)`` numbers of the pixels with an electron, growing.
    places
        ``(n,)`` where in its pixel each is, as it is stored.
    total
        Pixels of the camera.
    skip_bits
        Of each element.
    """
    longest = (1 << skip_bits) - 1
    room = (positions.size * (skip_bits + 4) + (total // longest + 2) * skip_bits) // 8 + 16
    out = np.zeros(room, dtype=np.uint8)
    bit = 0
    last = 0
    for index in range(positions.size + 1):
        here = positions[index] if index < positions.size else total
        gap = here - last
        while gap >= longest:
            bit = _put(out, bit, longest, skip_bits)
            gap -= longest
        if index == positions.size:
            # The end is a last element, with a place that nobody looks at.
            bit = _put(out, bit, gap, skip_bits)
            bit = _put(out, bit, 0, 4)
            break
        bit = _put(out, bit, gap, skip_bits)
        bit = _put(out, bit, places[index], 4)
        last = here + 1
    return out[: (bit + 15) // 16 * 2]  # whole 16-bit words


@njit(nogil=True, cache=True, inline="always")
def _put(out: NDArray[np.uint8], bit: int, value: int, width: int) -> int:  # pragma: no cover
    """Write `width` bits of `value` at position `bit`."""
    spread = value << (bit & 7)
    byte = bit >> 3
    while spread:
        out[byte] |= spread & 255
        spread >>= 8
        byte += 1
    return bit + width
