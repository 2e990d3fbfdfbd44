import numpy as np

from balls import Balls
from icestream.processing.volume.picture import draw_volume


def test_slices_lie_above_projections(lopsided: Balls) -> None:
    volume = lopsided.volume()
    drawn = draw_volume(volume)
    assert drawn.shape == (320, 480)
    assert drawn.dtype == np.uint8
    small = drawn[160:, :160].reshape(32, 5, 32, 5).mean(axis=(1, 3))
    assert np.corrcoef(small.ravel(), volume.sum(axis=0).ravel())[0, 1] > 0.95
    middle = drawn[:160, 320:].reshape(32, 5, 32, 5).mean(axis=(1, 3))
    assert np.corrcoef(middle.ravel(), volume[:, :, 16].ravel())[0, 1] > 0.9
