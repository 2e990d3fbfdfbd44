"""What a change would do, before it is made: work, exposures gained and lost, room."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from icestream.engine.graph.differences import Difference, differences
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import Workflow
from icestream.engine.machine.lock import SessionBusy, hold, holder
from icestream.engine.record.awaited import awaited
from icestream.engine.record.cleaning import Holding, clean, holdings
from icestream.engine.record.light import JudgedItems
from icestream.engine.record.revisions import Preview, PreviewStep, preview, preview_selection
from icestream.engine.record.set_by_people import standing_workflow
from icestream.engine.record.trials import SAMPLE, plan_trial
from icestream.engine.record.turned import Medians, Turned
from icestream.engine.record.workflows import session_workflow
from icestream.protocol import Registry
from icestream.report.difference_words import (
    cost_lines,
    difference_lines,
    sample_words,
    selection_lines,
)
from icestream.server.access import Staff, Viewer
from icestream.server.changes import changed, placed, questions, read_workflow, refuse
from icestream.server.context import ThisServer
from icestream.server.errors import Problem, Refused
from icestream.server.named_files import refuse_outside
from icestream.server.sessions import AskedBranch, OpenStore, ThisSession
from icestream.store import queries
from icestream.store.open import Store, open_store
from icestream.store.standing import undoing

__all__ = ["router"]

router = APIRouter(tags=["previews"])

_NAMED = 200
"""Exposures gained or lost that are named; all are counted."""

Changes = dict[str, dict[str, JsonValue]]


class AskedChange(BaseModel):
    """A change of a workflow: new values by step, or another workflow, or both."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    changes: Changes = Field(default_factory=dict)
    """New values of parameters, by step."""
    workflow: dict[str, JsonValue] | None = None
    """Another workflow; that of the branch when not given."""


class AskedTrial(AskedChange):
    """A change that is to be tried beside what runs."""

    base: str | None = None
    """The branch to begin from; the adopted one when not given."""
    exposures: Annotated[int, Field(ge=1)] | None = SAMPLE
    """On how many; null: on all, also those to come."""


