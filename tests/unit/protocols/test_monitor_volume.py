from dataclasses import replace
from pathlib import Path

from icestream.model import Volume
from icestream.protocol import Window
from icestream.protocol.conformance import problems
from icestream.protocols.monitor_volume import MonitorVolume

UNEVEN = Volume(
    particles=1000,
    iteration=1,
    map=Path("map.mrc"),
    symmetry="C2",
    resolution=13.5,
    efficiency=0.06,
)


def test_is_a_good_plugin() -> None:
    assert problems(MonitorVolume) == []


def test_views_from_few_sides_are_told() -> None:
    (alert,) = MonitorVolume().inspect(Window((UNEVEN,)))
    assert (alert.key, alert.level) == ("volume.views", "warning")
    for words in ("efficiency 0.06", "only in the directions that are seen", "(C2) may be wrong"):
        assert words in alert.message


def test_even_views_and_no_map_are_none_of_its_business() -> None:
    none = Volume(particles=0, iteration=1, note="12 particles in good classes")
    even = replace(UNEVEN, efficiency=0.8, iteration=2)
    for items in ((), (none,), (even,), (UNEVEN, even)):
        assert list(MonitorVolume().inspect(Window(items))) == []
    # A snapshot without a map says nothing new of the last one that there was.
    assert len(list(MonitorVolume().inspect(Window((UNEVEN, none))))) == 1


def test_a_preliminary_map_is_told_beside_its_views() -> None:
    few = replace(UNEVEN, particles=999, wanted=1000)
    notice, warning = MonitorVolume().inspect(Window((few,)))
    assert (notice.key, notice.level) == ("volume.preliminary", "notice")
    assert "999 particles in good classes, 1000 are asked for" in notice.message
    assert warning.key == "volume.views"
    enough = replace(few, particles=1000, efficiency=0.8)
    assert list(MonitorVolume().inspect(Window((enough,)))) == []


def test_views_that_leave_a_part_unseen_are_always_told() -> None:
    """No view at all of a part of Fourier space is an efficiency of 0, not one unknown."""
    (alert,) = MonitorVolume().inspect(Window((replace(UNEVEN, efficiency=0.0),)))
    assert alert.key == "volume.views"
    assert "efficiency 0.00" in alert.message
