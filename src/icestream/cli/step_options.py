"""Command-line options made from the parameters of a workflow's steps.

``--ctf.defocus-max 3`` sets the parameter ``defocus_max`` of the step ``ctf``. The parameters of
the step that brings the movies in can also be written without its name: ``--gain FILE``.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from cyclopts import Group, Parameter
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from icestream.engine.graph.workflow import PATTERN, Step, Workflow
from icestream.protocol import (
    Protocol,
    Registry,
    names_files,
    refused_values,
    unit_of,
    unusual_values,
)
from icestream.protocol.describe import Described, bare_type, describe_parameters, value_words
from icestream.starting.presets import PRESETS

__all__ = ["AS_GIVEN", "DIRECT", "NONE", "InvalidOption", "StepOptions", "hyphens"]

DIRECT = {
    "gain": "--gain",
    "pixel_size": "--pixel-size",
    "voltage": "--voltage",
    "spherical_aberration": "--cs",
    "amplitude_contrast": "--amplitude-contrast",
    "dose_per_frame": "--dose-per-frame",
    "microscope": "--microscope",
    "origin": "--origin",
    "watch": "--watch",
    "idle_timeout": "--idle-timeout",
}
"""Parameters of the source that have a short option of their own."""

NONE = "none"
"""Word that takes back what was given for a parameter that can do without."""

AS_GIVEN = "If that is right all the same, give --as-given, too."
"""What is said below unusual values."""

_ENDS = ("watch", "idle_timeout")
_ENDING = Group("When it ends", sort_key=4)
_UNSAID = Group("What the files do not say, or say wrongly", sort_key=5)


class InvalidOption(ValueError):
    """What was given on the command line is out of a parameter's limits."""


def hyphens(word: str) -> str:
    """An option as we write it; ``--ctf_monitor.defocus_max`` is understood, too."""
    name, equals, value = word.partition("=")
    return f"{name.replace('_', '-')}{equals}{value}" if word.startswith("--") else word


