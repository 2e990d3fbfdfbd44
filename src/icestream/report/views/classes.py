"""The 2D classes of a session as of any of their updates, and why each is taken or left out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from icestream.model import Classes, type_name
from icestream.protocol import Protocol, Registry, UnknownProtocol
from icestream.protocols.select_classes import (
    SelectClasses,
    SelectClassesParameters,
    choice_words,
)
from icestream.store import queries
from icestream.store.current import Branch
from icestream.store.items import Known, items_of
from icestream.store.open import Store
from icestream.store.records import ResultRecord, StepRecord

__all__ = [
    "ChosenUpdate",
    "ClassRow",
    "ClassUpdate",
    "ClassesView",
    "chosen_update",
    "classes_in",
    "classes_view",
    "classifying_steps",
    "place_of",
    "places_in_order",
]

_CLASSES = type_name(Classes)
_MOST_UPDATES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassUpdate:
    """One snapshot of a classification."""

    update: int
    """Number of the snapshot, from 1."""
    result: int
    """Number of the result that it is."""
    finished: float
    """Seconds since the epoch."""
    particles: int
    """Classified so far."""
    classes: int
    """That have particles."""
    best: float | None
    """Å: resolution of the best class; None where none can be told."""


@dataclass(frozen=True, slots=True)
class ChosenUpdate:
    """One update, and all that there are."""

    record: ResultRecord
    classes: Classes
    updates: tuple[ClassUpdate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One class."""

    number: int
    """It keeps it from update to update; what people type."""
    place: int
    """In the stack of averages, from 0."""
    particles: int
    share: float
    """Of all classified particles, 0 to 1."""
    resolution: float | None
    """Å; None where it cannot be told."""
    score: float
    """Higher looks more like a particle."""
    selected: bool | None
    """Whether it is taken; None where nobody has judged."""
    junk: bool
    """Whether it was judged and left out."""
    why: str
    """Why it is taken or left out, in words; empty where that is not known."""
    parent: int | None
    """Number of the class that it was split from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesView:
    """All classes of one update."""

    step: str
    result: int
    port: str
    update: int
    updates: tuple[ClassUpdate, ...]
    """All that there are, the oldest first."""
    finished: float
    particles: int
    box: int
    """Pixels along a side of an average."""
    pixel_size: float
    """Å per pixel of an average."""
    diameter: float | None
    """Å, of the mask; None where nobody has said it."""
    chooser: str
    """Step that chose among them; empty where none has."""
    chosen: int
    """Classes that are taken."""
    chosen_particles: int
    """Particles in them."""
    classes: tuple[ClassRow, ...]
    """The most populated first; those without particles are left out."""


def classifying_steps(store: Store, branch: Branch = None) -> tuple[StepRecord, ...]:
    """Steps of a branch that make 2D classes from many exposures, in order."""
    return tuple(
        step
        for step in queries.steps(store, branch=branch)
        if step.kind == "batch" and _CLASSES in _made(store, step.name, branch)
    )


def _made(store: Store, step: str, branch: Branch) -> Sequence[str]:
    newest = queries.latest_results(store, step, limit=1, branch=branch)
    return tuple(newest[0].types.values()) if newest else ()


def classes_view(
    store: Store,
    registry: Registry,
    known: Known,
    *,
    step: str | None = None,
    update: int | None = None,
    branch: Branch = None,
) -> ClassesView:
    """The classes of a step as of an update.

    Parameters
    ----------
    store
        The session's.
    registry
        Where the protocols come from; they say by what classes are chosen.
    known
        Types of items.
    step
        Name of the step; the last one that makes classes by default.
    update
        Number of the snapshot; the newest by default.
    branch
        The adopted one by default.

    Raises
    ------
    LookupError
        If there are no classes yet, or no such step or update.
    """
    found = chosen_update(store, known, step=step, update=update, branch=branch)
    record, classes, updates = found.record, found.classes, found.updates
    port = classes_in(store, record, known)[0]
    chooser, judged, words = _judged(store, registry, known, found, branch)
    rows = tuple(_rows(judged or classes, words))
    taken = [row for row in rows if row.selected]
    return ClassesView(
        step=record.step,
        result=record.id,
        port=port,
        update=classes.iteration,
        updates=updates,
        finished=record.finished,
        particles=classes.particles,
        box=classes.box,
        pixel_size=classes.pixel_size,
        diameter=classes.diameter if classes.diameter > 0 and classes.diameter_known else None,
        chooser=chooser,
        chosen=len(taken),
        chosen_particles=sum(row.particles for row in taken),
        classes=rows,
    )


def chosen_update(
    store: Store,
    known: Known,
    *,
    step: str | None = None,
    update: int | None = None,
    branch: Branch = None,
) -> ChosenUpdate:
    """One update of the classes of a step; arguments and errors are those of `classes_view`."""
    if step is None:
        steps = classifying_steps(store, branch)
        if not steps:
            raise LookupError("this session has no 2D classes yet")
        step = steps[-1].name
    else:
        queries.step(store, step, branch=branch)  # says which there are
    records = queries.latest_results(store, step, limit=_MOST_UPDATES, branch=branch)
    found = [(record, _classes(store, record, known)) for record in records]
    there = [(record, classes) for record, classes in found if classes is not None]
    if not there:
        raise LookupError(f"step {step} has no 2D classes yet")
    updates = tuple(_update(record, classes) for record, classes in there)
    for record, classes in reversed(there):
        if update in (None, classes.iteration):
            return ChosenUpdate(record, classes, updates)
    known_updates = ", ".join(str(one.update) for one in updates)
    raise LookupError(f"no update {update} of the 2D classes of {step}: there are {known_updates}")


def _classes(store: Store, record: ResultRecord, known: Known) -> Classes | None:
    items = items_of(store, record, known).values()
    return next((item for item in items if isinstance(item, Classes)), None)


def classes_in(store: Store, record: ResultRecord, known: Known) -> tuple[str, Classes]:
    """Port and classes of a result; LookupError where it holds none."""
    for port, item in items_of(store, record, known).items():
        if isinstance(item, Classes):
            return port, item
    raise LookupError(f"result {record.id} of {record.step} holds no 2D classes")


def _update(record: ResultRecord, classes: Classes) -> ClassUpdate:
    resolution = np.asarray(classes.resolution)
    told = resolution[(resolution > 0) & (np.asarray(classes.counts) > 0)]
    return ClassUpdate(
        update=classes.iteration,
        result=record.id,
        finished=record.finished,
        particles=classes.particles,
        classes=int(np.count_nonzero(np.asarray(classes.counts) > 0)),
        best=float(told.min()) if len(told) else None,
    )


def _judged(
    store: Store,
    registry: Registry,
    known: Known,
    update: ChosenUpdate,
    branch: Branch,
) -> tuple[str, Classes | None, Sequence[str]]:
    """Which step has judged these classes, what came of it, and why of each class."""
    record, given = update.record, update.classes
    workflow = queries.workflow(store, branch=branch)
    steps = {step.name: step for step in workflow.steps}
    for link in workflow.links:
        if link.source != record.step:
            continue
        for result in reversed(
            queries.latest_results(store, link.step, limit=_MOST_UPDATES, branch=branch)
        ):
            classes = _classes(store, result, known)
            same = classes is not None and classes.averages == given.averages
            if classes is not None and same and classes.selected is not None:
                return link.step, classes, _why(registry, steps[link.step], classes)
    return "", None, ()


def _why(registry: Registry, step: StepRecord, classes: Classes) -> Sequence[str]:
    """Of each class why it is taken or not, where the step that judged is known to say it."""
    with suppress(UnknownProtocol, ValidationError):
        kind: type[Protocol[Any]] = registry.get(step.protocol)
        if issubclass(kind, SelectClasses):
            wanted = kind.parameters_type().model_validate(dict(step.changed))
            assert isinstance(wanted, SelectClassesParameters)
            return choice_words(classes, wanted)
    return ()


def places_in_order(classes: Classes) -> list[int]:
    """Places in the stack of the classes that have particles, the most populated first."""
    counts = np.asarray(classes.counts)
    order = np.argsort(-counts, kind="stable").tolist()
    return [place for place in order if counts[place] > 0]


def _rows(classes: Classes, words: Sequence[str]) -> Iterator[ClassRow]:
    counts = np.asarray(classes.counts)
    total = max(float(counts.sum()), 1.0)
    for place in places_in_order(classes):
        number = place + 1 if classes.numbers is None else int(classes.numbers[place])
        resolution = float(classes.resolution[place])
        selected = None if classes.selected is None else bool(classes.selected[place])
        parents = classes.parents
        parent = 0 if parents is None or number > len(parents) else int(parents[number - 1])
        yield ClassRow(
            number=number,
            place=place,
            particles=round(float(counts[place])),
            share=float(counts[place]) / total,
            resolution=resolution if resolution > 0 else None,
            score=float(classes.score[place]),
            selected=selected,
            junk=selected is False,
            why=words[place] if place < len(words) else "",
            parent=parent or None,
        )


def place_of(classes: Classes, number: int) -> int:
    """Place in the stack of the class with a number; LookupError says which there are."""
    count = len(classes.counts)
    numbers = list(range(1, count + 1)) if classes.numbers is None else classes.numbers
    places: Mapping[int, int] = {int(one): place for place, one in enumerate(numbers)}
    if number not in places:
        there = ", ".join(str(one) for one in places)
        raise LookupError(f"no class {number} in update {classes.iteration}: there are {there}")
    return places[number]
