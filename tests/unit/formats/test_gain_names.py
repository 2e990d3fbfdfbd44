"""A gain reference is called so by a word, not by letters within one."""

import pytest

from icestream.formats.gain_names import is_gain_name


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("20240830_103455_EER_GainReference.gain", True),
        ("20240830.gain", True),
        ("CountRef_1.mrc", True),
        ("SuperRef_s.dm4", True),
        ("gain.tif", True),
        ("GAIN01.MRC", True),
        ("EERGain.mrc", True),
        ("K3-gain-ref.MRC", True),
        ("x_gainref_flipped.mrc", True),
        ("norm-amibox05-0.mrc", True),
        ("24jan01a_01010000_00_5760x4092_norm_0.mrc", True),
        ("normal_001.mrc", False),
        ("gain_test_001.tif", True),
        ("L1_again_001.tif", False),
        ("Gainesville_1.tif", False),
        ("regain.mrc", False),
        ("gain.xml", False),
        ("gain", False),
        ("FoilHole_1_Data_2_3_Fractions.tiff", False),
    ],
)
def test_names_of_gain_references(name: str, gain: bool) -> None:
    assert is_gain_name(name) is gain
