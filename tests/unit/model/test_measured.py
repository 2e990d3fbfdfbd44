"""What was measured on an exposure: frozen, and empty where nothing is known."""

import dataclasses

import pytest

from icestream.model import MeasuredExposure


def test_what_is_not_known_is_missing() -> None:
    shot = MeasuredExposure(exposure="a", taken=1.0)
    assert shot.qualities == {}
    assert (shot.grid_square, shot.foil_hole, shot.nominal_defocus) == (None, None, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        shot.taken = 2.0  # type: ignore[misc]
