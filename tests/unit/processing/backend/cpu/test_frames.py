import numpy as np
import pytest

from icestream.processing.backend import cpu


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.float32])
def test_blocks_are_summed_with_the_gain(kind):
    counts = np.arange(2 * 5 * 7).reshape(2, 5, 7).astype(kind)
    gain = np.linspace(0.5, 2, 35, dtype=np.float32).reshape(5, 7)
    binned = cpu.bin_frames(counts, gain, 2, threads=2)
    assert binned.shape == (2, 2, 3)
    assert binned.dtype == np.float32
    corrected = counts * gain
    assert binned[1, 1, 2] == pytest.approx(corrected[1, 2:4, 4:6].sum(), rel=1e-6)


def test_counts_of_a_byte_do_not_run_over():
    counts = np.full((1, 16, 16), 255, np.uint8)
    assert cpu.bin_frames(counts, np.ones((16, 16), np.float32), 16)[0, 0, 0] == 255 * 256


def test_factor_one_corrects_the_gain_alone():
    counts = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    gain = np.full((3, 4), 1.5, np.float32)
    np.testing.assert_array_equal(cpu.bin_frames(counts, gain, 1), counts * gain)
