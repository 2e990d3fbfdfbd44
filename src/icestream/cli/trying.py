"""`icestream try`: a change beside what runs, on a few exposures or on all."""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.carried import Run, carried
from icestream.cli.change import InvalidChange, Placed, read_changes
from icestream.cli.difference_words import print_costs
from icestream.cli.terminal import called
from icestream.engine.graph.plan import parameters_of
from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.engine.record.trials import SAMPLE, PlannedChange, plan_trial
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.commands import command
from icestream.engine.requests.models import CreateBranch, read_request
from icestream.protocol import Registry
from icestream.protocol.describe import without_effect
from icestream.report.difference_words import difference_lines, sample_words, selection_lines
from icestream.store import queries
from icestream.store.open import Store, open_store

__all__ = ["try_", "words_by_step"]

Flag = Annotated[bool, Parameter(negative="")]


def try_(  # noqa: PLR0913 - each option is one thing that may be said of it
    session: Path,
    name: str,
    /,
    *words: str,
    exposures: int = SAMPLE,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    workflow: str | None = None,
    base: str | None = None,
    only_say: Annotated[bool, Parameter(name="--preview", negative="")] = False,
    run: Run = False,
    why: str = "",
    as_given: Flag = False,
) -> int:
    """Try a change beside what runs, on a few exposures: a branch of its own, with a name.

    Nothing that is there changes. icestream compare shows old and new side by side; icestream
    adopt takes it for all, icestream drop ends it. Only what depends on the change runs.

    Parameters
    ----------
    session
        The session's folder.
    name
        What to call it, such as wide.
    words
        A step and what to set there: ctf defocus_max=5; more steps after it, if you like.
    exposures
        How many to try it on; they are chosen over the whole range of quality.
    all_
        Try it on all exposures, also those to come.
    workflow
        A workflow file with steps that are new, replaced, linked otherwise, or left out.
    base
        Name of the branch to begin from; the adopted one by default.
    only_say
        Only say what would run, for which exposures, how long that takes, and how much room.
    run
        Where no process runs the session, run it now until that is done.
    why
        Kept with your name and the time; icestream history shows it.
    as_given
        Take unusual values as they are, without asking.
    """
    registry = Registry()
    with closing(open_store(session, readonly=True)) as store:
        request = read_request({"verb": "branch", "name": name, "base": base, "why": why})
        given = None if workflow is None else load_workflow(workflow)
        placed = session_workflow(store, base) if given is None else given
        changes = _changes(placed, registry, words, as_given=as_given)
        trial = plan_trial(
            store,
            registry,
            changes=changes,
            workflow=given,
            base=base,
            count=None if all_ else exposures,
        )
        if any(branch.name == name for branch in queries.branches(store)):
            raise LookupError(f"there is a branch {name!r} already; choose another name")
        _tell(store, trial, registry)
        if only_say:
            return 0
    assert isinstance(request, CreateBranch)
    asked = request.model_copy(
        update={
            "changes": changes,
            "workflow": None if given is None else given.to_document(),
            "base": trial.base,
            "exposures": None if trial.sample is None else trial.sample.exposures,
        }
    )
    code = carried(session, CreateBranch.model_validate(asked.model_dump()), run=run)
    if code == 0:
        with closing(open_store(session, readonly=True)) as store:
            print(f"compare it with: {command(store, 'compare', name, program=called())}")
    return code


def words_by_step(words: Sequence[str]) -> dict[str, list[str]]:
    """Words such as ``ctf defocus_max=5 pick diameter=180``, by the step that they are of.

    Raises
    ------
    InvalidChange
        If a value comes before any step.
    """
    found: dict[str, list[str]] = {}
    step = ""
    for word in words:
        if "=" not in word:
            step = word
            found.setdefault(step, [])
        elif not step:
            raise InvalidChange(f"{word!r}: say first of which step, such as ctf {word}")
        else:
            found[step].append(word)
    return found


def _changes(
    workflow: Workflow, registry: Registry, words: Sequence[str], *, as_given: bool
) -> dict[str, dict[str, Any]]:
    """New values of parameters by step; all are checked."""
    changes = {}
    for name, values in words_by_step(words).items():
        step = workflow.step(name)
        protocol = registry.get(step.protocol)
        _, parameters = parameters_of(protocol, step.parameters)
        model = protocol.parameters_type()
        placed = Placed(name, step.protocol, parameters, step.parameters)
        changes[name] = read_changes(model, placed, tuple(values), as_given=as_given)
        for sentence in without_effect(name, model, {**step.parameters, **changes[name]}):
            print(f"icestream: {sentence}", file=sys.stderr)
    return changes


def _tell(store: Store, trial: PlannedChange, registry: Registry) -> None:
    """Say what would be otherwise, for which exposures, and what it costs."""
    print(*difference_lines(trial.differences, trial.workflow, registry), sep="\n")
    print(sample_words(trial.sample))
    print_costs(store, trial.preview)
    for selection in trial.preview.selections:
        if trial.sample is None:
            print(*selection_lines(selection), sep="\n")
