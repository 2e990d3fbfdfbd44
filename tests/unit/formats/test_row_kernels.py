"""Rows change their places, and counts their width."""

import numpy as np

from icestream.formats.row_kernels import narrow, turn_over


def test_counts_are_copied_where_they_fit() -> None:
    counts = np.arange(256, dtype=np.uint16).reshape(16, 16)
    out = np.zeros((16, 16), dtype=np.uint8)
    assert narrow(counts, out)
    assert (out == counts).all()
    counts[7, 3] = 256
    assert not narrow(counts, out)


def test_an_image_is_turned_upside_down_where_it_is() -> None:
    image = np.arange(15, dtype=np.uint8).reshape(5, 3)
    turned = image.copy()
    turn_over(turned)
    assert (turned == image[::-1]).all()
