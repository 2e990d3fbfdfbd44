"""What is in a sample, and how the rest is told so."""

from typing import Any

import pytest
from pydantic import ValidationError

from icestream.model import Ctf, Exposure, Micrograph
from icestream.protocol import Draw, Enough, Incoming, SampleProtocol
from icestream.protocol.conformance import problems
from icestream.protocols.sample_items import (
    SampleMicrographs,
    SampleMovies,
    SampleParameters,
    SampleParticles,
    SamplePicks,
)


def sampler(**parameters: Any) -> SampleMicrographs:
    return SampleMicrographs(SampleParameters(**parameters))


@pytest.mark.parametrize("kind", [SampleMovies, SampleMicrographs, SamplePicks, SampleParticles])
def test_is_a_good_plugin(kind: type[SampleProtocol[Any]]) -> None:
    assert problems(kind) == []
    assert [port.name for port in kind.inputs()] == [kind.outputs()[0].name, "evidence"]


@pytest.mark.parametrize(
    ("parameters", "draw", "expected"),
    [
        ({}, {"ticket": 0.099}, True),  # a tenth, where nothing is said
        ({}, {"ticket": 0.1}, False),
        ({"share": 50}, {"ticket": 0.49}, True),
        ({"number": 3}, {"ticket": 0.01}, None),
        ({"number": 3}, {"ticket": 0.9, "taken": 2, "closed": True}, True),
        ({"number": 3}, {"ticket": 0.01, "taken": 3, "closed": True}, False),
        ({"number": 3, "share": 20}, {"ticket": 0.1, "taken": 7}, True),
        ({"number": 3, "share": 20}, {"ticket": 0.3, "taken": 7}, None),
        ({"number": 3, "which": "first"}, {"ticket": 0.9, "taken": 2}, True),
        ({"number": 3, "which": "first"}, {"ticket": 0.1, "taken": 3}, False),
    ],
)
def test_who_is_in_the_sample(
    parameters: dict[str, Any], draw: dict[str, Any], expected: bool | None
) -> None:
    assert sampler(**parameters).draw(Draw(**draw)) is expected


@pytest.mark.parametrize(
    ("parameters", "draw", "said"),
    [
        ({"share": 25}, {}, "not in the sample: 25 of 100 are"),
        ({"number": 10}, {"taken": 10}, "not in the sample: 10 of the session are there"),
        (
            {"number": 10, "each": "square"},
            {"taken": 10, "lot": "grid square 3"},
            "not in the sample: 10 of grid square 3 are there",
        ),
    ],
)
def test_the_rest_is_told_why(parameters: dict[str, Any], draw: dict[str, Any], said: str) -> None:
    assert sampler(**parameters).left_out(Draw(ticket=0.5, **draw)) == said


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12600.0, "Defocus 1.25 to 1.5 µm"),
        (12500.0, "Defocus 1.25 to 1.5 µm"),  # an edge belongs to the range above it
        (0.3 * 1e4, "Defocus 0.25 to 0.5 µm"),
        (float("nan"), "no Defocus"),
        (None, "no Defocus"),
    ],
)
def test_ranges_of_a_quality(value: float | None, expected: str) -> None:
    strata = sampler(number=5, each="quality", quality="ctf.defocus", bin_width=0.25)
    measured = {} if value is None else {"ctf.defocus": value}
    assert strata.lot_of(Incoming(None, measured=lambda: measured)) == expected


def test_squares() -> None:
    exposure = Exposure(name="e", grid_square="3")
    assert sampler(number=5, each="square").lot_of(Incoming(None, lambda: exposure)) == (
        "grid square 3"
    )
    assert sampler(number=5).lot_of(Incoming(None, lambda: exposure)) == ""


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"which": "first"}, "needs a number"),
        ({"which": "first", "number": 3, "share": 5}, "do not go together"),
        ({"each": "quality", "number": 3}, "needs a quality and a bin_width"),
        ({"quality": "ctf.defocs"}, "did you mean ctf.defocus"),
        ({"share": 0}, "greater than 0"),
        ({"share": 101}, "less than or equal to 100"),
        ({"closed_by": "enough"}, "is no count of a step"),
    ],
)
def test_bad_input_is_refused(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SampleParameters(**parameters)


def test_a_quality_that_nothing_reports_is_refused() -> None:
    strata = sampler(number=5, each="quality", quality="ctf.defocus", bin_width=0.25)
    (said,) = strata.unreported([("align", Micrograph)])
    assert "nothing that is linked reports ctf.defocus" in said
    assert not strata.unreported([("align", Micrograph), ("ctf", Ctf)])
    assert not sampler().unreported([("align", Micrograph)])


def test_counts_of_other_steps_and_the_seed() -> None:
    made = sampler(opened_by="1 item of a", closed_by="2 items of b", seed=4)
    assert (made.opened_by(), made.closed_by(), made.seed()) == (
        Enough("a", 1),
        Enough("b", 2),
        4,
    )
    assert sampler().opened_by() is sampler().closed_by() is None
