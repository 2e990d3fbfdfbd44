"""Presets of the site's microscopes, put into a session when it begins."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from icestream.alike import hint
from icestream.engine.graph.workflow import Step, Workflow
from icestream.protocol import Registry

if TYPE_CHECKING:
    from icestream.protocols.preset import Preset

__all__ = ["UnknownMicroscope", "with_presets"]

PRESETS = "presets"
MICROSCOPE = "microscope"


class UnknownMicroscope(LookupError):
    """A microscope of which the settings say nothing."""


def with_presets(
    workflow: Workflow,
    registry: Registry,
    known: "Mapping[str, Preset]",
    before: Workflow | None = None,
) -> Workflow:
    """The workflow whose sources have the presets that are `known`, recorded with the session.

    A session that goes on keeps those that it had `before`, unless another microscope is named.

    Raises
    ------
    UnknownMicroscope
        If one is named that the settings do not have.
    """
    had = {step.name: step for step in before.steps} if before else {}
    for step in workflow.steps:
        fields = registry.get(step.protocol).parameters_type().model_fields
        if not {PRESETS, MICROSCOPE} <= fields.keys():
            continue
        presets = _presets(step, known, had.get(step.name))
        named = step.parameters.get(MICROSCOPE)
        if named and named not in presets:
            raise UnknownMicroscope(_unknown(str(named), presets))
        if presets:
            workflow = workflow.changed(step.name, {PRESETS: presets})
    return workflow


def _presets(step: Step, known: "Mapping[str, Preset]", had: Step | None) -> dict[str, object]:
    old = had.parameters if had else step.parameters
    same = old.get(MICROSCOPE, "") == step.parameters.get(MICROSCOPE, "")
    if had is not None and same:
        return dict(old.get(PRESETS, {}))
    if had is None and step.parameters.get(PRESETS):
        return dict(step.parameters[PRESETS])  # a workflow file brings its own
    return {name: preset.changed() for name, preset in known.items()}


def _unknown(name: str, presets: Mapping[str, object]) -> str:
    from icestream.settings import SITE_FILE, person_file

    there = f"there are {', '.join(presets)}" if presets else "there is none"
    there += hint(name, presets) or "."
    return (
        f"no microscope {name!r} in the settings: {there} Write [microscopes.{name}] "
        f"into {person_file()} or {SITE_FILE}"
    )
