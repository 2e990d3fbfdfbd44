"""What a workflow leaves open, filled in from the metadata of real folders."""

from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.protocol import Registry
from icestream.starting.filling import fill_in, fill_words
from microscope_folder import movies_in

REGISTRY = Registry()


def workflow(**more: Any) -> Workflow:
    return Workflow.from_document(
        {
            "version": 2,
            "name": "open",
            "blanks": [
                {"name": "folder", "kind": "folder"},
                {"name": "kv", "kind": "number", "default": 200.0, "metadata": "voltage"},
                {"name": "gain", "kind": "file", "default": None, "metadata": "gain"},
            ],
            "steps": [
                {
                    "name": "import",
                    "protocol": "movies.import",
                    "parameters": {"pattern": "{{folder}}", "voltage": "{{kv}}", **more},
                }
            ],
        }
    )


def test_metadata_go_before_defaults_and_a_person_before_both(tmp_path: Path) -> None:
    movies_in(tmp_path)
    open_ = workflow(gain="{{gain}}", metadata="{{kv}}")  # where it is no voltage
    full, said = fill_in(open_, REGISTRY, {"folder": str(tmp_path)})
    step = full.step("import")
    # What the metadata say of each movie is no person's word on all of them.
    assert step.parameters == {"pattern": str(tmp_path), "metadata": 300.0}
    assert step.said_by["metadata"].startswith("metadata (EPU's")
    assert any(one.startswith("kv is 300 kV: EPU's") for one in said)
    (gain,) = (one.removeprefix("gain is ") for one in said if one.startswith("gain is "))
    assert Path(gain.removesuffix(": the movies' own")).is_file()
    full, said = fill_in(workflow(), REGISTRY, {"folder": str(tmp_path), "kv": "120"})
    assert full.step("import").parameters["voltage"] == pytest.approx(120.0)
    assert full.step("import").said_by == {}, "a person did"
    assert said == []


def test_the_folder_may_be_said_and_the_names_of_movies_left_to_their_default(
    tmp_path: Path,
) -> None:
    movies_in(tmp_path)
    document = workflow().to_document()
    document["blanks"].append({"name": "names", "default": "*.tif*"})
    document["steps"][0]["parameters"]["pattern"] = "{{folder}}/**/{{names}}"
    full, said = fill_in(Workflow.from_document(document), REGISTRY, {"folder": str(tmp_path)})
    assert full.step("import").parameters == {"pattern": f"{tmp_path}/**/*.tif*"}
    assert full.step("import").said_by == {"pattern": "default of the workflow"}
    assert any(one.startswith("kv is 300 kV") for one in said)


def test_defaults_hold_where_nobody_says_it(tmp_path: Path) -> None:
    full, said = fill_in(workflow(), REGISTRY, {"folder": str(tmp_path / "later")})
    assert full.step("import").parameters["voltage"] == pytest.approx(200.0)
    assert full.step("import").said_by == {"voltage": "default of the workflow"}
    assert said == []


def test_the_folder_may_be_said_apart(tmp_path: Path) -> None:
    movies_in(tmp_path)
    full, _ = fill_in(workflow(), REGISTRY, {}, pattern=str(tmp_path))
    assert full.step("import").parameters == {"pattern": str(tmp_path)}, "and is not asked for"


def test_what_is_missing_is_asked_for() -> None:
    with pytest.raises(InvalidWorkflow, match=r"give it a value \(--fill folder=VALUE\)"):
        fill_in(workflow(), REGISTRY, {})


def test_words() -> None:
    assert fill_words(["pixel-size=0.9", "name=a=b"]) == {"pixel_size": "0.9", "name": "a=b"}
    with pytest.raises(LookupError, match="write it as --fill name=value"):
        fill_words(["pixel_size"])
