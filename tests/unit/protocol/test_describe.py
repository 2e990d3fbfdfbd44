"""Parameters in words."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Le, MultipleOf

from icestream.model import Ctf, Micrograph
from icestream.protocol import Advanced, ItemProtocol, Parameters, Port, Program, shown_if
from icestream.protocol.describe import (
    bare_type,
    describe_parameters,
    first_line,
    port_words,
    programs_of,
    sources_of,
    type_words,
    value_words,
    without_effect,
)
from icestream.units import Angstrom, Degree, Micrometre, Pixel


class RingParameters(Parameters):
    """Where to search."""

    defocus_max: Annotated[Micrometre, Gt(0), Le(10)] = 4.0
    """Largest underfocus
    to search."""

    phase_plate: bool = False
    """Fit the phase shift too."""

    phase_shift: Annotated[Degree, Ge(0), shown_if("phase_plate")] = 180.0
    """Largest phase shift."""

    tile: Annotated[Pixel, MultipleOf(2), Advanced] = 512
    """Side of the tiles."""

    diameter: Annotated[Angstrom, Gt(0)] | None = None
    """Particle diameter."""


class FindRings(ItemProtocol[RingParameters]):
    """Find the rings of a
    micrograph.

    More words.
    """

    name = "ctf.rings"
    title = "Rings"

    def process(self, micrograph: Micrograph) -> Ctf: ...


DESCRIBED = {found.name: found for found in describe_parameters(RingParameters)}


def test_a_parameter_is_described_whole() -> None:
    found = DESCRIBED["defocus_max"]
    assert (found.kind, found.unit, found.default) == ("number", "µm", "4 µm")
    assert found.limits == "> 0 µm, ≤ 10 µm"
    assert found.help == "Largest underfocus to search."
    assert found.sentence() == "Largest underfocus to search. [> 0 µm, ≤ 10 µm] Default: 4 µm."
    assert found.sentence("3 µm").endswith("Default: 3 µm.")


def test_conditions_and_advanced_are_said() -> None:
    assert DESCRIBED["phase_shift"].condition == "with phase_plate"
    assert "Only with phase_plate." in DESCRIBED["phase_shift"].sentence()
    assert DESCRIBED["tile"].advanced
    assert not DESCRIBED["defocus_max"].advanced


def test_what_does_nothing_is_said() -> None:
    """Only of what was given, and is not what would hold anyway."""

    def said(**given: object) -> list[str]:
        return list(without_effect("ctf", RingParameters, given))

    assert said(phase_shift=90.0) == [
        "step 'ctf': phase_shift has no effect: it is used only with phase_plate"
    ]
    assert said(phase_shift=90.0, phase_plate=True) == []
    assert said(phase_shift=180.0) == said(tile=256) == said() == []


def test_an_optional_number_keeps_its_unit_and_limits() -> None:
    found = DESCRIBED["diameter"]
    assert (found.kind, found.unit, found.limits) == ("number", "Å", "> 0 Å")
    assert found.default == "none"


class Mode(Enum):
    FAST = "fast"
    GOOD = "good"


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (float, "number"),
        (Annotated[int, Ge(1)], "whole number"),
        (Literal["a", "b"], "one of a, b"),
        (Path | None, "path"),
        (tuple[float, ...], "list of number"),
        (tuple[Annotated[int, Ge(1)], int], "list of whole number"),
        (Mode, "one of fast, good"),
        (str | int, "text or whole number"),
    ],
)
def test_types_in_words(annotation: object, words: str) -> None:
    assert type_words(annotation) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, "Å", "none"),
        (True, "", "yes"),
        (2.0, "µm", "2 µm"),
        (90.0, "°", "90°"),
        ((1.5, 2.5), "", "1.5, 2.5"),
        ((), "", "none"),
        (Mode.FAST, "", "fast"),
        ("", "", "none"),
    ],
)
def test_values_in_words(value: object, unit: str, words: str) -> None:
    assert value_words(value, unit) == words


def test_bare_types() -> None:
    assert bare_type(Annotated[float, Ge(0)] | None) == (float | None)
    assert bare_type(tuple[Annotated[int, Ge(1)], ...]) == tuple[int, ...]


def test_ports_and_first_line() -> None:
    assert port_words(Port("ctf", Ctf, optional=True)) == "ctf: Ctf (optional)"
    assert first_line(FindRings) == "Find the rings of a micrograph."


def test_what_is_to_be_cited_is_said_once() -> None:
    fit = Program("fit", cites=("doi:10.1/fit", "doi:10.1/both"))

    class Fit(ItemProtocol[Parameters]):
        cites = ("doi:10.1/both",)

        def programs(self) -> tuple[Program, ...]:
            return (fit,)

    class Broken(Fit):
        def programs(self) -> tuple[Program, ...]:
            raise RuntimeError("not today")

    assert programs_of(Fit) == (fit,)
    assert sources_of(Fit) == ("doi:10.1/both", "doi:10.1/fit")
    assert programs_of(Broken) == ()
    assert sources_of(Broken) == ("doi:10.1/both",)
