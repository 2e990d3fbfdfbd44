"""What may follow a step."""

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from collecting import TODAY, collecting, said
from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Workflow,
    load_workflow,
    shipped_workflows,
)
from icestream.protocol import Registry, UnknownProtocol
from icestream.protocol.registry import GROUP
from icestream.server.collector.tally import Tally
from icestream.usage import suggestions
from icestream.usage.kinds import Usage
from icestream.usage.suggestions import FILE, follows_in, suggest


def test_without_a_collector_the_ready_workflows_say_it(tmp_path: Path) -> None:
    found = suggest("movies.align", Registry(), Usage(), tmp_path)
    having = [
        workflow
        for workflow in map(load_workflow, shipped_workflows())
        if any(step.protocol == "movies.align" for step in workflow.steps)
    ]
    first = found[0]
    assert (first.protocol, first.of, first.source) == ("ctf.estimate", len(having), "workflows")
    assert first.why == f"in {first.count} of the {first.of} ready workflows with movies.align"
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    assert not list(tmp_path.iterdir())


def test_a_pair_counts_once_in_a_workflow() -> None:
    of, after = follows_in("movies.align")
    assert max(after.values()) <= of


def test_a_workflow_that_cannot_be_read_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> Workflow:
        if name == "default":
            raise InvalidWorkflow(name, ["a plugin's own fault"])
        return load_workflow(name)

    of, _ = follows_in("movies.align")
    monkeypatch.setattr(suggestions, "load_workflow", load)
    suggestions._library.cache_clear()
    try:
        assert follows_in("movies.align")[0] == of - 1
    finally:
        suggestions._library.cache_clear()


def test_only_what_is_installed_and_fits_is_suggested(tmp_path: Path) -> None:
    everything = Registry()
    without = Registry(one for one in entry_points(group=GROUP) if one.name != "ctf.estimate")
    for registry in (everything, without):
        found = {one.protocol for one in suggest("movies.align", registry, Usage(), tmp_path)}
        assert found <= set(registry.names())
        assert ("ctf.estimate" in found) == (registry is everything)
    with pytest.raises(UnknownProtocol, match=r"did you mean ctf\.estimate"):
        suggest("ctf.estimat", everything, Usage(), tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What a collector has: four installations, in one of which the picker follows the CTF."""
    tally = Tally(tmp_path / "collector.db")
    for _ in range(4):
        tally.take(said(), TODAY)
    tally.close()
    return tmp_path / "collector.db"


def test_with_a_collector_it_says_it_and_is_asked_once_a_day(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    with collecting(file) as address:
        usage = Usage(collector=address)
        (first,) = suggest("movies.align", Registry(), usage, state)
        assert (first.protocol, first.source) == ("ctf.estimate", "collector")
        assert first.why == "at 4 of the 4 installations with movies.align"
        # What nobody there uses, the ready workflows know.
        assert suggest("particles.extract", Registry(), usage, state)[0].source == "workflows"
    # It is gone, and what it said holds on: today unasked, and tomorrow.
    assert suggest("movies.align", Registry(), usage, state) == (first,)
    monkeypatch.setattr(suggestions, "today", lambda: "2999-01-01")
    assert suggest("movies.align", Registry(), usage, state) == (first,)
    assert json.loads((state / FILE).read_text())["day"] == "2999-01-01"
    # Another collector's word is not taken for this one's.
    other = Usage(collector="http://127.0.0.1:9")
    assert suggest("movies.align", Registry(), other, state)[0].source == "workflows"


def test_a_few_installations_are_nobody_to_follow(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "collector.db")
    tally.take(said(), TODAY)
    tally.close()
    with collecting(tmp_path / "collector.db") as address:
        found = suggest("movies.align", Registry(), Usage(collector=address), tmp_path)
    assert {one.source for one in found} == {"workflows"}


@pytest.mark.parametrize("kept", ["", "[]", '{"collector": "http://127.0.0.1:9"}', "{"])
def test_a_spoilt_file_of_figures_is_no_trouble(tmp_path: Path, kept: str) -> None:
    (tmp_path / FILE).write_text(kept)
    usage = Usage(collector="http://127.0.0.1:9")
    assert suggest("movies.align", Registry(), usage, tmp_path)[0].source == "workflows"
