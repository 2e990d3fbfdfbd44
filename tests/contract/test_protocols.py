"""Every registered protocol, ours and of any plugin that is installed, keeps the rules."""

import pickle
from typing import Any

import pytest

from icestream.model import ITEM_TYPES, type_name
from icestream.protocol import BatchProtocol, Protocol, Registry
from icestream.protocol.conformance import problems

REGISTRY = Registry()


def test_none_is_broken() -> None:
    assert [f"{found.name}: {found.reason}" for found in REGISTRY.broken()] == []


@pytest.fixture(params=REGISTRY.names())
def protocol(request: pytest.FixtureRequest) -> type[Protocol[Any]]:
    """Each protocol in turn."""
    return REGISTRY.get(request.param)


def test_conformance(protocol: type[Protocol[Any]]) -> None:
    assert problems(protocol) == []


def test_what_ours_make_is_known_without_them(protocol: type[Protocol[Any]]) -> None:
    """A session is read where the protocols that made it are not installed."""
    if protocol.__module__.startswith("icestream."):
        for port in protocol.outputs():
            assert ITEM_TYPES[type_name(port.item)] is port.item


def test_parameters_survive_json(protocol: type[Protocol[Any]]) -> None:
    """What a workflow file stores gives the same parameters back."""
    model = protocol.parameters_type()
    defaults = model()
    assert model.model_validate(defaults.model_dump(mode="json")) == defaults
    assert defaults.changed() == {}


def test_unknown_parameters_are_refused(protocol: type[Protocol[Any]]) -> None:
    with pytest.raises(ValueError, match="no_such_parameter"):
        protocol.parameters_type()(no_such_parameter=1)


def test_it_travels_to_a_worker(protocol: type[Protocol[Any]]) -> None:
    """A lease holds the protocol with its parameters."""
    made = protocol()
    assert pickle.loads(pickle.dumps(made)).parameters == made.parameters


def test_the_state_of_a_batch_protocol_is_declared(protocol: type[Protocol[Any]]) -> None:
    """Its checkpoints are made of the types that `start` names."""
    if issubclass(protocol, BatchProtocol):
        assert protocol.state_type() is not Any


def test_no_parameter_has_a_unit_in_its_name(protocol: type[Protocol[Any]]) -> None:
    """Units live in the type."""
    ends = ("_angstrom", "_px", "_kv", "_mm", "_um", "_nm", "_deg", "_seconds", "_percent")
    assert [n for n in protocol.parameters_type().model_fields if n.endswith(ends)] == []


def test_names_are_unique_and_sorted_by_subject() -> None:
    titles = [REGISTRY.get(name).title for name in REGISTRY.names()]
    assert len(set(titles)) == len(titles)
