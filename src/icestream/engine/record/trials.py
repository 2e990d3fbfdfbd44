"""A change that is to be tried: the workflow it makes, the exposures it is for, what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from icestream.engine.graph.differences import Difference, differences
from icestream.engine.graph.workflow import Workflow
from icestream.engine.record.revisions import (
    Preview,
    base_workflow,
    changed_workflow,
    preview,
)
from icestream.engine.record.sampling import ChosenSample, choose_sample
from icestream.engine.record.workflows import session_workflow
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import Store

__all__ = ["SAMPLE", "PlannedChange", "plan_trial"]

SAMPLE = 20
"""Exposures that a change is tried on, when nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """What would be tried."""

    base: str
    """Name of the branch that it begins from."""
    workflow: Workflow
    differences: tuple[Difference, ...]
    """What is otherwise than in the base."""
    sample: ChosenSample | None
    """The exposures that it would be for; None: all."""
    preview: Preview


def plan_trial(
    store: Store,
    registry: Registry,
    *,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    workflow: Workflow | None = None,
    base: str | None = None,
    count: int | None = SAMPLE,
) -> PlannedChange:
    """Say what trying a change would do, without changing anything.

    Parameters
    ----------
    store
        The session's.
    registry
        Where protocols are found.
    changes
        New values of parameters, by step.
    workflow
        Another workflow; that of `base` by default.
    base
        Name of the branch to begin from; the adopted one by default.
    count
        How many exposures to choose for it; None for all.

    Raises
    ------
    LookupError
        If the session has not been started, there is no such branch or step, nothing would be
        changed, or no exposure has come to what is changed.
    InvalidWorkflow
        If what is asked cannot run, with everything that is wrong.
    pydantic.ValidationError
        If the parameters are not valid, with all that is wrong.
    """
    session_workflow(store)  # says when it has not been started
    if count is not None and count < 1:
        raise LookupError(f"a change cannot be tried on {count} exposures; at least 1, or all")
    called = base or queries.session(store).branch
    with store.read() as connection:
        old = base_workflow(connection, called)
    document = None if workflow is None else workflow.to_document()
    new = changed_workflow(old, registry, changes=changes or {}, document=document)
    differing = differences(old, new, registry)
    if not differing:
        raise LookupError(f"nothing would be changed: {called} has these values now")
    preview(store, registry, new, called)  # says what cannot run before anything is chosen
    changed = list(dict.fromkeys(difference.step for difference in differing))
    sample = choose_sample(store, called, (old, new), changed, count) if count is not None else None
    names = None if sample is None else sample.exposures
    return PlannedChange(
        base=called,
        workflow=new,
        differences=differing,
        sample=sample,
        preview=preview(store, registry, new, called, sample=names),
    )
