"""How often movies come."""

import pytest

from icestream.model.arrivals import usual_interval


@pytest.mark.parametrize(
    ("times", "interval"),
    [
        ([0.0, 10.0, 20.0, 30.0, 41.0], 10.0),
        ([0.0, 10.0, 20.0, 30.0], None),
        ([5.0] * 100, None),  # a folder that was full
        ([0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 600.0], 10.0),
    ],
)
def test_the_usual_interval(times: list[float], interval: float | None) -> None:
    assert usual_interval(times) == interval