class AskedLimits(BaseModel):
    """New limits of one selection."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    step: str
    """Name of the selection."""
    changes: dict[str, JsonValue]
    """New values of its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GainsAndLosses:
    """What a change of one selection would do to the exposures that it has judged."""

    step: str
    judged: int
    accepted: int
    """Before the change."""
    accepted_after: int
    gained: int
    lost: int
    gained_names: tuple[str, ...]
    """A few hundred of them at most."""
    lost_names: tuple[str, ...]
    unknown: int
    """Exposures that could not be judged anew."""
    particles: int
    """Of the accepted ones, before the change."""
    particles_lost: int
    particles_gained: float
    """As many as accepted exposures have on average: the others' were never cut out."""
    medians: tuple[Medians, ...]
    """Of the qualities that the selection limits, of what is kept, gained and lost."""
    words: tuple[str, ...]
    """The same for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """When a change would be done, if it were made now."""

    runs: bool
    """Whether a process runs the session now: else nothing is done before one does."""
    cores: float | None
    """That the session has, or had when it last ran; null: no process has run it so far."""
    alone: float | None
    """Seconds on all of them."""
    before: float
    """Core seconds of what waits already."""
    until: float | None
    """When all would be done, with what still comes, seconds since the epoch; null: not known, or
    not within two days."""
    without: float | None
    """The same if the change is not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCost:
    """What a change would make run again."""

    steps: tuple[PreviewStep, ...]
    removed: tuple[str, ...]
    """Steps that would be taken out; what they made stays."""
    selections: tuple[GainsAndLosses, ...]
    tasks: int
    exposures: int
    """At the step where most would run again."""
    seconds: float
    """Estimated core seconds of all."""
    bytes: float
    unknown: tuple[str, ...]
    """Steps of which nobody knows how long they take."""
    changes: tuple[str, ...]
    """What would be otherwise, for people."""
    wait: Wait
    """When it would be done."""
    words: tuple[str, ...]
    """What it costs and when it would be done, for people."""
    doubts: tuple[Problem, ...]
    """Values that are hardly meant, or have no effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTrial:
    """A change that would be tried."""

    base: str
    sample: tuple[str, ...] | None
    """The exposures that were chosen for it; None: all."""
    of: int | None
    """Of how many they were chosen."""
    words: str
    """How they were chosen, for people."""
    cost: ChangeCost


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """What comes back when the last change is taken back."""

    branch: str
    until: float
    """When it was changed, seconds since the epoch."""
    who: str
    """Who changed it; empty for a workflow that was given when the session was run."""
    back: Mapping[str, int]
    """Results that come back without running, by step."""
    cost: ChangeCost


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPreview:
    """What each revision holds on disk, and what of it nothing needs."""

    holdings: tuple[Holding, ...]
    results: int
    """That can be removed."""
    bytes: int
    busy: str
    """Who runs the session, so that nothing can be removed now; empty when nobody does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What was removed."""

    bytes: int


@router.post("/sessions/{id}/workflow/preview")
def preview_change(
    asked: AskedChange, store: OpenStore, branch: AskedBranch, server: ThisServer, _: Viewer
) -> ChangeCost:
    """What a change would make run again, for how many exposures, and about how long."""
    old = session_workflow(store, branch)
    named = old if asked.workflow is None else read_workflow(asked.workflow)
    refuse_outside(server, named, asked.changes, known=old)
    new = changed(named, server.registry, asked.changes)
    return _cost(store, server.registry, (old, new), branch)


@router.post("/sessions/{id}/limits/preview")
def preview_limits(
    asked: AskedLimits,
    entry: ThisSession,
    store: OpenStore,
    branch: AskedBranch,
    server: ThisServer,
    _: Viewer,
) -> GainsAndLosses:
    """Which exposures new limits of a selection would let through, and which they would not.

    The first question about a selection reads all that it has judged; those after it are fast
    enough for a slider.
    """
    step = queries.step(store, asked.step, branch=branch)
    if step.kind != "selection":
        raise Refused(422, f"{asked.step} is no selection, but {step.kind}: it has no limits")
    old = session_workflow(store, branch)
    refuse_outside(server, old, {asked.step: asked.changes}, known=old)
    new = changed(old, server.registry, {asked.step: asked.changes})
    refuse(placed(validate(new, server.registry)), "these limits cannot be")
    kept = server.one(LimitPreviews, lambda _: LimitPreviews()).of(entry.folder)
    with kept.turn:
        found = preview_selection(store, server.registry, new, asked.step, branch, kept=kept)
    return _turned(found)


@router.post("/sessions/{id}/branches/preview")
def preview_trial(
    asked: AskedTrial, store: OpenStore, server: ThisServer, _: Viewer
) -> PlannedTrial:
    """What trying a change would do: on which exposures, how they were chosen, and the cost."""
    registry = server.registry
    old = session_workflow(store, asked.base)
    named = None if asked.workflow is None else read_workflow(asked.workflow)
    refuse_outside(server, named or old, asked.changes, known=old)
    new = changed(named or old, registry, asked.changes)
    refuse(placed(validate(new, registry)), "the workflow cannot run")
    trial = plan_trial(store, registry, workflow=new, base=asked.base, count=asked.exposures)
    sample = trial.sample
    return PlannedTrial(
        base=trial.base,
        sample=None if sample is None else sample.exposures,
        of=None if sample is None else sample.of,
        words=sample_words(sample),
        cost=_told(store, trial.preview, trial.differences, (old, new), registry),
    )


@router.get("/sessions/{id}/branches/{name}/adopt/preview")
def preview_adoption(name: str, store: OpenStore, server: ThisServer, _: Viewer) -> ChangeCost:
    """What would run when a branch is adopted for all exposures."""
    pair = session_workflow(store), session_workflow(store, name)
    return _cost(store, server.registry, pair, None)


@router.get("/sessions/{id}/alerts/{alert}/offer/preview")
def preview_offer(alert: int, store: OpenStore, server: ThisServer, _: Viewer) -> ChangeCost:
    """What would run when that is done which an alert offers."""
    raised = queries.alerts(store, open_only=False)
    offer = next((one.offer for one in raised if one.id == alert and one.offer), None)
    if offer is None:
        raise Refused(404, f"no alert {alert} with an offer in this session")
    old = session_workflow(store)
    new = changed(old, server.registry, {offer["step"]: offer["changes"]})
    return _cost(store, server.registry, (old, new), None)


@router.get("/sessions/{id}/undo/preview")
def preview_undo(store: OpenStore, server: ThisServer, _: Viewer) -> UndoPreview | None:
    """What comes back when the last change is taken back; null where there is none."""
    try:
        target = undoing(store)
    except LookupError:
        return None
    old, new = session_workflow(store), standing_workflow(store, target)
    told = preview(store, server.registry, new)
    return UndoPreview(
        branch=target.branch,
        until=target.until,
        who=target.who,
        back={step.name: step.kept for step in told.steps if step.kept},
        cost=_told(
            store, told, differences(old, new, server.registry), (old, new), server.registry
        ),
    )


@router.get("/sessions/{id}/clean/preview")
def preview_cleaning(
    entry: ThisSession,
    store: OpenStore,
    _: Viewer,
    branch: Annotated[
        str | None, Query(description="What this branch alone holds, and nothing else.")
    ] = None,
) -> CleanPreview:
    """What each step and revision holds on disk, and what of it nothing needs any more."""
    found = holdings(store, branch)
    return CleanPreview(
        holdings=found,
        results=sum(holding.removable_results for holding in found),
        bytes=sum(holding.removable for holding in found),
        busy=holder(entry.folder),
    )


@router.post("/sessions/{id}/clean")
def clean_session(
    entry: ThisSession,
    person: Staff,
    branch: Annotated[
        str | None, Query(description="What this branch alone holds, and nothing else.")
    ] = None,
) -> Cleaned:
    """Remove what nothing needs any more; no process may run the session."""
    try:
        with hold(entry.folder):
            store = open_store(entry.folder, upgrade=False)
            try:
                return Cleaned(bytes=clean(store, person.name, branch))
            finally:
                store.close()
    except SessionBusy as error:
        raise Refused(409, str(error), "end it first, or wait until it is done") from None


class LimitPreviews:
    """What selections have judged, of the sessions whose limits people try."""

    _MOST = 2
    """Sessions of which it is kept: it takes a few kilobytes for each exposure."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._sessions: OrderedDict[Path, JudgedItems] = OrderedDict()

    def of(self, folder: Path) -> JudgedItems:
        """That of a session."""
        with self._turn:
            kept = self._sessions.setdefault(folder, JudgedItems())
            self._sessions.move_to_end(folder)
            while len(self._sessions) > self._MOST:
                self._sessions.popitem(last=False)
            return kept

    def close(self) -> None:
        """Forget all."""
        self._sessions.clear()


