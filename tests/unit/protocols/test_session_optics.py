"""Exposures share a group when their optics and their beam shifts are alike."""

import json
from dataclasses import replace

import pytest

from icestream.processing.exposure_groups import ExposureGroups
from icestream.protocols.session_optics import SessionOptics, Traits

TRAITS = Traits(
    pixel_size=1.5,
    voltage=300.0,
    spherical_aberration=2.7,
    amplitude_contrast=0.1,
    shape=(3838, 3710),
    camera="K3",
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pixel_size": 1.0}, "pixel size 1.5 -> 1 Å"),
        ({"voltage": 200.0}, "voltage 300 -> 200 kV"),
        ({"spherical_aberration": 0.01}, "Cs 2.7 -> 0.01 mm"),
        ({"amplitude_contrast": 0.07}, "amplitude contrast 0.1 -> 0.07"),
        ({"shape": (7676, 7420)}, "frames 3710 x 3838 -> 7420 x 7676 pixels"),
        ({"camera": "Falcon 4i"}, "camera K3 -> Falcon 4i"),
    ],
)
def test_other_optics_are_another_group_and_told_once(change: dict[str, object], told: str) -> None:
    other = replace(TRAITS, **change)
    optics = SessionOptics()
    assert optics.group(TRAITS, (0.0, 0.0), 0.1) == (1, "")
    assert optics.group(other, (0.0, 0.0), 0.1) == (2, told)
    assert optics.group(TRAITS, (0.0, 0.0), 0.1) == (1, "")
    assert optics.group(other, (0.01, 0.0), 0.1) == (2, "")
    assert optics.group(TRAITS, (5.0, 0.0), 0.1) == (3, "")


def test_what_is_not_known_of_the_camera_and_rounding_tell_nobody_apart() -> None:
    optics = SessionOptics()
    assert optics.group(TRAITS, None, 0.0) == (1, "")
    assert optics.group(replace(TRAITS, camera=None), None, 0.0) == (1, "")
    assert optics.group(replace(TRAITS, pixel_size=1.5004), None, 0.0) == (1, "")


def test_an_unknown_shift_is_nobodys() -> None:
    optics = SessionOptics()
    assert optics.group(TRAITS, (0.0, 0.0), 0.1)[0] == 1
    assert optics.group(TRAITS, None, 0.1)[0] == 2
    assert optics.group(TRAITS, (0.0, 0.0), 0.1)[0] == 1
    assert optics.group(TRAITS, None, 0.1)[0] == 2


def test_numbers_are_kept_over_a_restart() -> None:
    optics = SessionOptics()
    other = replace(TRAITS, pixel_size=1.0)
    shots = [(TRAITS, (0.0, 0.0)), (other, (0.0, 0.0)), (TRAITS, None), (other, (3.0, 0.0))]
    before = [optics.group(traits, shift, 0.1)[0] for traits, shift in shots]
    again = SessionOptics(json.loads(json.dumps(optics.document())))
    assert [again.group(traits, shift, 0.1) for traits, shift in shots[::-1]] == [
        (number, "") for number in before[::-1]
    ]


def test_a_session_of_before_keeps_its_numbers() -> None:
    groups = ExposureGroups(0.1)
    assert [groups.assign((float(n), 0.0)) for n in range(3)] == [1, 2, 3]
    optics = SessionOptics(json.loads(json.dumps(groups.document())))
    assert optics.group(TRAITS, (2.0, 0.0), 0.1) == (3, "")
    assert optics.group(replace(TRAITS, pixel_size=1.0), (2.0, 0.0), 0.1)[0] == 4
