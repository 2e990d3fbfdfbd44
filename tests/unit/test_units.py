"""A unit is part of a number's type, so that a schema can show it."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from icestream import units
from icestream.units import Angstrom, Kilovolt, Micrometre, Unit, Usual, doubt

ALL = {name: getattr(units, name) for name in units.__all__ if name[0].isupper()}
ALL = {name: kind for name, kind in ALL.items() if name not in ("Unit", "Usual")}


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


@pytest.mark.parametrize(
    ("value", "unit", "usual", "asked"),
    [
        (300000.0, "kV", Usual(60, 400), "did you mean 300 kV (300000 V)?"),
        (0.1, "Å", Usual(0.2, 20), "did you mean 1 Å (0.1 nm)?"),
        (1.5e-10, "Å", Usual(0.2, 20), "did you mean 1.5 Å (1.5e-10 m)?"),
        (2700.0, "mm", Usual(0.005, 5), "did you mean 2.7 mm (2700 µm)?"),
        (0.0027, "mm", Usual(0.005, 5), "did you mean 2.7 mm (0.0027 m)?"),
        (7.0, "", Usual(0, 0.5), "did you mean 0.07 (7 %)?"),
        (20000.0, "µm", Usual(0.1, 10), "did you mean 2 µm (20000 Å)?"),
        (-100.0, "Å²", Usual(0, 500), "did you mean 100 Å² (without the minus)?"),
        (60.0, "e/Å²", Usual(0.01, 20, instead="that of all?"), "did you mean that of all?"),
        (1e9, "°", Usual(0, 90), None),
    ],
)
def test_what_may_be_meant_by_an_unusual_value(
    value: float, unit: str, usual: Usual, asked: str | None
) -> None:
    said = doubt(value, unit, usual)
    assert " is unusual (usual: " in said
    assert said.endswith(f"; {asked}" if asked else ").")


def test_a_usual_value_is_not_doubted_nor_one_with_a_meaning_of_its_own() -> None:
    usual = Usual(0.5, 5.0, also=(0.0,))
    assert [doubt(value, "mm", usual) for value in (0.0, 0.5, 2.7, 5.0)] == [""] * 4
    assert "0.5 to 5 mm, or 0" in doubt(0.1, "mm", usual)


def test_what_is_usual_reaches_the_json_schema() -> None:
    class Model(BaseModel):
        voltage: Annotated[Kilovolt, Usual(60.0, 400.0)] | None = None

    field = Model.model_json_schema()["properties"]["voltage"]
    assert field["anyOf"][0]["x-usual"] == [60.0, 400.0]
