"""How near programs come to the truth, where it is known: of simulated sessions, beside the movies.

Of a long session some exposures are looked at, evenly spread, so that what it costs does not grow
with it; each result is read once.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from sqlalchemy import select

from icestream.documents import read_json
from icestream.model import Ctf, Micrograph, Picks, from_document, safe_file_name, type_name
from icestream.report.follow import Follower
from icestream.report.table import ExposureTable
from icestream.report.trends import rounded
from icestream.simulator.accuracy import ctf_errors, motion_errors, picks_errors
from icestream.simulator.truth import ExposureTruth, read_truth, truth_folder
from icestream.store import tables as t
from icestream.store.current import Branch, current
from icestream.store.open import Store

__all__ = ["Accuracy", "ErrorSpread", "ErrorsOfSteps"]

_MOST = 200
"""Exposures that are looked at."""
_AT_ONCE = 25
"""Results that are read with one question."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """What an error is called, in which unit it is shown, and which way is better."""

    title: str
    unit: str
    scale: float = 1.0
    better: str = "low"


_FIGURES: Mapping[str, _Figure] = {
    "track": _Figure("Error of the track", "Å"),
    "field": _Figure("Error over the field", "Å"),
    "defocus": _Figure("Error of the defocus", "Å"),
    "astigmatism": _Figure("Error of the astigmatism", "Å"),
    "recall": _Figure("Particles found", "%", 100.0, "high"),
    "precision": _Figure("Picks that are particles", "%", 100.0, "high"),
}
_KINDS = {type_name(kind): kind for kind in (Micrograph, Ctf, Picks)}

Errors = Mapping[str, float]
"""Of one result, by the name of a figure; empty where nothing can be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSpread:
    """How an error lies over exposures, in the unit of screens."""

    name: str
    title: str
    unit: str
    better: str
    """low or high."""
    count: int
    """Exposures of which it is known."""
    low: float | None
    """A quarter of them lies below."""
    median: float | None
    high: float | None
    """A quarter of them lies above."""
    worst: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsOfSteps:
    """What the truth says of some steps that did the same."""

    exposures: int
    """Of which the truth is known, and the results of all steps that made any."""
    looked_at: int
    """Exposures that were looked at: all, or some of a long session."""
    spreads: Mapping[str, tuple[ErrorSpread, ...]]
    """By step, over those exposures."""


class Accuracy:
    """Reads the truth about a session's exposures, and each result once."""

    def __init__(self) -> None:
        self._errors: dict[int, Errors] = {}
        """By result."""
        self._truths: dict[str, ExposureTruth | None] = {}
        self._folder: Path | None = None
        self._size = 0
        self.complete = True
        """Whether all results that were asked for could be read in time."""

    def judge(
        self, follower: Follower, steps: Sequence[str], deadline: float
    ) -> ErrorsOfSteps | None:
        """What the truth says of what steps made; None where no truth is known.

        Parameters
        ----------
        follower
            What is known of the session.
        steps
            Their names; they make the same of the same exposures.
        deadline
            By the monotonic clock; what is not read then is left for the next time.
        """
        self.complete = True
        names = _sample(follower.table)
        if not names or self._truth_folder(follower.store, names[0]) is None:
            return None
        made = _made(follower.store, steps, names, follower.beside)
        self._read(follower.store, made, deadline)
        told: dict[str, dict[str, Errors]] = {
            step: {
                exposure: errors
                for exposure, result in results.items()
                if (errors := self._errors.get(result))
            }
            for step, results in made.items()
        }
        some = [set(errors) for errors in told.values() if errors]
        common = set.intersection(*some) if some else set()
        return ErrorsOfSteps(
            exposures=len(common),
            looked_at=len(names),
            spreads={
                step: tuple(_spreads([errors[name] for name in sorted(common)]))
                for step, errors in told.items()
                if errors
            },
        )

    def _truth_folder(self, store: Store, exposure: str) -> Path | None:
        """Where the truth is, if there is any: beside a folder that the movie lies below."""
        if self._folder is None:
            if exposure != safe_file_name(exposure):
                return None  # the simulator calls none so, and it could lead anywhere
            for file in _origins(store, exposure):
                for parent in file.parents[:-1]:
                    if (truth_folder(parent) / f"{exposure}.json").is_file():
                        self._folder = truth_folder(parent)
                        self._size = _size_of(self._folder)
                        return self._folder
        return self._folder

    def _read(self, store: Store, made: Mapping[str, Mapping[str, int]], deadline: float) -> None:
        wanted = {
            result: exposure
            for results in made.values()
            for exposure, result in results.items()
            if result not in self._errors
        }
        ids = sorted(wanted)
        for first in range(0, len(ids), _AT_ONCE):
            if time.monotonic() > deadline:
                self.complete = False
                return
            some = ids[first : first + _AT_ONCE]
            columns = (t.result.c.id, t.result.c.document, t.result.c.types)
            with store.read() as connection:
                rows = connection.execute(select(*columns).where(t.result.c.id.in_(some))).all()
            for row in rows:
                self._errors[row.id] = self._errors_of(wanted[row.id], row.document, row.types)

    def _errors_of(self, exposure: str, document: str, types: str) -> Errors:
        truth = self._truth_of(exposure)
        if truth is None:
            return {}
        for port, name in json.loads(types).items():
            if name in _KINDS:
                try:
                    item = from_document(_KINDS[name], json.loads(document)[port])
                except ValidationError:  # of another version
                    return {}
                found = self._judge(item, truth)
                return {key: value for key, value in found.items() if np.isfinite(value)}
        return {}

    def _judge(self, item: Any, truth: ExposureTruth) -> Errors:
        if isinstance(item, Ctf):
            return ctf_errors(item, truth)
        if isinstance(item, Micrograph):
            # Frames that were added up on reading are not those that the truth tells of.
            moved = item.motion if item.eer_grouping == 1 else None
            return {} if moved is None else motion_errors(moved, truth)
        return picks_errors(item, truth, self._size) if self._size else {}

    def _truth_of(self, exposure: str) -> ExposureTruth | None:
        if exposure not in self._truths:
            try:
                assert self._folder is not None
                self._truths[exposure] = read_truth(self._folder / f"{exposure}.json")
            except (OSError, ValueError, KeyError, TypeError):
                self._truths[exposure] = None
        return self._truths[exposure]


