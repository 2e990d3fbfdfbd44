"""Parameters of the import, as people give them."""

import pytest
from pydantic import ValidationError

from icestream.protocol import hidden_parameters, unit_of
from icestream.protocols.import_parameters import ImportParameters


def test_defaults_ask_for_nothing_but_the_folder() -> None:
    parameters = ImportParameters(pattern="/data")
    assert parameters.changed() == {"pattern": "/data"}
    assert hidden_parameters(parameters) == {"idle_timeout"}


def test_units_are_shown() -> None:
    fields = ImportParameters.model_fields
    units = {name: unit_of(field) for name, field in fields.items()}
    assert units["pixel_size"] == "Å"
    assert units["voltage"] == "kV"
    assert units["dose_per_frame"] == units["eer_dose"] == "e/Å²"
    assert units["spherical_aberration"] == "mm"
    assert units["patience"] == units["idle_timeout"] == "s"


@pytest.mark.parametrize(
    "wrong", [{"pixel_size": 0}, {"voltage": -1}, {"frames": 0}, {"amplitude_contrast": 1.5}]
)
def test_values_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ImportParameters(**wrong)  # type: ignore[arg-type]
