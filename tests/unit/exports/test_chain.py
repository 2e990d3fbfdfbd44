"""The chain of a session is found by the types of items, whatever its steps are called."""

from pathlib import Path

import pytest

from icestream.exports.chain import find_chain, latest_classes, read_exposures
from icestream.exports.provenance import session_workflow
from icestream.model import Classes, Ctf, Gain, Micrograph, Movie, Particles, Picks, Volume
from icestream.protocol import Registry
from icestream.store.open import Store
from report_session import SampleSession


@pytest.fixture
def store(tmp_path: Path) -> Store:
    session = SampleSession(tmp_path, start=1.7e9)
    session.grow(12)
    return session.store


def test_each_kind_has_its_step(store: Store) -> None:
    chain = find_chain(store, Registry())
    assert {kind: place[0] for kind, place in chain.places.items()} == {
        Movie: "import",
        Micrograph: "align",
        Ctf: "ctf",
        Picks: "pick",
        Particles: "extract",
        Classes: "classify",
        Volume: "volume",
        Gain: "gain",
    }


def test_exposures_come_in_order_with_what_they_have(store: Store) -> None:
    chain = find_chain(store, Registry())
    items = list(read_exposures(store, chain))
    assert len(items) == 12
    assert [found.exposure.id for found in items] == sorted(f.exposure.id for f in items)
    for found in items:
        assert found.movie is not None
        assert found.movie.exposure == found.exposure.name
        if found.accepted and found.particles is not None:
            assert found.particles.stack.is_absolute()


def test_classes_are_the_newest_snapshot(store: Store) -> None:
    classes = latest_classes(store, find_chain(store, Registry()))
    assert classes is None or classes.iteration >= 1


def test_the_workflow_links_what_was_linked(store: Store) -> None:
    workflow = session_workflow(store)
    inputs = workflow.step("extract").inputs
    assert {port: str(sources[0]) for port, sources in inputs.items()} == {
        "picks": "pick.picks",
        "micrograph": "select.micrograph",
        "ctf": "select.ctf",
    }
