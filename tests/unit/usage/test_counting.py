"""Counting what a session used."""

from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from icestream import __version__
from icestream.engine.graph.workflow import Output, Step, Workflow, load_workflow
from icestream.protocol import Registry
from icestream.protocol.registry import GROUP
from icestream.usage.counting import RELEASED, chains_of, count_session, release_of
from icestream.usage.statement import OTHER, SessionUse, UsedProtocol, day_of_use
from report_session import SampleSession

PLUGINS = Path(__file__).parents[3] / "plugins"


def test_every_plugin_that_is_released_with_icestream_is_named() -> None:
    assert {"icestream", *(path.parent.name for path in PLUGINS.glob("*/pyproject.toml"))} <= (
        RELEASED
    )


def test_every_installed_protocol_of_ours_can_be_said() -> None:
    registry = Registry()
    for name in registry.names():
        plugin, _, version = registry.package(name).partition(" ")
        if plugin in RELEASED:
            used = UsedProtocol(name, 1, plugin, release_of(version))
            use = day_of_use("2026-11-30", [SessionUse(1, (used,), ())])
            assert use.protocols[0].name == name


def test_a_chain_is_a_protocol_and_what_takes_its_items() -> None:
    chains = chains_of(load_workflow("default"))
    assert ("movies.align", "ctf.estimate") in chains
    assert ("picks.auto", "particles.extract") in chains
    assert ("ctf.estimate", "movies.align") not in chains
    held = Workflow(
        name="held",
        steps=(
            Step(name="a", protocol="movies.import"),
            Step(name="b", protocol="scipion:ProtGctf", inputs={"x": (Output("a"),)}),
            Step(name="c", protocol="ctf.estimate", inputs={"x": (Output("b"), Output("gone"))}),
        ),
    )
    assert chains_of(held) == frozenset()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleSession]:
    folder = tmp_path_factory.mktemp("made") / "Lab7_Ada_secret-sample"
    made = SampleSession(folder, start=1_790_000_000.0)
    made.grow(2, settle=False)
    with closing(made.store):
        yield made


def test_nothing_of_a_session_is_counted_that_tells_of_anybody(sample: SampleSession) -> None:
    use = count_session(sample.store, Registry())
    assert use.exposures == 2
    assert UsedProtocol("ctf.estimate", 2, "icestream", __version__) in use.protocols
    assert ("movies.align", "ctf.estimate") in use.chains
    text = use.to_json()
    for word in ("Lab7", "Ada", "secret", "/", "voltage", "pixel"):
        assert word not in text


def test_a_protocol_of_somebody_else_has_no_name(sample: SampleSession) -> None:
    # The same protocols, but for one that comes from a package that is nobody's business.
    points = [
        EntryPoint("ctf.estimate", one.value, GROUP) if one.name == "ctf.estimate" else one
        for one in entry_points(group=GROUP)
    ]
    use = count_session(sample.store, Registry(points))
    assert "ctf.estimate" not in use.to_json()
    assert UsedProtocol(OTHER) in use.protocols
    assert ("movies.align", OTHER) in use.chains
    assert (OTHER, OTHER) not in use.chains


def test_what_a_machine_adds_to_a_version_is_not_said() -> None:
    assert release_of("0.1.0+lab7.d20261130") == "0.1.0"
    assert release_of("2.0rc1") == "2.0rc1"
    assert release_of("lab7") == ""