def _cost(
    store: Store, registry: Registry, pair: tuple[Workflow, Workflow], branch: str | None
) -> ChangeCost:
    """What bringing a branch from one workflow to another would cost."""
    old, new = pair
    refuse(placed(validate(new, registry)), "the workflow cannot run")
    told = preview(store, registry, new, branch)
    return _told(store, told, differences(old, new, registry), pair, registry)


def _told(
    store: Store,
    told: Preview,
    found: tuple[Difference, ...],
    pair: tuple[Workflow, Workflow],
    registry: Registry,
) -> ChangeCost:
    old, new = pair
    now = time.time()
    wait = awaited(store, told, now)
    return ChangeCost(
        steps=told.steps,
        removed=told.removed,
        selections=tuple(map(_turned, told.selections)),
        tasks=told.tasks,
        exposures=told.exposures,
        seconds=told.seconds,
        bytes=told.bytes,
        unknown=told.unknown,
        changes=tuple(difference_lines(found, new, registry)),
        wait=Wait(
            runs=wait.runs,
            cores=wait.cores,
            alone=wait.alone,
            before=wait.before,
            until=wait.then.until,
            without=wait.now.until,
        ),
        words=tuple(cost_lines(told, wait, now)),
        doubts=tuple(questions(new, registry, old)),
    )


def _turned(found: Turned) -> GainsAndLosses:
    return GainsAndLosses(
        step=found.step,
        judged=found.judged,
        accepted=found.accepted,
        accepted_after=found.accepted + len(found.gained) - len(found.lost),
        gained=len(found.gained),
        lost=len(found.lost),
        gained_names=found.gained[:_NAMED],
        lost_names=found.lost[:_NAMED],
        unknown=found.unknown,
        particles=found.particles,
        particles_lost=found.particles_lost,
        particles_gained=found.particles_gained,
        medians=found.medians,
        words=tuple(line.strip() for line in selection_lines(found)),
    )
