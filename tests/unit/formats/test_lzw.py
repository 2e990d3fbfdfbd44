"""LZW, with imagecodecs as the judge."""

import contextlib
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from icestream.formats.lzw import SPARE, decode_lzw

GUARD = 64


def decode(stream: bytes, size: int) -> bytes:
    """Decode in the middle of a larger array, and see that nothing beside is touched."""
    stored = np.frombuffer(stream + bytes([170] * SPARE), np.uint8)
    room: NDArray[Any] = np.full(size + 2 * GUARD, 201, np.uint8)
    try:
        decode_lzw(stored, room[GUARD : GUARD + size])
    finally:
        assert (room[:GUARD] == 201).all()
        assert (room[GUARD + size :] == 201).all()
    return room[GUARD : GUARD + size].tobytes()


def pack(*codes: tuple[int, int]) -> bytes:
    """Codes as (value, bits), highest bit first."""
    text = "".join(format(value, f"0{bits}b") for value, bits in codes)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[place : place + 8], 2) for place in range(0, len(text), 8))


DATA = st.one_of(
    st.binary(max_size=3000),
    st.builds(lambda part, times: part * times, st.binary(max_size=40), st.integers(0, 300)),
    st.builds(
        lambda seed, mean, size: (
            np.random.default_rng(seed).poisson(mean, size).astype(np.uint8).tobytes()
        ),
        st.integers(0, 2**31),
        st.sampled_from([0.01, 0.3, 1.0, 4.0, 60.0]),
        st.integers(0, 30000),
    ),
)


@settings(max_examples=300, deadline=None)
@given(data=DATA)
@example(data=bytes(100_000))
@example(data=bytes(range(256)) * 40)
@example(data=b"ab" * 40000)
def test_what_imagecodecs_encodes_is_decoded(data: bytes) -> None:
    assert decode(imagecodecs.lzw_encode(data), len(data)) == data


@settings(max_examples=100, deadline=None)
@given(data=DATA, share=st.floats(0, 1))
def test_a_part_is_decoded_when_a_part_is_wanted(data: bytes, share: float) -> None:
    wanted = int(len(data) * share)
    assert decode(imagecodecs.lzw_encode(data), wanted) == data[:wanted]


@settings(max_examples=300, deadline=None)
@given(data=DATA, cut=st.integers(0, 4000), size=st.integers(0, 40000))
def test_a_stream_that_is_cut_off_says_so(data: bytes, cut: int, size: int) -> None:
    stream = imagecodecs.lzw_encode(data)[:cut]
    try:
        found = decode(stream, size)
    except ValueError as error:
        assert "of" in str(error) or "begin" in str(error)
    else:
        assert found == data[:size]


@settings(max_examples=500, deadline=None)
@given(
    data=DATA,
    damage=st.lists(st.tuples(st.integers(0, 50000), st.integers(0, 255)), min_size=1, max_size=9),
    more=st.integers(-50, 400),
)
def test_damage_ends_in_a_value_error_or_the_same_as_imagecodecs(
    data: bytes, damage: list[tuple[int, int]], more: int
) -> None:
    stream = bytearray(imagecodecs.lzw_encode(data))
    for place, value in damage:
        stream[place % len(stream)] = value
    size = max(len(data) + more, 1)
    try:
        found = decode(bytes(stream), size)
    except ValueError:
        return
    try:
        theirs = imagecodecs.lzw_decode(bytes(stream))
    except RuntimeError:
        return  # it wants a sound end, which we do not reach when enough is decoded
    assert found == theirs[:size]


@settings(max_examples=500, deadline=None)
@given(noise=st.binary(min_size=0, max_size=4000), size=st.integers(0, 20000))
def test_noise_that_begins_as_lzw_does_writes_nothing_outside(noise: bytes, size: int) -> None:
    with contextlib.suppress(ValueError):
        decode(b"\x80\x00" + noise, size)


def test_a_string_that_ends_with_its_own_first_byte() -> None:
    stream = pack((256, 9), (65, 9), (258, 9), (259, 9), (257, 9))
    assert decode(stream, 6) == b"A" * 6


def test_a_table_that_is_full_stays_as_it_is() -> None:
    """Writers may leave out the code to clear: no string is added to a full table."""
    rng = np.random.default_rng(3)
    codes = [(256, 9)]
    wanted = bytearray()
    for place in range(4300):
        slot = 258 + place
        bits = 9 if slot < 512 else 10 if slot < 1024 else 11 if slot < 2048 else 12
        value = int(rng.integers(0, 256))
        codes.append((value, bits))
        wanted.append(value)
    codes.append((4095, 12))
    string = wanted[4095 - 258 : 4095 - 258 + 2]
    assert decode(pack(*codes), 4302) == bytes(wanted + string)


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (pack((256, 9), (65, 9), (300, 9)), "LZW code 300 after 1 bytes"),
        (pack((256, 9), (258, 9)), "LZW code 258 after 0 bytes"),
        (pack((256, 9), (65, 9), (257, 9)), "1 bytes of 100"),
        (pack((65, 9), (65, 9)), "does not begin as LZW"),
        (b"", "does not begin as LZW"),
        (struct.pack("<H", 0x0100) + b"old", "does not begin as LZW"),
    ],
)
def test_what_is_wrong_is_said(stream: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode(stream, 100)
