"""The workflow as people set it, without what a session taught itself.

A monitor may offer parameters, and have them adopted at once: a diameter, templates among the
session's own classes. They are right for this session, and mean nothing to another one. Which they
are is told by the events: each change of a step says who made it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.workflow import Output, Step, Workflow
from icestream.engine.record.workflows import session_workflow
from icestream.store import queries
from icestream.store.open import Store
from icestream.store.records import EventRecord, StandingRecord

__all__ = ["kept_since", "standing_workflow", "workflow_set_by_people"]

PAGE = 1000
Values = Mapping[str, Any]
_KINDS = (
    "step.added",
    "step.revised",
    "alert.adopted",
    "branch.created",
    "branch.adopted",
    "epoch.started",
)
_ABSENT = object()
"""In the place of a value that is not set, but left to its default."""


@dataclass(slots=True)
class _Settings:
    """Parameters of a step in a branch: as they are, and as those set them who are asked about."""

    actual: Values = field(default_factory=dict)
    people: Values = field(default_factory=dict)

    def changed(self, to: Values, *, by_people: bool) -> "_Settings":
        """What follows from a change: people set what is otherwise than before, no more."""
        if not by_people:
            return _Settings(to, self.people)
        people = {}
        for name in {**self.people, **self.actual, **to}:
            before, now = self.actual.get(name, _ABSENT), to.get(name, _ABSENT)
            value = self.people.get(name, _ABSENT) if now == before else now
            if value is not _ABSENT:
                people[name] = value
        return _Settings(to, people)


def workflow_set_by_people(
    store: Store, branch: str | None = None, *, standing: StandingRecord | None = None
) -> Workflow:
    """The workflow of a session, with each parameter as a person set it last.

    What a monitor had adopted by itself is what it was before, and a file in the session's own
    folder is not named, whoever chose it: elsewhere it would not be there. Nor is it said below
    which folders steps read, which are those of a server here.

    Parameters
    ----------
    store
        The session's.
    branch
        Name of a branch; the adopted one by default.
    standing
        As it was before a change, in the place of what the branch is now.

    Raises
    ------
    LookupError
        If the session has not been started, or has no such branch.
    """
    if standing is not None:
        workflow, called = standing_workflow(store, standing), standing.branch
    else:
        workflow = session_workflow(store, branch)
        called = branch or queries.session(store).branch
    # A session that was moved names its files by where they were.
    folders = {store.folder} | {
        Path(epoch.folder) for epoch in queries.epochs(store) if epoch.folder
    }
    told = _replay(store, folders, float("inf") if standing is None else standing.until)
    steps = []
    for step in workflow.steps:
        settings = told.get((called, step.name), _Settings()).changed(
            step.parameters, by_people=True
        )
        own = {
            name: value for name, value in settings.people.items() if not _is_inside(value, folders)
        }
        # In the order in which they are set now.
        order = [*(name for name in step.parameters if name in own), *own]
        set_ = {name: own[name] for name in dict.fromkeys(order)}
        said_by = {name: who for name, who in step.said_by.items() if name in set_}
        steps.append(replace(step, parameters=set_, said_by=said_by, within=None))
    return replace(workflow, steps=tuple(steps))


def kept_since(store: Store, workflow: Workflow) -> Workflow:
    """A workflow that a session is run with again, with what was set since it was run with it.

    Where the workflow says of a parameter what it said when the session was last run with a
    workflow, or what the parameter was when the session was last run, the parameter stays as it is
    now, by whatever request; where it says something else, that counts. So a file that took up what
    a person had set takes back nothing that the person sets later.
    """
    now = {step.name: step for step in session_workflow(store).steps}
    given, run_with = _given(store)
    steps = []
    for step in workflow.steps:
        known = now.get(step.name)
        if known is None or step.name not in given or known.protocol != step.protocol:
            steps.append(step)
            continue
        merged = {}
        for name in {**known.parameters, **step.parameters}:
            said = step.parameters.get(name, _ABSENT)
            same = any(said == then[step.name].get(name, _ABSENT) for then in (given, run_with))
            value = known.parameters.get(name, _ABSENT) if same else said
            if value is not _ABSENT:
                merged[name] = value
        # Whoever names other files on the command line may name any.
        same_files = _texts(merged) == _texts(known.parameters)
        within = known.within if same_files else step.within
        before, now_said = known.parameters, step.said_by
        said_by = {
            name: who
            for name in merged
            if (
                who := (
                    known.said_by if before.get(name, _ABSENT) == merged[name] else now_said
                ).get(name)
            )
        }
        steps.append(replace(step, parameters=merged, said_by=said_by, within=within))
    return replace(workflow, steps=tuple(steps))


def _texts(values: Values) -> Values:
    """Those of some values that may name files."""
    return {name: value for name, value in values.items() if isinstance(value, str | list | tuple)}


def _given(store: Store) -> tuple[dict[str, Values], dict[str, Values]]:
    """Parameters of each step of the adopted branch, as a workflow and no request said them.

    And those with which the session was last run, whoever had said them.
    """
    told: dict[tuple[str, str], _Settings] = {}
    run_with: dict[str, Values] = {}
    bases: dict[str, str] = {}
    adopted = "main"
    for event in _events(store):
        said, branch = event.document, event.document.get("branch", "main")
        if event.kind == "epoch.started":
            run_with = {name: values.actual for (of, name), values in told.items() if of == adopted}
        elif event.kind == "branch.created":
            bases[branch] = said.get("base") or adopted
        elif event.kind == "branch.adopted":
            adopted = branch
        elif event.kind in ("step.added", "step.revised"):
            before = told.get((branch, event.step), _Settings())
            by_people = not said.get("who")
            if event.kind == "step.added":
                changed = _changed_at(store, event.step, int(said.get("revision", 1)))
                # What a branch was made with, a request said, and not the workflow of its base.
                base = None if by_people else told.get((bases.get(branch, ""), event.step))
                before, by_people = base or before, base is None
            else:
                changed = said["changed"]
            told[branch, event.step] = before.changed(changed, by_people=by_people)
            if branch == adopted and (by_people or event.step not in run_with):
                run_with[event.step] = changed
    given = {name: one.people for (branch, name), one in told.items() if branch == adopted}
    return given, run_with


def standing_workflow(store: Store, standing: StandingRecord) -> Workflow:
    """The workflow that made the results that stand, with all parameters that were set."""
    record = queries.workflow(store, branch=standing)
    inputs: dict[str, dict[str, tuple[Output, ...]]] = {step.name: {} for step in record.steps}
    for link in record.links:
        ports = inputs[link.step]
        ports[link.port] = (*ports.get(link.port, ()), Output(link.source, link.source_port))
    return Workflow(
        name=record.name,
        steps=tuple(
            Step(
                name=step.name,
                protocol=step.protocol,
                parameters=dict(step.changed),
                inputs=inputs[step.name],
                said_by=step.said_by,
                within=step.within,
            )
            for step in sorted(record.steps, key=lambda step: step.id)
        ),
    )


def _replay(
    store: Store, folders: Collection[Path], until: float
) -> dict[tuple[str, str], _Settings]:
    """Settings by (branch, step), from the events since the session began, `until` some time."""
    events = [event for event in _events(store) if event.time < until]
    taught = _taught(events, folders)
    told: dict[tuple[str, str], _Settings] = {}
    adopted = "main"
    for event in events:
        said, branch = event.document, event.document.get("branch", "main")
        if event.kind == "branch.adopted":
            adopted = branch
        elif event.kind == "step.added":
            # A branch begins as what it was made from; what is otherwise, people set.
            before = told.get((branch, event.step)) or told.get((adopted, event.step), _Settings())
            changed = _changed_at(store, event.step, int(said.get("revision", 1)))
            told[branch, event.step] = before.changed(changed, by_people=True)
        elif event.kind == "step.revised":
            before = told.get((branch, event.step), _Settings())
            by_people = event.seq not in taught
            told[branch, event.step] = before.changed(said["changed"], by_people=by_people)
    return told


def _taught(events: Sequence[EventRecord], folders: Collection[Path]) -> set[int]:
    """Numbers of the changes that are the session's own, and not what a person wants elsewhere.

    A monitor made them, which asked for what its own alert offers; or a person adopted an offer
    that names the session's own files, which is nothing without them.
    """
    adopted = [event for event in events if event.kind == "alert.adopted"]
    monitors = {event.step for event in adopted if event.document["who"] == event.step}
    revised = [event for event in events if event.kind == "step.revised"]
    taught = {event.seq for event in revised if event.document["who"] in monitors}
    for event in adopted:
        offer, who = event.document.get("offer"), event.document["who"]
        if offer and _is_inside(list(offer["changes"].values()), folders):
            # The change is said first, then that it was an offer.
            made = [
                earlier.seq
                for earlier in revised
                if earlier.seq < event.seq
                and (earlier.step, earlier.document["who"]) == (offer["step"], who)
            ]
            taught.update(made[-1:])
    return taught


def _changed_at(store: Store, step: str, number: int) -> Values:
    revisions = {revision.number: revision for revision in queries.revisions(store, step)}
    return revisions[number].changed if number in revisions else {}


def _events(store: Store) -> Iterator[EventRecord]:
    after = 0
    while page := queries.events(store, after=after, limit=PAGE, kinds=_KINDS):
        yield from page
        after = page[-1].seq


def _is_inside(value: Any, folders: Collection[Path]) -> bool:
    """Whether a value is, or holds, the name of a file in one of the folders."""
    if isinstance(value, str):
        path = Path(value)
        return path.is_absolute() and any(path.is_relative_to(folder) for folder in folders)
    if isinstance(value, list | tuple):
        return any(_is_inside(item, folders) for item in value)
    return False
