"""Parameters: one model for validation, units, help and conditions."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, Field, ValidationError

from icestream.protocol import (
    Advanced,
    DecidesIfSet,
    InputFile,
    Operational,
    Parameters,
    absent_file,
    hidden_parameters,
    is_input_file,
    operational_parameters,
    refused_values,
    shown_if,
    unit_of,
    unset_parameters,
    unusual_values,
)
from icestream.units import Angstrom, Degree, Kilovolt, Micrometre, Usual


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
        ("unknown", f"there is no 'unknown'; there are {', '.join(Example.model_fields)}"),
    ]


class Inner(Parameters):
    """What is inside."""

    way: Literal["up-down", "left-right"] = "up-down"
    """Which way."""
    voltage: float = 300.0
    """How much."""


class Outer(Parameters):
    """What has others inside."""

    each: dict[str, Inner] = Field(default_factory=dict)
    """By their names."""


@pytest.mark.parametrize(
    ("given", "name", "why"),
    [
        ({"eachh": {}}, "eachh", "there is no 'eachh'; did you mean each?"),
        ({"each": {"a": {"volatge": 1}}}, "each.a.volatge", "did you mean voltage?"),
        ({"each": {"a": {"kv": 1}}}, "each.a.kv", "there is no 'kv'; there are way, voltage"),
        ({"each": {"a": {"way": "updown"}}}, "each.a.way", "; did you mean up-down?"),
    ],
)
def test_a_name_or_a_word_that_is_not_known_is_compared_with_those_that_are(
    given: dict[str, Any], name: str, why: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(given)
    ((where, said),) = refused_values(Outer, refused.value)
    assert where == name
    assert said.endswith(why)


class Files(Parameters):
    """Files."""

    gain: InputFile | None = None
    """To be read, if given."""
    model: Annotated[InputFile, Advanced] = Path("model.bin")
    """To be read."""
    references: tuple[InputFile, ...] = ()
    """To be read."""
    report: Path | None = None
    """To be written."""


def test_forms_can_tell_a_file_that_is_read() -> None:
    fields = Files.model_json_schema()["properties"]
    assert fields["model"]["x-input-file"] is True
    assert fields["model"]["x-advanced"] is True
    assert fields["gain"]["anyOf"][0]["x-input-file"] is True
    assert fields["references"]["items"]["x-input-file"] is True
    assert "x-input-file" not in str(fields["report"])
    marked = [name for name, field in Files.model_fields.items() if is_input_file(field)]
    assert marked == ["gain", "model", "references"]


def test_the_mark_changes_no_value(tmp_path: Path) -> None:
    """What is recorded, and so the keys, are those of a plain path."""
    assert Files(gain=tmp_path / "a").model_dump(mode="json") == {
        "gain": str(tmp_path / "a"),
        "model": "model.bin",
        "references": [],
        "report": None,
    }


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert absent_file(Files, "gain", None) == ""
    assert absent_file(Files, "report", str(tmp_path / "no")) == ""
    assert absent_file(Files, "model", str(tmp_path)) == (
        f"model: {tmp_path} is no file; give its right path"
    )
    too_long = tmp_path / ("x" * 999)
    assert absent_file(Files, "model", too_long).startswith(f"model: {too_long} ")


class Plausible(Parameters):
    """What is usual."""

    voltage: Annotated[Kilovolt, Gt(0), Usual(60.0, 400.0)] | None = None
    """Optional."""
    share: Annotated[float, Ge(0), Le(1), Usual(0.0, 0.5)] = 0.1
    """A fraction."""
    range: tuple[Annotated[Micrometre, Usual(0.1, 10.0)], ...] = ()
    """Several."""
    frames: Annotated[int, Ge(1)] = 1
    """No range is said."""


def test_unusual_values_are_taken_and_asked_about_where_they_enter() -> None:
    given = {"voltage": 3e5, "share": 0.7, "range": [2.0, 20000.0], "frames": 10**9}
    Plausible.model_validate(given)
    assert dict(unusual_values(Plausible, given)) == {
        "voltage": "300000 kV is unusual (usual: 60 to 400 kV); did you mean 300 kV (300000 V)?",
        "share": "0.7 is unusual (usual: 0 to 0.5); did you mean 0.007 (0.7 %)?",
        "range": "20000 µm is unusual (usual: 0.1 to 10 µm); did you mean 2 µm (20000 Å)?",
    }
    assert list(unusual_values(Plausible, {"voltage": None, "share": 0.07})) == []


def test_refusals_ask_what_was_meant() -> None:
    with pytest.raises(ValidationError) as refused:
        Plausible.model_validate({"voltage": -300, "share": 7, "frames": 0})
    assert [why for _, why in refused_values(Plausible, refused.value)] == [
        "more than 0 kV, found -300; did you mean 300 kV (without the minus)?",
        "at most 1, found 7; did you mean 0.07 (7 %)?",
        "at least 1, found 0",
    ]


def test_whole_numbers_that_no_float_holds_are_out_of_every_limit() -> None:
    class Copies(BaseModel):
        few: Annotated[int, Ge(1), Le(9), Usual(1.0, 4.0)] = 1
        many: Annotated[int, Usual(1.0, 10000.0)] = 1

    for huge in (10**400, -(10**400)):
        with pytest.raises(ValidationError) as caught:
            Copies.model_validate({"few": huge})
        ((name, why),) = refused_values(Copies, caught.value)
        assert (name, why.startswith("at most 9" if huge > 0 else "at least 1")) == ("few", True)
        ((name, why),) = unusual_values(Copies, {"many": huge})
        assert (name, "is unusual (usual: 1 to 10000)" in why) == ("many", True)


def test_a_parameter_that_was_added_is_told_while_it_has_its_default() -> None:
    class Older(Parameters):
        first: int = 1
        second: Annotated[tuple[str, ...], DecidesIfSet] = ()
        third: Annotated[float, DecidesIfSet] | None = None

    assert unset_parameters(Older()) == unset_parameters(Older(second=())) == {"second", "third"}
    assert unset_parameters(Older(second=("a",), third=0.0)) == set()
