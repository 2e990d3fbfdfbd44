from typing import Any

import pytest

from icestream.engine.graph.plan import bind
from icestream.engine.graph.workflow import Workflow
from icestream.model import Micrograph, Movie, Picks
from icestream.protocol import Registry, TriggerProtocol
from icestream.protocol.conformance import problems
from icestream.protocols.hold_items import HoldMicrographs, HoldMovies, HoldPicks


@pytest.mark.parametrize(
    ("kind", "item"), [(HoldMovies, Movie), (HoldMicrographs, Micrograph), (HoldPicks, Picks)]
)
def test_is_a_good_plugin(kind: type[TriggerProtocol[Any]], item: type[Any]) -> None:
    assert problems(kind) == []
    assert [port.item for port in kind.inputs()] == [port.item for port in kind.outputs()] == [item]


def test_numbers_are_no_part_of_what_is_made() -> None:
    """When, never what: a session that is told another number makes nothing again."""
    fingerprints = [
        bind(
            Workflow.from_document({
                "name": "w",
                "steps": [
                    {"name": "movies", "protocol": "movies.import"},
                    {"name": "hold", "protocol": "movies.trigger", "parameters": parameters,
                     "inputs": {"movie": "movies"}},
                ],
            }),
            Registry(),
        )["hold"].deciding
        for parameters in ({}, {"items": 7, "wait": 3.0, "closed_by": "5 items of movies"})
    ]  # fmt: skip
    assert fingerprints[0] == fingerprints[1] == {}
