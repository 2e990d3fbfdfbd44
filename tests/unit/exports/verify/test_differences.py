"""Values that differ by more than rounding does."""

import pytest

from icestream.exports.verify.differences import differences

OWN = {
    "micrograph pixel size": 0.83, "image pixel size": 1.66, "voltage": 300.0,
    "spherical aberration": 2.7, "amplitude contrast": 0.1, "defocus u": 12345.678,
    "defocus v": 12000.0, "defocus angle": -89.98, "phase shift": 0.0,
}  # fmt: skip


def test_what_rounding_makes_is_none() -> None:
    rounded = {name: float(f"{value:.6g}") for name, value in OWN.items()}
    assert differences(rounded, OWN) == []
    assert differences({"defocus angle": 90.0}, OWN) == []  # the same direction


@pytest.mark.parametrize("name", OWN)
def test_each_value_is_looked_at(name: str) -> None:
    (said,) = differences({name: OWN[name] * 1.01 + 0.3}, OWN)
    assert said.startswith(f"{name} ")
    assert ", and not " in said


def test_what_is_not_a_number_differs() -> None:
    assert differences({"voltage": float("nan")}, OWN) == ["voltage nan kV, and not 300 kV"]


def test_the_direction_of_no_astigmatism_means_nothing() -> None:
    assert not differences({"defocus angle": 10.0}, OWN | {"defocus v": OWN["defocus u"] - 2})
