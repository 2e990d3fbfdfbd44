"""Events are packed into bits and counted from them again."""

import numpy as np

from icestream.formats.eer_kernels import add_events, encode_events

TOTAL = 64 * 64


def test_events_are_where_they_were() -> None:
    positions = np.array([0, 1, 200, 3000, TOTAL - 1])
    stream = encode_events(positions, np.full(5, 0b1010), TOTAL, 7)
    assert stream.size % 2 == 0
    image = np.zeros((64, 64), dtype=np.uint16)
    assert add_events(stream, 7, 2, 2, 1, image) == (5, TOTAL)
    assert np.flatnonzero(image).tolist() == positions.tolist()
    assert image.sum() == 5


def test_a_place_inside_its_pixel_is_a_pixel_of_twice_as_many() -> None:
    stream = encode_events(np.array([65]), np.array([0b0010]), TOTAL, 8)
    image = np.zeros((128, 128), dtype=np.uint8)
    assert add_events(stream, 8, 2, 2, 2, image) == (1, TOTAL)
    assert np.argwhere(image).tolist() == [[3, 2]]
