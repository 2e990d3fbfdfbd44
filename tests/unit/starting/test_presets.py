"""A session keeps the presets of the settings as they were when it began."""

import pytest

from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.protocol import Registry
from icestream.protocols.preset import Preset
from icestream.starting.presets import UnknownMicroscope, with_presets

KRIOS = {"krios1": Preset(spherical_aberration=2.62)}
WORKFLOW = load_workflow("default")


def _presets(workflow: Workflow) -> object:
    return workflow.step("import").parameters.get("presets")


def test_a_new_session_gets_those_of_the_settings() -> None:
    assert with_presets(WORKFLOW, Registry(), {}) == WORKFLOW
    assert _presets(with_presets(WORKFLOW, Registry(), KRIOS)) == {
        "krios1": {"spherical_aberration": 2.62}
    }


def test_a_session_that_goes_on_keeps_its_own_unless_another_microscope_is_named() -> None:
    before = with_presets(WORKFLOW, Registry(), KRIOS)
    changed = {"krios1": Preset(spherical_aberration=0.01)}
    assert _presets(with_presets(WORKFLOW, Registry(), changed, before)) == _presets(before)
    named = before.changed("import", {"microscope": "krios1"})
    assert _presets(with_presets(named, Registry(), changed, before)) == {
        "krios1": {"spherical_aberration": 0.01}
    }
    old = with_presets(WORKFLOW, Registry(), KRIOS, WORKFLOW)
    assert old == WORKFLOW, "a session that had none gets none"


def test_an_unknown_microscope_is_refused_with_what_may_be_meant() -> None:
    asked = WORKFLOW.changed("import", {"microscope": "krios2"})
    with pytest.raises(UnknownMicroscope, match="there are krios1; did you mean krios1?"):
        with_presets(asked, Registry(), KRIOS)
    with pytest.raises(UnknownMicroscope, match=r"there is none\. Write \[microscopes\.krios2\]"):
        with_presets(asked, Registry(), {})
