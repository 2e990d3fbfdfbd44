"""Ports come from signatures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from icestream.model import Ctf, Measured, Micrograph, Movie, Picks
from icestream.protocol import Batch, Work
from icestream.protocol.ports import Port, input_ports, output_ports, port_name


class Both(NamedTuple):
    even: Micrograph
    odd: Micrograph


class Example:
    def one(self, movie: Movie, work: Work) -> Micrograph: ...
    def joined(self, micrograph: Micrograph, ctf: Ctf | None) -> Picks: ...
    def many(self, ctf: Ctf, evidence: Mapping[str, Measured] | None = None) -> Picks: ...
    def split(self, movie: Movie) -> Both: ...
    def batch(self, first: Batch[Picks], work: Work) -> int: ...
    def bare(self, movie) -> Ctf: ...  # type: ignore[no-untyped-def]
    def number(self, value: float) -> Ctf: ...
    def nothing(self, movie: Movie) -> None: ...


def test_parameters_are_inputs_but_work_is_not() -> None:
    assert input_ports(Example.one) == (Port("movie", Movie),)
    assert output_ports(Example.one) == (Port("micrograph", Micrograph),)


def test_an_input_that_may_be_none_is_optional() -> None:
    assert input_ports(Example.joined) == (
        Port("micrograph", Micrograph),
        Port("ctf", Ctf, optional=True),
    )


def test_an_optional_mapping_takes_many_links() -> None:
    assert input_ports(Example.many) == (
        Port("ctf", Ctf),
        Port("evidence", Measured, optional=True, many=True),  # type: ignore[type-abstract]
    )


def test_a_named_tuple_gives_several_outputs() -> None:
    assert output_ports(Example.split) == (Port("even", Micrograph), Port("odd", Micrograph))


def test_a_batch_carries_its_item() -> None:
    assert input_ports(Example.batch)[0].item is Picks


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (Example.bare, "no type annotation"),
        (Example.number, "must be an item"),
    ],
)
def test_a_bad_input_is_named(method: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        input_ports(method)


def test_a_method_that_returns_nothing_has_no_output() -> None:
    with pytest.raises(TypeError, match="return"):
        output_ports(Example.nothing)


@dataclass(frozen=True)
class TiltSeries:
    exposure: str


def test_port_names_are_words() -> None:
    assert port_name(TiltSeries) == "tilt_series"
    assert port_name(Ctf) == "ctf"
