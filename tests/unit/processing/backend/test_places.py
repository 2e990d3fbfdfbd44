"""What is written once is tested through both of its users; here, what neither shows."""

import numpy as np

from icestream.processing.backend.places import find_peaks


def test_the_top_is_never_more_than_a_pixel_away():
    maps = np.zeros((1, 16, 16), np.float32)
    # A plane that falls off abruptly fits a surface whose top lies far away.
    maps[0, :2, :2] = [[10, 9.99], [9.99, 9.98]]
    maps[0, -1, :2] = maps[0, :2, -1] = 9.97
    places, heights = find_peaks(np, maps, 1.0)
    assert np.abs(places).max() <= 1
    assert heights[0] == 10
