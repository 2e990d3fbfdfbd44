"""`icestream set`: a new revision of a step, and what it would cost."""

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

from cyclopts import Parameter
from pydantic import TypeAdapter, ValidationError

from icestream.alike import hint, meant
from icestream.cli.carried import carried
from icestream.cli.control import ask, run_again
from icestream.cli.difference_words import print_costs
from icestream.cli.step_options import AS_GIVEN, NONE
from icestream.engine.machine.lock import hold, holder
from icestream.engine.record.revisions import change_at_rest, preview, with_parameters
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.models import SetParameters
from icestream.protocol import Parameters, Registry, absent_file, refused_values, unusual_values
from icestream.protocol.describe import (
    bare_type,
    choices_of,
    type_words,
    value_words,
    without_effect,
)
from icestream.report.difference_words import selection_lines
from icestream.store import queries
from icestream.store.open import Store, open_store
from icestream.store.records import StepRecord

__all__ = ["InvalidChange", "Placed", "change", "print_preview", "read_changes"]


class InvalidChange(ValueError):
    """What was given is no change of the step's parameters."""


def change(
    session: Path,
    step: str,
    /,
    *values: str,
    branch: str | None = None,
    only_say: Annotated[bool, Parameter(name="--preview", negative="")] = False,
    why: str = "",
    as_given: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Change a step's parameters; only what depends on them runs again.

    What that costs and when it would be done is said first.

    Parameters
    ----------
    session
        The session's folder.
    step
        Name of the step.
    values
        name=value, such as defocus_max=3; several at once if you like. gain=none takes back
        what was given, for every parameter that can do without.
    branch
        Name of the branch to change; the adopted one by default.
    only_say
        Only say what would run again, for how many exposures, and about how long.
    why
        Kept with your name and the time; icestream history shows it.
    as_given
        Take unusual values as they are, such as a diameter of 12 Å, without asking.
    """
    store = open_store(session, readonly=True)
    try:
        record = queries.step(store, step, branch=branch)
        model = Registry().get(record.protocol).parameters_type()
        changes = read_changes(model, record, values, as_given=as_given)
        for sentence in without_effect(step, model, {**record.changed, **changes}):
            print(f"icestream: {sentence}", file=sys.stderr)
        print_preview(store, record, changes, branch)
        if only_say:
            return 0
    finally:
        store.close()
    request = SetParameters(step=step, changes=changes, why=why, branch=branch)
    if branch is not None:
        return carried(session, request, run=False)
    return ask(session, request) if holder(session) else _set_now(session, request)


def _set_now(session: Path, asked: SetParameters) -> int:
    """Change a session that nobody runs; its next run does what follows."""
    with hold(session), closing(open_store(session, upgrade=False)) as store:
        changed = change_at_rest(store, Registry(), asked.step, asked.changes, asked.who, asked.why)
    for step_ in changed:
        print(f"{step_.name} is at revision {step_.number}")
    print("no process runs this session now; what follows is done when it is run again:")
    print(run_again(session))
    return 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A step as far as its parameters go."""

    name: str
    protocol: str
    parameters: Mapping[str, Any]
    """All of them."""
    changed: Mapping[str, Any]
    """Those that a person set."""


def read_changes(
    model: type[Parameters],
    step: StepRecord | Placed,
    values: tuple[str, ...],
    *,
    as_given: bool = False,
) -> dict[str, Any]:
    """Parameters from words such as ``defocus_max=3``, checked together with the others.

    Unusual values are refused, but for `as_given`.

    Raises
    ------
    InvalidChange
        Naming everything that is wrong.
    """
    if not values:
        raise InvalidChange(f"say what to set, such as: icestream set SESSION {step.name} name=3")
    changes: dict[str, Any] = {}
    problems = []
    for text in values:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            problems.append(f"{text!r}: write name=value")
        elif name not in model.model_fields:
            asked = meant(name, model.model_fields)
            problems.append(
                f"{step.protocol} has no parameter {name!r}; "
                + (asked or f"it has {', '.join(model.model_fields)}")
            )
        else:
            try:
                changes[name] = _value(model, name, value.strip())
            except ValueError:
                kind = model.model_fields[name].annotation
                near = hint(value.strip(), choices_of(kind))
                problems.append(f"{name}: expected {type_words(kind)}, found {value!r}{near}")
    if problems:
        raise InvalidChange("; ".join(problems))
    new = {name: value for name, value in changes.items() if value != step.parameters.get(name)}
    asked = " ".join(f"{name}: {why}" for name, why in unusual_values(model, new))
    try:
        whole = model.model_validate({**step.changed, **changes})
    except ValidationError as error:
        refused = list(refused_values(model, error))
        if asked and not any(name for name, _ in refused):
            raise InvalidChange(asked) from None  # that is why it does not go with the others
        raise InvalidChange("; ".join(f"{n or step.name}: {why}" for n, why in refused)) from None
    ready = whole.model_dump(mode="json")
    absent = [absent_file(model, name, ready[name]) for name in changes]
    if any(absent):
        raise InvalidChange("; ".join(filter(None, absent)))
    if asked and not as_given:
        raise InvalidChange(f"{asked} {AS_GIVEN}")
    return {name: ready[name] for name in changes}


def _value(model: type[Parameters], name: str, text: str) -> Any:
    """What a person means: none, the text itself where the type allows, otherwise JSON.

    A path is made absolute: the session may be run from another folder.
    """
    field: Any = model.model_fields[name].annotation
    if text.lower() == NONE and type(None) in get_args(field):
        return None
    if bare_type(field) == tuple[str, ...] and not text.startswith("["):
        parts = () if text.lower() == NONE else text.split(";")
        return tuple(part.strip() for part in parts if part.strip())
    # Limits are looked at later, for all parameters together.
    adapter: TypeAdapter[Any] = TypeAdapter(bare_type(field))
    try:
        value = adapter.validate_python(text)
    except ValidationError:
        value = adapter.validate_python(json.loads(text))
    return value.absolute() if isinstance(value, Path) else value


def print_preview(
    store: Store, step: StepRecord, changes: dict[str, Any], branch: str | None = None
) -> None:
    """Print what a change would make run again."""
    registry = Registry()
    workflow = with_parameters(session_workflow(store, branch), registry, step.name, changes)
    preview_ = preview(store, registry, workflow, branch)
    for name, value in changes.items():
        old = value_words(step.parameters.get(name))
        print(f"{step.name}.{name}: {old} -> {value_words(value)}")
    if not preview_.steps:
        print("nothing would run: the step has these values now")
        return
    print_costs(store, preview_)
    for selection in preview_.selections:
        print(*selection_lines(selection), sep="\n")
