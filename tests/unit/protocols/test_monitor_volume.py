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


def test_many_particles_in_few_classes_make_no_map_and_an_alert() -> None:
    none = Volume(particles=0, iteration=2, note="1 good class, 3 are needed", alike=1500)
    (alert,) = MonitorVolume().inspect(Window((none,)))
    assert (alert.key, alert.level) == ("volume.views", "warning")
    for words in (
        "no 3D map of the 1500 particles in good classes: 1 good class, 3 are needed",
        "seen from few sides, or look alike from all",
        "tilt the stage by 20 to 40 degrees",
    ):
        assert words in alert.message
    assert list(MonitorVolume().inspect(Window((replace(none, alike=0),)))) == []


def test_the_recorded_map_of_a_session_of_which_95_percent_lie_on_one_side() -> None:
    """`icestream simulate --movies 24 --specimen barrel --end-on 0.95 --particles 90 --seed 4`.

    Its halves agreed to 10.3 Å as C2; against the truth (D7) the map was right to 43.6 Å.
    """
    lain = Volume(
        particles=1210,
        wanted=1000,
        iteration=6,
        map=Path("map.mrc"),
        symmetry="C2",
        resolution=10.3,
        resolution_is_limit=True,
        efficiency=0.0,
    )
    (alert,) = MonitorVolume().inspect(Window((lain,)))
    assert "few sides (sampling efficiency 0.00" in alert.message
    assert "(C2) may be wrong although its halves agree" in alert.message
    assert lain.reached.endswith("in directions that are seen")
    assert "volume.resolution" not in lain.qualities()


def test_a_map_that_got_worse_is_told_with_the_update() -> None:
    even = replace(UNEVEN, efficiency=0.8)
    resolutions = [9.1] * 5 + [12.3] * 3
    made = [
        replace(even, iteration=place + 1, resolution=value)
        for place, value in enumerate(resolutions)
    ]
    (alert,) = MonitorVolume().inspect(Window(tuple(made)))
    assert alert.key == "volume.worse"
    assert "at update 6" in alert.message
    assert list(MonitorVolume().inspect(Window(tuple(made[:5])))) == []


def test_good_classes_that_are_too_few_are_told_although_there_was_a_map() -> None:
    even = replace(UNEVEN, efficiency=0.8)
    none = Volume(particles=0, iteration=2, note="1 good class, 3 are needed", alike=1500)
    (alert,) = MonitorVolume().inspect(Window((even, none)))
    assert "there is no 3D map of the 1500 particles" in alert.message
