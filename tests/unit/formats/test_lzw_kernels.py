"""Codes are strings; one that cannot be is told."""

import numpy as np

from icestream.formats.lzw_kernels import CODES, decode_codes


def packed(*codes: int) -> np.ndarray:
    """Codes of nine bits, and eight bytes more."""
    bits = "".join(f"{code:09b}" for code in codes)
    bits += "0" * (-len(bits) % 8)
    given = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    return np.frombuffer(given + bytes(8), dtype=np.uint8)


def decoded(*codes: int, size: int) -> tuple[bytes, int, int]:
    out, starts = np.zeros(size, np.uint8), np.zeros(CODES + 2, np.uint32)
    filled, code = decode_codes(packed(*codes), 9 * len(codes), out, starts)
    return out[:filled].tobytes(), int(filled), int(code)


def test_a_code_stands_for_what_was_there() -> None:
    assert decoded(256, 65, 66, 258, 260, 257, size=7) == (b"ABABABA", 7, 0)


def test_a_code_that_cannot_be_is_told() -> None:
    assert decoded(256, 65, 300, size=9) == (b"A", 1, 300)