def _sample(table: ExposureTable) -> list[str]:
    """Names of some exposures: every one, every second, every fourth ... as it needs be.

    Those of a longer session are among those of a shorter one.
    """
    stride = 1
    while len(table) > stride * _MOST:
        stride *= 2
    return table.names[::stride]


def _made(
    store: Store, steps: Sequence[str], names: Sequence[str], branch: Branch
) -> dict[str, dict[str, int]]:
    """Which result each step has of each of some exposures."""
    found: dict[str, dict[str, int]] = {step: {} for step in steps}
    with store.read() as connection:
        members = current(connection, branch)
        chosen = (
            select(members.c.name.label("step"), t.subject.c.name, t.task.c.result_id)
            .select_from(members)
            .join(t.task, t.task.c.revision_id == members.c.revision_id)
            .join(t.subject, t.subject.c.id == t.task.c.subject_id)
            .where(members.c.name.in_(list(steps)), t.task.c.state == "done")
            .where(t.subject.c.kind == "exposure", t.subject.c.family == "")
            .where(t.subject.c.name.in_(list(names)), t.task.c.result_id.is_not(None))
        )
        for row in connection.execute(chosen):
            found[row.step][row.name] = row.result_id
    return found


def _origins(store: Store, exposure: str) -> Iterator[Path]:
    """The files that a source took in for an exposure."""
    chosen = (
        select(t.result.c.document)
        .select_from(t.subject)
        .join(t.task, t.task.c.subject_id == t.subject.c.id)
        .join(t.revision, t.revision.c.id == t.task.c.revision_id)
        .join(t.result, t.result.c.id == t.task.c.result_id)
        .where(t.subject.c.kind == "exposure", t.subject.c.family == "")
        .where(t.subject.c.name == exposure, t.revision.c.kind == "source")
        .limit(4)
    )
    with store.read() as connection:
        documents = [json.loads(text) for text in connection.execute(chosen).scalars()]
    for document in documents:
        for item in document.values():
            if isinstance(item, Mapping) and isinstance(path := item.get("path"), str):
                yield Path(path)


def _size_of(folder: Path) -> int:
    """Pixels along each side of the movies of a simulated session; 0 where that is not known."""
    try:
        return int(read_json((folder / "session.json").read_bytes())["size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _spreads(errors: Sequence[Errors]) -> Iterator[ErrorSpread]:
    for name, figure in _FIGURES.items():
        values = np.array([one[name] for one in errors if name in one]) * figure.scale
        if len(values):
            low, median, high = np.percentile(values, [25, 50, 75])
            worst = values.max() if figure.better == "low" else values.min()
            yield ErrorSpread(
                name=name,
                title=figure.title,
                unit=figure.unit,
                better=figure.better,
                count=len(values),
                low=rounded(float(low)),
                median=rounded(float(median)),
                high=rounded(float(high)),
                worst=rounded(float(worst)),
            )