class StepOptions:
    """The options of one workflow.

    Parameters
    ----------
    workflow
        Whose steps' parameters become options; what it sets is shown as the default.
    registry
        Where its protocols are found.
    """

    def __init__(self, workflow: Workflow, registry: Registry) -> None:
        self.workflow = workflow
        self._places: dict[str, tuple[str, str]] = {}
        self._options: list[inspect.Parameter] = []
        self._may_be_none: dict[str, tuple[str, str, bool]] = {}
        """Step, parameter, and whether it can do without a value, by option."""
        self._pattern_of: str | None = None
        self._registry = registry
        for index, step in enumerate(workflow.steps):
            self._add(index, step, registry.get(step.protocol))

    @property
    def options(self) -> tuple[inspect.Parameter, ...]:
        """Keyword-only parameters for the signature of a command."""
        return tuple(self._options)

    def take_back(self, words: Sequence[str]) -> list[str]:
        """Take what was set before out of the workflow where ``--gain none`` says so.

        Returns the other words of the command line; LookupError for what cannot do without.
        """
        rest, left = [], list(words)
        while left:
            word = left.pop(0)
            name, equals, value = word.partition("=")
            if not equals and left:
                value = left[0]
            if name not in self._may_be_none or value.lower() != NONE:
                rest.append(word)
                continue
            step, parameter, optional = self._may_be_none[name]
            if not optional:
                raise LookupError(f"{name} cannot be none: leave it out to keep its value")
            self.workflow = self.workflow.changed(step, {parameter: None})
            del left[: int(not equals)]
        return rest

    def changed(
        self, given: Mapping[str, Any], *, pattern: str | None = None, as_given: bool = False
    ) -> Workflow:
        """The workflow with what was given on the command line.

        Unusual values are refused, but for `as_given`.

        Relative paths are made absolute: a session can be resumed from another folder.

        Raises
        ------
        InvalidOption
            Naming every option whose value is out of its limits.
        """
        workflow = self.workflow
        if pattern is not None:
            if self._pattern_of is None:
                raise LookupError(
                    f"workflow {workflow.name!r} has no step that takes files by a pattern; "
                    "run it with icestream run WORKFLOW --session DIR"
                )
            absolute = str(Path(pattern).absolute())
            workflow = self._set(workflow, self._pattern_of, PATTERN, absolute)
        for name, value in given.items():
            if name in self._places and value is not None:
                step, parameter = self._places[name]
                workflow = self._set(workflow, step, parameter, _ready(value))
        refused = list(self._refused(workflow, given))
        asked = [] if refused or as_given else list(self._asked(given))
        if refused:
            raise InvalidOption("; ".join(refused))
        if asked:
            raise InvalidOption(f"{' '.join(asked)} {AS_GIVEN}")
        return workflow

    def _set(self, workflow: Workflow, step: str, parameter: str, value: Any) -> Workflow:
        """The workflow with a parameter set; whoever names files here may name any."""
        changed = workflow.changed(step, {parameter: value})
        placed = changed.step(step)
        if not names_files(self._registry.get(placed.protocol).parameters_type(), parameter):
            return changed
        free = replace(placed, within=None)
        return replace(changed, steps=tuple(free if s is placed else s for s in changed.steps))

    def _asked(self, given: Mapping[str, Any]) -> Iterator[str]:
        """Values that were given and are unusual."""
        names = {part.name: _spelled(part) for part in self._options}
        for key, value in given.items():
            if key in self._places and value is not None:
                step, parameter = self._places[key]
                placed = self.workflow.step(step)
                model = self._registry.get(placed.protocol).parameters_type()
                if placed.parameters.get(parameter) == _ready(value):
                    continue  # the session was told before
                for _, why in unusual_values(model, {parameter: value}):
                    yield f"{names[key]}: {why}"

    def _refused(self, workflow: Workflow, given: Mapping[str, Any]) -> Iterator[str]:
        """Values that were given and are not valid; what the workflow says is not looked at."""
        names = {part.name: _spelled(part) for part in self._options}
        options = {self._places[key]: names[key] for key in given if key in self._places}
        for step in dict.fromkeys(step for step, _ in options):
            placed = workflow.step(step)
            model = self._registry.get(placed.protocol).parameters_type()
            try:
                model.model_validate(dict(placed.parameters))
            except ValidationError as error:
                for name, why in refused_values(model, error):
                    if (step, name.partition(".")[0]) in options:
                        yield f"{options[step, name.partition('.')[0]]}: {why}"

    def _add(self, index: int, step: Step, protocol: type[Protocol[Any]]) -> None:
        source = protocol.brings
        model = protocol.parameters_type()
        group = Group(f"Step {step.name}: {protocol.title} ({protocol.name})", sort_key=10 + index)
        for described in describe_parameters(model):
            name, field = described.name, model.model_fields[described.name]
            if source and name == PRESETS:
                continue
            if source and name == PATTERN:
                self._pattern_of = step.name
                continue
            long = hyphens(f"--{step.name}.{name}")
            direct = DIRECT.get(name) if source else None
            words = _help(described, step, field)
            key, target = f"step{index}__{name}", (step.name, name)
            kind = bare_type(field.annotation)
            if direct:
                short = _ENDING if name in _ENDS else _UNSAID
                self._option(key, target, kind, Parameter(direct, help=words, group=short))
            # What has a short name can be written in full too, but is not listed twice.
            listed = not described.advanced and not direct
            option = Parameter(long, help=words, group=group, show=listed)
            self._option(f"{key}_long", target, kind, option)

    def _option(self, key: str, target: tuple[str, str], kind: Any, option: Parameter) -> None:
        quiet = Parameter(show_default=False, negative_iterable=())
        self._places[key] = target
        if kind not in (bool, str) and get_origin(kind) is not Literal:
            whose = (*target, type(None) in get_args(kind))
            self._may_be_none.update(dict.fromkeys(option.name or (), whose))
        self._options.append(
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[kind | None, quiet, option],
            )
        )


def _spelled(part: inspect.Parameter) -> str:
    """The option that stands for one parameter of the command."""
    return str(part.annotation.__metadata__[1].name[0])


def _help(described: Described, step: Step, field: FieldInfo) -> str:
    """Help with the default that holds in this workflow."""
    if described.name not in step.parameters:
        return described.sentence()
    return described.sentence(value_words(step.parameters[described.name], unit_of(field) or ""))


def _ready(value: Any) -> Any:
    """A value as a workflow file holds it."""
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, tuple | list):
        return [_ready(part) for part in value]
    return getattr(value, "value", value)
