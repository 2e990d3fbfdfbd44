"""Classes as a value."""

from pathlib import Path

from icestream.model import QUALITIES, Classes, column


def test_qualities() -> None:
    classes = Classes(
        averages=Path("classes.mrcs"),
        box=64,
        pixel_size=3.0,
        counts=column([10, 5]),
        resolution=column([12, 15]),
        score=column([1, 0.5]),
        assignments=Path("assignments.parquet"),
        particles=15,
        iteration=2,
    )
    assert classes.qualities() == {"classes.particles": 15.0}
    assert set(classes.qualities()) <= set(QUALITIES)
