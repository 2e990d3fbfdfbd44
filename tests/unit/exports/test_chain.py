"""The chain of a session is found by the types of items, whatever its steps are called."""

import json
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.record.workflows import session_workflow
from icestream.exports.chain import are_inverted, find_chain, latest_classes, read_exposures
from icestream.model import (
    Classes,
    Ctf,
    Gain,
    Micrograph,
    Movie,
    Particles,
    Picks,
    Volume,
    type_name,
)
from icestream.protocol import ItemProtocol, Registry, UnknownProtocol
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.writing import Numbers, Writes
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


NONE = Registry([])
"""Nothing is installed."""


def test_what_was_recorded_is_exported_without_the_plugin_that_made_it(store: Store) -> None:
    with_all, without = find_chain(store, Registry()), find_chain(store, NONE)
    made = {kind: place for kind, place in with_all.places.items() if place[0] in MADE}
    assert without.places == made
    assert next(read_exposures(store, without)).micrograph is not None


MADE = ("import", "align", "ctf", "pick", "extract")
"""Steps with results; what the others would make is told by their protocols alone."""


def forget(store: Store) -> None:
    with store.write() as connection:
        connection.execute(t.result.update().values(types="{}"))


def test_an_older_session_needs_the_protocols_that_made_it(store: Store) -> None:
    whole = find_chain(store, Registry()).places
    forget(store)
    assert find_chain(store, Registry()).places == whole
    with pytest.raises(UnknownProtocol, match="no protocol 'movies.import' is installed"):
        find_chain(store, NONE)


def test_what_a_stranger_says_is_not_looked_for(store: Store) -> None:
    """A step whose items are of a type that is not known makes nothing that can be exported."""
    with store.write() as connection:
        picks = t.result.c.document.like('{"picks"%')
        said = json.dumps({"picks": "os:system"})
        connection.execute(t.result.update().where(picks).values(types=said))
    chain = find_chain(store, Registry())
    assert Picks not in chain
    assert Particles in chain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tilted(Ctf):
    """More than a CTF."""


class EstimateTilt(ItemProtocol[Any]):
    """A plugin that estimates more."""

    name = "ctf.tilted"
    title = "Tilted"

    def process(self, micrograph: Micrograph) -> Tilted:
        """Not called here."""
        raise NotImplementedError


def test_an_item_that_is_more_than_a_ctf_is_exported_as_one(store: Store) -> None:
    sys.modules["plugin_that_tilts"] = sys.modules[__name__]
    point = EntryPoint("ctf.tilted", "plugin_that_tilts:EstimateTilt", "icestream.protocols")
    with store.write() as connection:
        ctf = t.result.c.document.like('{"ctf"%')
        said = json.dumps({"ctf": type_name(Tilted)})
        connection.execute(t.result.update().where(ctf).values(types=said))
        ours = t.revision.c.protocol == "ctf.estimate"
        connection.execute(t.revision.update().where(ours).values(protocol="ctf.tilted"))
    chain = find_chain(store, Registry([point]))
    assert chain.places[Ctf] == chain.places[Tilted] == ("ctf", "ctf")
    assert sum(found.ctf is not None for found in read_exposures(store, chain)) > 5
    assert Ctf not in find_chain(store, NONE)


def test_what_is_of_groups_hides_nothing_of_single_exposures(tmp_path: Path) -> None:
    """A step that makes micrographs of groups, and what it feeds, are deeper than all others."""
    session = SampleSession(tmp_path, start=1.7e9)
    session.grow(6)
    before = find_chain(session.store, Registry())
    with session.store.write() as connection:
        writes = Writes(Numbers(connection), session.now)
        session._add_step(writes, "stack", "movies.align", "group", 9)
        session._add_step(writes, "stack_ctf", "ctf.estimate", "item", 10)
        for step, source in (("stack", "import"), ("stack_ctf", "stack")):
            writes.insert(
                t.link, revision_id=session.step_ids[step], port="movie",
                source_id=session.step_ids[source], source_port="micrograph",
            )  # fmt: skip
        writes.flush(connection)
    assert find_chain(session.store, Registry()) == before
    assert next(read_exposures(session.store, before)).ctf is not None


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


def test_particles_of_negative_stain_are_not_inverted(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    chain = find_chain(sample.store, Registry())
    assert are_inverted(sample.store, chain)
    for invert in (False, True):
        with sample.store.write() as connection:
            chosen = t.revision.c.id == sample.step_ids["extract"]
            values = {"parameters": json.dumps({"invert": invert})}
            connection.execute(t.revision.update().where(chosen).values(**values))
        assert are_inverted(sample.store, chain) is invert
