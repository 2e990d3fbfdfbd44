"""The fitted CTF as a value."""

import pytest

from icestream.model import QUALITIES, Ctf, Optics


def test_mean_defocus_and_astigmatism() -> None:
    ctf = Ctf(
        exposure="a",
        optics=Optics(pixel_size=1.5, voltage=300.0),
        defocus_u=15200.0,
        defocus_v=14800.0,
        angle=30.0,
        resolution=4.2,
    )
    assert ctf.defocus == pytest.approx(15000.0)
    assert ctf.astigmatism == pytest.approx(400.0)
    qualities = ctf.qualities()
    assert qualities["ctf.defocus"] == ctf.defocus
    assert qualities["ctf.resolution"] == 4.2
    assert set(qualities) <= set(QUALITIES)
