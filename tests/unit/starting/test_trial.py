"""One movie alone goes through what says something of one exposure."""

from pathlib import Path

import pytest

import toys
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, load_workflow
from icestream.protocol import Registry
from icestream.starting.trial import for_one_exposure

MOVIE = Path("/data/x/movie[1].tiff")


def test_batches_and_monitors_are_left_out() -> None:
    whole = load_workflow("default").changed("import", {"pattern": "/data", "watch": True})
    tried = for_one_exposure(whole, Registry(), MOVIE)
    assert [step.name for step in tried.steps] == [
        "import", "align", "ctf", "judge", "select", "pick", "extract",
    ]  # fmt: skip
    assert validate(tried, Registry()) == []
    source = tried.step("import").parameters
    assert source["pattern"] == "/data/x/movie[[]1].tiff"
    assert (source["watch"], source["metadata"]) == (False, "/data")


def test_what_holds_exposures_back_is_passed() -> None:
    steps = [
        {"name": "import", "protocol": "movies.import", "parameters": {"pattern": "/data"}},
        {"name": "hold", "protocol": "movies.trigger", "inputs": {"movie": "import.movie"}},
        {"name": "align", "protocol": "movies.align", "inputs": {"movie": "hold.movie"}},
    ]
    whole = Workflow.from_document({"name": "w", "steps": steps})
    tried = for_one_exposure(whole, Registry(), MOVIE)
    assert [step.name for step in tried.steps] == ["import", "align"]
    assert str(tried.step("align").inputs["movie"][0]) == "import.movie"


def test_a_workflow_without_files_cannot_be_tried() -> None:
    whole = Workflow.from_document(toys.workflow(("src", "toy.count", {}, {})))
    with pytest.raises(InvalidWorkflow, match="no step takes files"):
        for_one_exposure(whole, toys.registry(), MOVIE)
