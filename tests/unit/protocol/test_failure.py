"""Expected failures say what was found and what to do."""

import pickle

import pytest

from icestream.protocol import ItemFailed, ProtocolError, TryAgain


def test_text_is_reason_and_advice() -> None:
    assert str(ItemFailed("no rings", advice="widen the search")) == "no rings: widen the search"
    assert str(ItemFailed("no rings")) == "no rings"


@pytest.mark.parametrize("kind", [ItemFailed, TryAgain])
def test_a_failure_crosses_processes_whole(kind: type[ProtocolError]) -> None:
    """Workers hand their failures to the coordinator by pickle."""
    failure = kind("no rings", advice="widen the search", code="no-rings")
    found = pickle.loads(pickle.dumps(failure))
    assert type(found) is kind
    assert (found.reason, found.advice, found.code) == ("no rings", "widen the search", "no-rings")
