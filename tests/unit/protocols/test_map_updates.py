"""What has become worse over the updates of the first 3D map."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.model import Volume
from icestream.protocols.map_updates import worse_map

MADE = Volume(
    particles=1000, iteration=1, map=Path("map.mrc"), symmetry="C1", resolution=9.1, efficiency=0.8
)


def updates(resolutions: list[float], **changes: list[float]) -> list[Volume]:
    every = [
        replace(MADE, iteration=place + 1, particles=1000 * (place + 1), resolution=resolution)
        for place, resolution in enumerate(resolutions)
    ]
    for name, values in changes.items():
        every = [replace(one, **{name: value}) for one, value in zip(every, values, strict=True)]
    return every


def test_a_resolution_that_got_worse_is_told_with_the_update() -> None:
    alert = worse_map(updates([9.2, 9.0, 9.1, 9.1, 9.1, 12.3, 12.2, 12.3]))
    assert alert is not None
    assert (alert.key, alert.level) == ("volume.worse", "warning")
    assert alert.message.startswith(
        "resolution of the 3D map got worse from 9.1 to 12.3 Å at update 6: the particles that "
    )
    assert alert.cause is not None


@pytest.mark.parametrize(
    "resolutions",
    [
        [9.1] * 8,
        [20.0, 15.0, 12.0, 10.0, 9.5, 9.2, 9.1, 9.0],
        [9.1, 9.1, 9.1, 12.3],
        [9.1, 9.1, 9.1, 9.1, 12.3, 9.1, 9.1],
        [],
    ],
)
def test_nothing_is_told_of_what_is_well_or_not_known_yet(resolutions: list[float]) -> None:
    assert worse_map(updates(resolutions)) is None


def test_views_that_get_less_even_are_told() -> None:
    alert = worse_map(updates([9.1] * 8, efficiency=[0.8] * 5 + [0.45] * 3))
    assert alert is not None
    assert alert.message.startswith("views of the 3D map got less even, from 0.80 to 0.45 (1 is")
    assert "at update 6: more and more particles lie on few sides" in alert.message


def test_a_resolution_of_uneven_views_is_not_compared() -> None:
    """Below an efficiency of 0.3 there is no one number; the views themselves are told."""
    alert = worse_map(updates([9.1] * 5 + [14.0] * 3, efficiency=[0.8] * 5 + [0.1] * 3))
    assert alert is not None
    assert "resolution" not in alert.message


def test_what_else_differs_says_the_cause() -> None:
    worse = [9.1] * 5 + [12.3] * 3
    other = updates(worse)
    other = [replace(one, symmetry="D2") if one.iteration >= 6 else one for one in other]
    alert = worse_map(other)
    assert alert is not None
    assert alert.cause == "another symmetry was found"
    fewer = updates(worse, particles=[5000.0] * 5 + [2000.0] * 3)
    alert = worse_map(fewer)
    assert alert is not None
    assert alert.cause == "it is made of fewer particles than before"
