"""Microscopes, their detectors, and what happened to them."""

import pytest

from icestream.facility.registry.microscopes import (
    UnknownInstrument,
    add_occasion,
    detector_number,
    end_occasion,
    keep_microscopes,
    microscope_number,
    microscopes,
    occasions,
)
from icestream.facility.registry.open import FacilityRegistry


def test_one_that_left_the_file_is_retired_and_may_come_back(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_microscopes(connection, {"a": ("A", "Krios"), "b": ("B", "")})
        keep_microscopes(connection, {"b": ("B2", "")})
        assert [one.name for one in microscopes(connection, retired=False)] == ["b"]
        assert microscopes(connection)[0].retired is not None
        keep_microscopes(connection, {"a": ("A", ""), "b": ("B2", "")})
        assert [one.retired for one in microscopes(connection)] == [None, None]
        assert microscopes(connection)[1].title == "B2"


def test_a_detector_is_written_down_once(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_microscopes(connection, {"a": ("", "")})
        number = microscope_number(connection, "a")
        assert detector_number(connection, number, "K3") == detector_number(
            connection, number, "K3"
        )
        with pytest.raises(UnknownInstrument, match="no microscope 'z'; it has a"):
            microscope_number(connection, "z")


def test_occasions_are_told_by_time(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_microscopes(connection, {"a": ("", ""), "b": ("", "")})
        add_occasion(connection, "a", "service", "gun", who="eva", when=(10.0, 20.0))
        add_occasion(connection, "a", "realignment", "coma", who="eva", when=(30.0, None))
        add_occasion(connection, "b", "service", "pump", who="tom")
        found = occasions(connection, microscope="a", begins=15.0, ends=25.0)
        assert [(one.kind, one.text, one.until) for one in found] == [("service", "gun", 20.0)]
        assert len(occasions(connection)) == 3
        assert [one.at for one in occasions(connection, microscope="a", begins=21.0)] == [30.0]


def test_an_occasion_gets_an_end_and_another(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_microscopes(connection, {"a": ("", "")})
        number = add_occasion(connection, "a", "failure", "gun", who="eva", when=(10.0, None))
        assert end_occasion(connection, number, 20.0).until is None
        assert end_occasion(connection, number, 10.0).until == 20.0
        with pytest.raises(ValueError, match="would end before it begins"):
            end_occasion(connection, number, 9.0)
        with pytest.raises(UnknownInstrument, match="there is no occasion 2"):
            end_occasion(connection, 2, 9.0)
        assert [one.until for one in occasions(connection)] == [10.0]
