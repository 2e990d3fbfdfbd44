"""A unit is part of a number's type, so that a schema can show it."""

from typing import Any

import pytest
from pydantic import BaseModel

from icestream import units
from icestream.units import Angstrom, Micrometre, Unit

ALL = {name: getattr(units, name) for name in units.__all__ if name != "Unit"}


@pytest.mark.parametrize("name", ALL)
def test_each_unit_reaches_the_json_schema(name: str) -> None:
    kind: Any = ALL[name]
    symbol = next(mark.symbol for mark in kind.__metadata__ if isinstance(mark, Unit))
    model = type("Model", (BaseModel,), {"__annotations__": {"value": kind}})
    assert model.model_json_schema()["properties"]["value"]["x-unit"] == symbol


def test_a_value_stays_a_plain_number() -> None:
    class Model(BaseModel):
        pixel_size: Angstrom
        defocus: Micrometre

    model = Model(pixel_size=1.5, defocus=2)
    assert model.model_dump() == {"pixel_size": 1.5, "defocus": 2.0}
    assert type(model.pixel_size) is float
