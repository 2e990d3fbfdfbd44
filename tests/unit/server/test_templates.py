"""Workflows that people keep for later."""

from pathlib import Path

import pytest

from icestream.engine.graph.workflow import load_workflow, save_workflow
from icestream.server.errors import Refused
from icestream.server.templates import Templates


def test_a_workflow_is_kept_replaced_and_deleted(tmp_path: Path) -> None:
    templates = Templates(tmp_path / "workflows")
    assert ("default", "shipped") in templates.names()
    mine = load_workflow("default").changed("ctf", {"defocus_max": 3.0})
    assert not templates.save("mine", mine)
    assert templates.save("mine", mine)
    assert templates.read("mine").workflow == mine
    assert templates.names()[-1] == ("mine", "saved")
    templates.delete("mine")
    with pytest.raises(Refused, match="there is no workflow 'mine'"):
        templates.read("mine")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x", "A", "x" * 99, "x.json", "a\x00"])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    templates = Templates(tmp_path)
    with pytest.raises(Refused, match="no name"):
        templates.save(name, load_workflow("default"))
    with pytest.raises(Refused, match="there is no workflow"):
        templates.read(name)
    with pytest.raises(Refused, match="there is no workflow"):
        templates.delete(name)


def test_what_comes_with_icestream_stays_and_a_broken_file_is_told(tmp_path: Path) -> None:
    templates = Templates(tmp_path)
    for ask in (templates.delete, lambda name: templates.save(name, load_workflow("default"))):
        with pytest.raises(Refused, match="a workflow of icestream itself"):
            ask("default")
    (tmp_path / "torn.json").write_text('{"steps": [')
    with pytest.raises(Refused, match="cannot be read"):
        templates.read("torn")


def test_what_was_saved_before_one_of_that_name_was_shipped_stays(tmp_path: Path) -> None:
    """Each name is there once: a list to choose from takes none twice."""
    templates = Templates(tmp_path)
    mine = load_workflow("default").changed("ctf", {"defocus_max": 3.0})
    save_workflow(mine, tmp_path / "comparison.json")
    names = [name for name, _ in templates.names()]
    assert len(names) == len(set(names))
    assert templates.read("comparison").workflow == mine
    assert templates.save("comparison", mine), "it can be changed"
    templates.delete("comparison")
    assert templates.read("comparison").origin == "shipped"
    with pytest.raises(Refused, match="and stays"):
        templates.delete("comparison")
