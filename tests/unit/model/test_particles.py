"""Particles as a value."""

from pathlib import Path

from icestream.model import QUALITIES, Optics, Particles, column


def test_length_and_qualities() -> None:
    two = column([1, 2])
    particles = Particles(
        exposure="a",
        stack=Path("a.mrcs"),
        box=64,
        optics=Optics(pixel_size=3.0, voltage=300.0),
        micrograph=Path("a.mrc"),
        micrograph_pixel_size=1.5,
        x=two,
        y=two,
        score=two,
        defocus_u=two,
        defocus_v=two,
        defocus_angle=two,
    )
    assert len(particles) == 2
    assert particles.qualities() == {"particles.count": 2.0}
    assert set(particles.qualities()) <= set(QUALITIES)
