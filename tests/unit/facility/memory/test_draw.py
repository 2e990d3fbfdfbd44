"""Charts are drawn as SVG that is valid, and that holds no text of others as mark-up."""

import math
from xml.etree import ElementTree

import pytest

from icestream.facility.memory.draw import chart_svg, round_axis
from icestream.facility.memory.history import charts
from icestream.facility.memory.kinds import MemorySection
from icestream.facility.opened import Facility
from icestream.facility.registry.microscopes import add_occasion, occasions
from simulated_histories import remember_history


def test_a_chart_shows_sessions_limits_and_occasions(facility: Facility) -> None:
    remember_history(facility.registry, "krios1", 40, worse={"astigmatism": (36, 3.0)})
    with facility.registry.write() as connection:
        told = facility.moment("2020-01-01")
        add_occasion(connection, "krios1", "note", "<script>", who="x", when=(told, None))
    with facility.registry.read() as connection:
        (chart,) = charts(connection, MemorySection(), "krios1", ["astigmatism"])
        svg = chart_svg(chart, occasions(connection), facility.file.zone)
    root = ElementTree.fromstring(svg)
    kinds = [one.get("class") for one in root.iter()]
    assert kinds.count("value") + kinds.count("beyond") + kinds.count("drift") == 40
    assert kinds.count("beyond") >= 1
    assert kinds.count("band") == 1
    assert kinds.count("occasion") == 1
    assert "<script>" not in svg
    assert "script" in "".join(root.itertext())
    assert "krios1-40" in "".join(root.itertext())
    for one in root.iter("circle"):
        assert 0 <= float(one.get("cx", "-1")) <= 600
        assert 0 <= float(one.get("cy", "-1")) <= 180


def test_one_session_makes_a_chart(facility: Facility) -> None:
    remember_history(facility.registry, "krios1", 1)
    with facility.registry.read() as connection:
        for chart in charts(connection, MemorySection(), "krios1"):
            ElementTree.fromstring(chart_svg(chart, (), facility.file.zone))


@pytest.mark.parametrize(
    ("low", "high"), [(3.1, 4.9), (0.0, 0.0), (1.0, 1.0), (150.0, 152.0), (0.001, 0.5), (-3.0, 2.0)]
)
def test_an_axis_covers_its_values_with_a_few_round_ticks(low: float, high: float) -> None:
    axis = round_axis(low, high)
    assert axis.low <= low
    assert axis.high >= high
    assert 2 <= len(axis.ticks) <= 8
    assert all(math.isfinite(tick) for tick in axis.ticks)
    assert 0.0 <= axis.share(low) <= axis.share(high) <= 1.0
