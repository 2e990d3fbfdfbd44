import numpy as np
import pytest

from icestream.processing.backend import cpu


@pytest.mark.parametrize("t", [0.0, 0.2, 0.5, 0.99])
def test_taps_add_up_to_one_and_keep_their_centre(t):
    taps = np.array(cpu.spline_taps(t), dtype=np.float64)
    assert taps.sum() == pytest.approx(1, abs=1e-6)
    assert (taps * np.arange(-2, 4)).sum() == pytest.approx(t, abs=1e-6)
