"""A preset says what is known of a microscope, and nothing else."""

import pytest
from pydantic import ValidationError

from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.preset import Preset


def test_what_is_not_said_is_unknown() -> None:
    assert Preset().changed() == {}
    assert all(value in (None, ()) for value in Preset().model_dump().values())


@pytest.mark.parametrize("wrong", [{"cs": 2.7}, {"voltage": -300}, {"gain_rotation": 45}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Preset.model_validate(wrong)


def test_presets_come_out_of_parameters_as_they_went_in() -> None:
    with_one = ImportParameters.model_validate({"presets": {"k": {"voltage": 300.0}}})
    assert ImportParameters.model_validate(with_one.changed()) == with_one
