"""Parameters: one model for validation, units, help and conditions."""

from typing import Annotated

import pytest
from annotated_types import Ge, Gt
from pydantic import ValidationError

from icestream.protocol import (
    Advanced,
    Operational,
    Parameters,
    hidden_parameters,
    operational_parameters,
    refused_values,
    shown_if,
    unit_of,
)
from icestream.units import Angstrom, Degree, Micrometre


class Example(Parameters):
    """An example."""

    defocus_max: Annotated[Micrometre, Gt(0)] = 4.0
    """Largest underfocus."""
    phase_plate: bool = False
    """Data were taken with a phase plate."""
    phase_shift: Annotated[Degree, Ge(0), shown_if("phase_plate")] = 90.0
    """Largest phase shift."""
    limit: Annotated[Angstrom, Advanced] | None = None
    """A limit."""
    threads: Annotated[int, Operational] = 1
    """How fast, not what."""


def test_schema_carries_units_help_and_conditions() -> None:
    fields = Example.model_json_schema()["properties"]
    assert fields["defocus_max"]["x-unit"] == "µm"
    assert fields["defocus_max"]["description"] == "Largest underfocus."
    assert fields["phase_shift"]["x-shown-if"] == {"field": "phase_plate", "values": []}
    assert fields["limit"]["anyOf"][0]["x-advanced"] is True


def test_units_are_found_also_in_optional_fields() -> None:
    units = {name: unit_of(field) for name, field in Example.model_fields.items()}
    assert units == {"defocus_max": "µm", "phase_plate": None, "phase_shift": "°", "limit": "Å"} | {
        "threads": None
    }


def test_a_parameter_without_effect_is_hidden() -> None:
    assert hidden_parameters(Example()) == {"phase_shift"}
    assert hidden_parameters(Example(phase_plate=True)) == set()


def test_what_the_user_set_is_remembered() -> None:
    assert Example(defocus_max=4.0).changed() == {"defocus_max": 4.0}
    assert Example().changed() == {}


@pytest.mark.parametrize("bad", [{"defocus_max": 0}, {"defocus_mx": 3}, {"phase_shift": "x"}])
def test_bad_values_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Example(**bad)  # type: ignore[arg-type]


def test_values_never_change() -> None:
    with pytest.raises(ValidationError):
        Example().defocus_max = 3.0  # type: ignore[misc]


def test_what_decides_nothing_is_known() -> None:
    assert operational_parameters(Example) == {"threads"}
    assert Example.model_json_schema()["properties"]["threads"]["x-operational"] is True


def test_refusals_say_limit_unit_and_what_was_found() -> None:
    with pytest.raises(ValidationError) as refused:
        Example.model_validate({"defocus_max": -1, "phase_shift": -0.5, "unknown": 1})
    assert list(refused_values(Example, refused.value)) == [
        ("defocus_max", "more than 0 µm, found -1"),
        ("phase_shift", "at least 0°, found -0.5"),
        ("unknown", "Extra inputs are not permitted"),
    ]
