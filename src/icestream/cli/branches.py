"""`icestream branches`, `drop`, `undo`: the changes that are tried beside what runs."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.carried import Run, carried
from icestream.cli.difference_words import print_costs
from icestream.cli.terminal import print_json
from icestream.engine.graph.differences import differences
from icestream.engine.record.listing import ListedBranch, list_branches
from icestream.engine.record.revisions import preview
from icestream.engine.record.set_by_people import standing_workflow
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.models import DropBranch, Undo
from icestream.protocol import Registry
from icestream.report.difference_words import difference_lines, size_words
from icestream.store.open import Store, open_store
from icestream.store.standing import undoing

__all__ = ["branches", "drop", "undo"]


def branches(session: Path, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List a session's branches: who made each, when, what is otherwise in it, how far it is.

    Parameters
    ----------
    session
        The session's folder.
    json
        For programs.
    """
    registry = Registry()
    with closing(open_store(session, readonly=True)) as store:
        found = list_branches(store, registry)
        if json:
            print_json([dataclasses.asdict(branch) for branch in found])
            return
        for branch in found:
            print(*_lines(store, registry, branch), sep="\n")


def _lines(store: Store, registry: Registry, branch: ListedBranch) -> Iterator[str]:
    """One branch, as people read it."""
    record = branch.record
    state = "adopted" if record.adopted else _STATES[record.state]
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.created))
    whose = f" by {record.who}" if record.who else ""
    base = f" from {record.base}" if record.base else ""
    which = "all exposures" if record.sample is None else f"{record.sample} exposures"
    yield f"{record.name}: {state}, for {which}, made{base} {when}{whose}"
    if record.adopted:
        return
    workflow = session_workflow(store, record.name)
    said = list(difference_lines(branch.differences, workflow, registry))
    yield from (f"  {line}" for line in said)
    if not said:
        yield "  as the adopted one"
    failed = f", {branch.failed} failed" if branch.failed else ""
    held = "" if branch.bytes is None else f"; {size_words(branch.bytes)} that only it holds"
    yield f"  {branch.ended} of {branch.tasks} tasks of its own done{failed}{held}"


_STATES = {"active": "tried", "resting": "rests", "dropped": "dropped"}
"""What the states of a branch that is not adopted are called."""


def drop(session: Path, name: str, /, *, why: str = "") -> int:
    """Try a branch no more. What it made stays until icestream clean removes it.

    Parameters
    ----------
    session
        The session's folder.
    name
        Name of the branch.
    why
        Kept with your name and the time.
    """
    return carried(session, DropBranch(name=name, why=why), run=False)


def undo(
    session: Path,
    /,
    *,
    only_say: Annotated[bool, Parameter(name="--preview", negative="")] = False,
    run: Run = False,
    why: str = "",
) -> int:
    """Take back the last change: of a parameter, of the workflow, or that a branch was adopted.

    What was there before comes back, days later, too; results that were not cleaned up come back
    without running. Once more, it takes back the change before.

    Parameters
    ----------
    session
        The session's folder.
    only_say
        Only say what comes back, and what would have to run.
    run
        Where no process runs the session, run it now until that is done.
    why
        Kept with your name and the time.
    """
    registry = Registry()
    with closing(open_store(session, readonly=True)) as store:
        target = undoing(store)
        workflow = standing_workflow(store, target)
        then = time.strftime("%Y-%m-%d %H:%M", time.localtime(target.until))
        whose = f" by {target.who}" if target.who else ""
        print(f"back to {target.branch} as it was before the change of {then}{whose}:")
        found = differences(session_workflow(store), workflow, registry)
        print(*difference_lines(found, workflow, registry), sep="\n")
        told = preview(store, registry, workflow)
        back = ", ".join(f"{step.kept} of {step.name}" for step in told.steps if step.kept)
        if back:
            print(f"results that come back without running: {back}")
        if any(step.tasks or (step.gathers and not step.kept) for step in told.steps):
            print_costs(store, told)
        if only_say:
            return 0
    return carried(session, Undo(why=why), run=run)
